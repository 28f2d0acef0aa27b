"""What to do about each reason for which ingest refuses a packet.

The words of a screen and of ``hepscope doctor`` alike. Reasons are those of ``hep.Reason`` and of
ingest's rules; a test holds the table complete.
"""

from collections.abc import Mapping
from typing import Final

ADVICE: Final[Mapping[str, str]] = {
    "empty": "Something sends empty datagrams: a port scan or a keep-alive of a firewall.",
    "not_hep": "What comes is no HEP: point an agent, not SIP or a browser, at this port.",
    "raw_sip": "SIP came without HEP around it. Kamailio: set hep_mode_on to 1.",
    "protobuf": "The sender speaks protobuf. heplify 1.x: leave -protobuf out.",
    "truncated": "Packets arrive cut: send by TCP, or let fragments through the firewall.",
    "bad_length": "Chunks lie about their length: update the agent.",
    "bad_family": "The address family is neither 4 nor 6: update the agent.",
    "bad_value": "A chunk holds what its type cannot: update the agent.",
    "inflate": "A compressed payload cannot be read: turn compression off in the agent.",
    "too_large": "The packet is longer than HEP allows: something else speaks to this port.",
    "auth_key": "Set the agent's key to one of ingest.auth_keys, or add its key there.",
    "rate_limit": "The sender exceeds ingest.rate_limit: raise it, or send less.",
    "no_payload": "Packets without payload: a ping of the agent, or a broken one.",
    "connection_limit": "More connections than ingest.tcp_connections: raise it.",
    "cut_at_close": "A sender went away within a packet: look at its log, or at the network.",
    "idle": "Silent connections are closed after ingest.tcp_idle_seconds: set it to 0.",
    "tls_on_plain": "A sender speaks TLS to a port without: use an address of ingest.tls.",
    "plain_on_tls": "A sender speaks without TLS to a port of TLS: use an address of ingest.tcp.",
    "tls_handshake": "The TLS handshake fails: give the agent the certificate or its CA.",
    "bad_request": "An HTTP request that is none of ours: POST /hep, or WebSocket at /ws.",
    "origin": "A web page sends: name its site in ingest.http_origins.",
    "network": "The address may not send: ingest.rules.allowed_networks, denied_networks.",
    "node_key": "Set the node's key to one of its own in ingest.rules.node_keys.",
    "node_rate_limit": "The node exceeds its limit in ingest.rules: raise it, or send less.",
    "protocol_type": "This type is kept out by ingest.rules.allowed_types or denied_types.",
    "payload_size": "Longer than ingest.rules.max_payload_bytes: raise it.",
    "method": "SIP of this method is discarded by ingest.rules.discard_methods.",
    "field_rule": "A rule of drop matched, or none of keep: ingest.rules.",
    "duplicate": "The same message came twice within ingest.rules.dedup_ms: one agent too many.",
}

BY_CHOICE: Final = frozenset({"protocol_type", "payload_size", "method", "field_rule", "duplicate"})
"""Refusals that somebody wished for: no fault of the way."""

NOISE: Final = frozenset({"empty", "not_hep", "no_payload", "bad_request", "cut_at_close", "idle"})
"""What any port on a network hears from strangers, without any sender of HEP being wrong."""


def advice(refused: Mapping[str, int]) -> str:
    """Return what to do about the most frequent reason, "" without any."""
    if not refused:
        return ""
    reason = max(sorted(refused), key=lambda one: refused[one])
    return ADVICE.get(reason, "docs/reference/hep.md explains each reason.")


def reasons_text(refused: Mapping[str, int]) -> str:
    """Return ``auth_key 7, not_hep 3``, the most frequent first."""
    ordered = sorted(refused.items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{reason} {count}" for reason, count in ordered)
