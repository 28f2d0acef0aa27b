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
    """A TCP peer went away in the middle of a packet, an HTTP one in the middle of a request."""

    IDLE = "idle"
    """A connection from which nothing came for too long (ingest.tcp_idle_seconds)."""

    TLS_ON_PLAIN = "tls_on_plain"
    """A peer that speaks TLS to a port for plain TCP."""

    PLAIN_ON_TLS = "plain_on_tls"
    """A peer that does not speak TLS to a port for TLS."""

    TLS_HANDSHAKE = "tls_handshake"
    """A TLS peer that did not finish its handshake in time, or whose terms or certificate fail."""

    BAD_REQUEST = "bad_request"
    """An HTTP request or WebSocket message of a form that is not served."""


REASONS: tuple[str, ...] = (*(str(reason) for reason in Reason), *(str(own) for own in Refusal))
"""Every value that the label ``reason`` of refused packets can have."""
