"""Why ingest does not take a packet: a closed set, because each value is a metric label."""

from enum import StrEnum

from hep import Reason


class Refusal(StrEnum):
    """Reasons beside those of the decoder (``hep.Reason``)."""

    RATE_LIMIT = "rate_limit"
    """The peer sent more than its limit allows."""

    NO_PAYLOAD = "no_payload"
    """SIP, or no type at all, without payload: a keep-alive, a ping, or a head before garbage."""

    CONNECTION_LIMIT = "connection_limit"
    """A TCP connection beyond the allowed number."""

    CUT_AT_CLOSE = "cut_at_close"
    """A TCP peer went away in the middle of a packet."""


REASONS: tuple[str, ...] = (*(str(reason) for reason in Reason), *(str(own) for own in Refusal))
"""Every value that the label ``reason`` of refused packets can have."""
