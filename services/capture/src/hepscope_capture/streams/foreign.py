"""Streams that are not SIP: told by their first bytes, and then left alone."""

import re
from collections.abc import Sequence
from enum import Enum

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.streams.reader import Reader
from hepscope_capture.streams.start import is_one_message

# TLS record: type, version 3.x, length up to 2^14 + 2048 (RFC 5246 6.2.3).
_TLS = re.compile(rb"[\x14-\x18]\x03[\x00-\x04][\x00-\x48]")
_JSON = re.compile(rb"\s*[\[{]\s*[\"{\[}\]]")
_HEP3 = b"HEP3"
_HTTP = re.compile(rb"[A-Z]{3,16} [^\r\n]{1,8192} HTTP/\d|HTTP/\d(?:\.\d)? \d{3}")

# A stream that was given up is looked at again when a segment begins like this: it was no SIP
# then, but a connection may be upgraded to WebSocket, and a number be used again.
_RECALLING = frozenset(
    (
        b"SIP/", b"ACK ", b"BYE ", b"CANC", b"INFO", b"INVI", b"MESS", b"NOTI", b"OPTI", b"PRAC",
        b"PUBL", b"REFE", b"REGI", b"SUBS", b"UPDA", b"GET ", b"HTTP",
    )
)  # fmt: skip


def is_recalling(payload: bytes) -> bool:
    """Tell whether a segment of a foreign stream is SIP or begins HTTP.

    SIP only as a whole message: other protocols carry it too, and a segment may begin anywhere.
    """
    if payload[:4] not in _RECALLING:
        return False
    return payload.startswith((b"GET ", b"HTTP")) or is_one_message(payload)


class Protocol(Enum):
    """What a stream is, if not SIP."""

    TLS = "tls_streams"
    HTTP = "http_streams"
    JSON = "json_streams"
    OTHER = "other_streams"


def recognise(data: bytes | bytearray, at: int, *, is_beginning: bool) -> Protocol | None:
    """Return the protocol that certainly begins here, None when it may be anything.

    JSON may as well be a SIP body's, unless this is the stream's beginning.
    """
    if _TLS.match(data, at):
        return Protocol.TLS
    if _HTTP.match(data, at):
        return Protocol.HTTP
    if data.startswith(_HEP3, at):
        return Protocol.OTHER
    if is_beginning and _JSON.match(data, at):
        return Protocol.JSON
    return None


class ForeignReader:
    """The reader of a stream that nobody reads."""

    __slots__ = ("held", "is_foreign", "protocol", "successor")

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self.held = 0
        self.successor: Reader | None = None
        self.is_foreign = True

    def read(self, data: bytes, segment: Datagram) -> Sequence[Datagram]:  # noqa: ARG002
        """Read nothing."""
        return ()

    def miss(self, count: int) -> None:
        """Miss nothing."""

    def cut(self, segment: Datagram) -> Sequence[Datagram]:  # noqa: ARG002
        """Have nothing cut."""
        return ()

    def give_up(self) -> None:
        """Hold nothing."""
