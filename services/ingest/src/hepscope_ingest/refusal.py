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

    ORIGIN = "origin"
    """A browser sent it for a page of a site that http_origins does not name."""

    NETWORK = "network"
    """The peer's address is not allowed (allowed_networks, denied_networks)."""

    NODE_KEY = "node_key"
    """The node has keys of its own and the packet carries none of them (node_keys)."""

    NODE_RATE_LIMIT = "node_rate_limit"
    """The node sent more than its limit allows."""

    PROTOCOL_TYPE = "protocol_type"
    """The setting allowed_types or denied_types keeps this type out."""

    PAYLOAD_SIZE = "payload_size"
    """The payload is longer than max_payload_bytes."""

    METHOD = "method"
    """SIP of a method that is discarded (discard_methods)."""

    FIELD_RULE = "field_rule"
    """A rule of drop matched, or none of those of keep."""

    DUPLICATE = "duplicate"
    """The same message between the same addresses was taken a moment ago (dedup_ms)."""


BY_CHOICE = frozenset(
    {
        Refusal.PROTOCOL_TYPE,
        Refusal.PAYLOAD_SIZE,
        Refusal.METHOD,
        Refusal.FIELD_RULE,
        Refusal.DUPLICATE,
    }
)
"""Refusals that somebody wished for: counted like all others, but no cause for a warning."""

REASONS: tuple[str, ...] = (*(str(reason) for reason in Reason), *(str(own) for own in Refusal))
"""Every value that the label ``reason`` of refused packets can have."""
