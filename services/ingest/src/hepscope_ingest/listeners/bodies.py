"""HEP packets out of an HTTP body or a WebSocket message, and the auth key that came beside them.

Both are delimited, unlike a stream: HEP3 packets back to back, with garbage between them skipped
as on a stream; or one packet of any kind that a datagram may hold (HEP 1 and 2, gzipped).
"""

from collections.abc import Iterable
from typing import NamedTuple

from hep import DecodeError, Reason, StreamDecoder
from hep.chunks import ALTERNATIVE_MAGIC, AUTH_KEY, HEAD_BYTES, MAGIC, MAX_PACKET_BYTES, chunk

_MAGICS = (MAGIC, ALTERNATIVE_MAGIC)
_BEARER = b"bearer "


class Cut(NamedTuple):
    """What a body was cut into."""

    packets: list[bytes]
    skipped_bytes: int
    failure: Reason | None
    """Why the rest of the body holds no packet; those before it count."""


def cut(body: bytes) -> Cut:
    """Return the packets of a body; a last one that is not whole is the failure."""
    decoder = StreamDecoder()
    packets: list[bytes] = []
    failure = None
    try:
        packets = decoder.feed(body)
        if decoder.failure is not None:
            failure = decoder.failure.reason
    except DecodeError as error:
        failure = error.reason
    rest = body[len(body) - decoder.buffered :]
    if rest.startswith(_MAGICS):
        failure = Reason.TRUNCATED
    if not packets and failure is not Reason.TRUNCATED and len(body) <= MAX_PACKET_BYTES:
        # Intake knows more kinds of packets, and more names for what is none.
        return Cut([body], 0, None)
    if not packets and failure is None:
        failure = Reason.NOT_HEP
    return Cut(packets, decoder.skipped_bytes + (0 if failure else len(rest)), failure)


def key_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """Return the key of ``X-Hep-Auth``, else of ``Authorization: Bearer``; None without both."""
    found = {name.lower(): value for name, value in headers}
    own = found.get(b"x-hep-auth")
    if own is not None:
        return own
    bearer = found.get(b"authorization", b"")
    return bearer[len(_BEARER) :].strip() if bearer.lower().startswith(_BEARER) else None


def with_key(packet: bytes, key: bytes | None) -> bytes:
    """Return a framed HEP3 packet with this key, which then counts; others have no room for one."""
    if key is None or not packet.startswith(_MAGICS):
        return packet
    total = len(packet) + HEAD_BYTES + len(key)
    if total > MAX_PACKET_BYTES:
        return packet
    return packet[:4] + total.to_bytes(2, "big") + packet[6:] + chunk(0, AUTH_KEY, key)
