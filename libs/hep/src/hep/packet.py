"""The HEP packet: one captured message and who saw it, whatever version carried it.

Times are microseconds since the Unix epoch (UTC), 0 = not sent. Addresses are packed, 4 or
16 bytes, b"" = not said. The class is not frozen: at 60,000 packets a second a frozen
dataclass costs more than the decoding of its bytes.
"""

from dataclasses import dataclass
from enum import IntFlag

FAMILY_UNKNOWN = 0
FAMILY_IPV4 = 2
FAMILY_IPV6 = 10


class Quirk(IntFlag):
    """Deviations from the specification that were tolerated, and how they were read.

    The numbers travel on the bus (vendor chunk 0x4853:4), so they are never reused.
    """

    TRUNCATED = 1 << 0
    TRAILING_BYTES = 1 << 1
    ODD_WIDTH = 1 << 2
    NODE_ID_SWAPPED = 1 << 3
    BIG_ENDIAN_TIME = 1 << 4
    TIME_CARRY = 1 << 5
    NO_TIME = 1 << 6
    TRAILING_NULS = 1 << 7
    JSON_UNWRAPPED = 1 << 8
    TYPE_GUESSED = 1 << 9
    FAMILY_GUESSED = 1 << 10
    GZIPPED_FRAME = 1 << 11
    INFLATED = 1 << 12
    HEADER_LENGTH = 1 << 13
    SHORT_TIME_HEADER = 1 << 14


MEANINGS = {
    Quirk.TRUNCATED: "a length points past the end; what fits was kept",
    Quirk.TRAILING_BYTES: "bytes after the total length were ignored",
    Quirk.ODD_WIDTH: "a chunk of unexpected width was kept unread",
    Quirk.NODE_ID_SWAPPED: "chunk 12 holds a 16-bit id in its upper half; moved down",
    Quirk.BIG_ENDIAN_TIME: "HEP 2 time was big-endian",
    Quirk.TIME_CARRY: "microseconds of a second or more were carried over",
    Quirk.NO_TIME: "no capture time was sent",
    Quirk.TRAILING_NULS: "NUL bytes behind a HEP 1 or 2 payload were cut",
    Quirk.JSON_UNWRAPPED: "SIP was taken out of a JSON object",
    Quirk.TYPE_GUESSED: "the protocol type was told from the payload",
    Quirk.FAMILY_GUESSED: "the address family was told from the addresses or the header length",
    Quirk.GZIPPED_FRAME: "the whole frame was gzipped",
    Quirk.INFLATED: "the payload came compressed (chunk 16)",
    Quirk.HEADER_LENGTH: "the header length of HEP 1 or 2 does not match its family",
    Quirk.SHORT_TIME_HEADER: "the HEP 2 payload follows 10 bytes of time header instead of 12",
}


@dataclass(slots=True)
class HepPacket:
    """One packet, as read: quirks undone, payload inflated and unwrapped.

    Chunks without a field of their own are in extra as (vendor, type, value), in wire order,
    and are written back by encode3.
    """

    version: int = 3
    family: int = FAMILY_IPV4
    ip_protocol: int = 17
    source: bytes = b""
    destination: bytes = b""
    source_port: int = 0
    destination_port: int = 0
    time_us: int = 0
    protocol_type: int = 1
    node_id: int = 0
    payload: bytes = b""
    node_name: bytes = b""
    correlation_id: bytes = b""
    auth_key: bytes | None = None
    raw_node_id: int = 0
    received_at_us: int = 0
    peer: bytes = b""
    routing_key: bytes = b""
    origin: bytes = b""
    seq: int | None = None
    ack: int | None = None
    quirks: int = 0
    extra: tuple[tuple[int, int, bytes], ...] = ()
