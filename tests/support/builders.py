"""Builders of test traffic: small SIP messages and HEP packets, through our own encoder."""

import ipaddress

from hep import HepPacket, encode3

BASE_US = 1_795_424_000_000_000
"""2026-11-23 08:53:20 UTC: where built traffic begins unless a test says otherwise."""


def make_request(
    method: str = "INVITE",
    call_id: str = "call-1@example.org",
    *,
    cseq: int = 1,
    from_user: str = "alice",
    to_user: str = "bob",
    to_tag: str = "",
    branch: str = "z9hG4bK-1",
    headers: str = "",
    body: str = "",
) -> bytes:
    """Return a SIP request as a user agent sends it."""
    tag = f";tag={to_tag}" if to_tag else ""
    return (
        f"{method} sip:{to_user}@example.org SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 192.0.2.1:5060;branch={branch}\r\n"
        f"From: <sip:{from_user}@example.org>;tag=from-{call_id[:8]}\r\n"
        f"To: <sip:{to_user}@example.org>{tag}\r\n"
        f"Call-ID: {call_id}\r\n"
        f"CSeq: {cseq} {method}\r\n"
        f"Max-Forwards: 70\r\n"
        f"User-Agent: builder/1\r\n"
        f"{headers}"
        f"Content-Length: {len(body.encode())}\r\n\r\n{body}"
    ).encode()


def make_response(
    status: int,
    reason: str = "",
    method: str = "INVITE",
    call_id: str = "call-1@example.org",
    *,
    cseq: int = 1,
    from_user: str = "alice",
    to_user: str = "bob",
    branch: str = "z9hG4bK-1",
    headers: str = "",
) -> bytes:
    """Return a SIP response to what ``make_request`` gives."""
    return (
        f"SIP/2.0 {status} {reason}\r\n"
        f"Via: SIP/2.0/UDP 192.0.2.1:5060;branch={branch}\r\n"
        f"From: <sip:{from_user}@example.org>;tag=from-{call_id[:8]}\r\n"
        f"To: <sip:{to_user}@example.org>;tag=to-1\r\n"
        f"Call-ID: {call_id}\r\n"
        f"CSeq: {cseq} {method}\r\n"
        f"{headers}"
        f"Content-Length: 0\r\n\r\n"
    ).encode()


def make_packet(
    payload: bytes,
    *,
    time_us: int = BASE_US,
    source: str = "192.0.2.1",
    destination: str = "192.0.2.2",
    source_port: int = 5060,
    destination_port: int = 5060,
    protocol_type: int = 1,
    node_id: int = 7,
    node_name: bytes = b"",
    correlation_id: bytes = b"",
    auth_key: bytes | None = None,
    ip_protocol: int = 17,
    origin: bytes = b"",
    seq: int | None = None,
) -> bytes:
    """Return a HEP3 packet as an agent sends it; with origin and seq, one that numbers it."""
    packed = ipaddress.ip_address(source).packed
    return encode3(
        HepPacket(
            family=2 if len(packed) == 4 else 10,
            ip_protocol=ip_protocol,
            source=packed,
            destination=ipaddress.ip_address(destination).packed,
            source_port=source_port,
            destination_port=destination_port,
            time_us=time_us,
            protocol_type=protocol_type,
            node_id=node_id,
            node_name=node_name,
            correlation_id=correlation_id,
            auth_key=auth_key,
            origin=origin,
            seq=seq,
            payload=payload,
        )
    )


def make_call(call_id: str = "call-1@example.org", *, start_us: int = BASE_US) -> list[bytes]:
    """Return the seven packets of an answered call of ten seconds that the caller ends."""

    def there(payload: bytes, after_us: int) -> bytes:
        return make_packet(payload, time_us=start_us + after_us)

    def back(payload: bytes, after_us: int) -> bytes:
        return make_packet(
            payload, time_us=start_us + after_us, source="192.0.2.2", destination="192.0.2.1"
        )

    second = 1_000_000
    return [
        there(make_request("INVITE", call_id), 0),
        back(make_response(100, "Trying", call_id=call_id), 9),
        back(make_response(180, "Ringing", call_id=call_id), second),
        back(make_response(200, "OK", call_id=call_id), 3 * second),
        there(make_request("ACK", call_id, to_tag="to-1"), 3 * second + 9),
        there(make_request("BYE", call_id, cseq=2, to_tag="to-1", branch="z9hG4bK-2"), 13 * second),
        back(make_response(200, "OK", "BYE", call_id, cseq=2, branch="z9hG4bK-2"), 13 * second + 9),
    ]
