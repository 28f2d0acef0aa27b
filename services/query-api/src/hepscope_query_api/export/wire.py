"""Internet headers around a payload: IPv4, IPv6, UDP, TCP and SCTP, with right checksums.

All big-endian. Lengths are those of the datagram, whatever the link could carry: a capture
file has no MTU. RFC 791, 8200, 768, 9293, 9260.
"""

import struct
from dataclasses import dataclass

UDP = 17
TCP = 6
SCTP = 132

IPV4_HEAD = struct.Struct("!BBHHHBBH4s4s")
IPV6_HEAD = struct.Struct("!IHBB16s16s")
UDP_HEAD = struct.Struct("!HHHH")
TCP_HEAD = struct.Struct("!HHIIBBHHH")
SCTP_HEAD = struct.Struct("!HHII")
SCTP_DATA = struct.Struct("!BBHIHHI")

HOPS = 64
WINDOW = 65535
MAX_UDP_PAYLOAD = 65_507
"""Of IPv4: 65,535 less two heads. What is longer cannot have been one datagram."""

MAX_SEGMENT = 65_475
"""Of TCP over IPv4 with 20 bytes of head each, less room for options readers may assume."""

MAPPED = b"\0" * 10 + b"\xff\xff"
"""Prefix of an IPv4 address in an IPv6 one."""

UNKNOWN_V4 = b"\0" * 4
UNKNOWN_V6 = b"\0" * 16


@dataclass(frozen=True, slots=True, order=True)
class Path:
    """From where to where; both addresses of one family, 4 or 16 bytes."""

    source: bytes
    source_port: int
    destination: bytes
    destination_port: int

    @property
    def back(self) -> "Path":
        """The way back."""
        return Path(self.destination, self.destination_port, self.source, self.source_port)


def path_of(source: bytes, source_port: int, destination: bytes, destination_port: int) -> Path:
    """Return the path between two packed addresses; b"" is unknown and becomes 0.0.0.0 or ::.

    Of two families, the IPv4 address is written as an IPv4-mapped IPv6 one.
    """
    if len(source) == 16 or len(destination) == 16:
        return Path(_as_v6(source), source_port, _as_v6(destination), destination_port)
    return Path(source or UNKNOWN_V4, source_port, destination or UNKNOWN_V4, destination_port)


def _as_v6(address: bytes) -> bytes:
    if not address:
        return UNKNOWN_V6
    return MAPPED + address if len(address) == 4 else address


def udp(path: Path, payload: bytes) -> bytes:
    """Return an IP packet with one datagram."""
    length = UDP_HEAD.size + len(payload)
    head = UDP_HEAD.pack(path.source_port, path.destination_port, length, 0)
    # A sum of 0 says "none", so its other form is sent (RFC 768).
    total = _checksum(_pseudo(path, UDP, length) + head + payload) or 0xFFFF
    return _ip(path, UDP, head[:6] + total.to_bytes(2, "big") + payload)


def tcp(path: Path, payload: bytes, *, seq: int, ack: int, flags: int) -> bytes:
    """Return an IP packet with one segment; seq and ack are taken modulo 2**32."""
    head = TCP_HEAD.pack(
        path.source_port,
        path.destination_port,
        seq & 0xFFFFFFFF,
        ack & 0xFFFFFFFF,
        TCP_HEAD.size // 4 << 4,
        flags,
        WINDOW,
        0,
        0,
    )
    length = len(head) + len(payload)
    total = _checksum(_pseudo(path, TCP, length) + head + payload)
    return _ip(path, TCP, head[:16] + total.to_bytes(2, "big") + head[18:] + payload)


def sctp(path: Path, payload: bytes, *, tsn: int, tag: int) -> bytes:
    """Return an IP packet with one DATA chunk that holds a whole message."""
    chunk = SCTP_DATA.pack(0, 0x03, SCTP_DATA.size + len(payload), tsn, 0, tsn & 0xFFFF, 0)
    chunk += payload + b"\0" * (-len(payload) % 4)
    head = SCTP_HEAD.pack(path.source_port, path.destination_port, tag, 0)
    # CRC32c goes out with its least significant byte first (RFC 9260, appendix A).
    total = crc32c(head + chunk).to_bytes(4, "little")
    return _ip(path, SCTP, head[:8] + total + chunk)


def _ip(path: Path, protocol: int, payload: bytes) -> bytes:
    if len(path.source) == 16:
        head = IPV6_HEAD.pack(6 << 28, len(payload), protocol, HOPS, path.source, path.destination)
        return head + payload
    length = IPV4_HEAD.size + len(payload)
    parts = (0x45, 0, length, 0, 0, HOPS, protocol)
    head = IPV4_HEAD.pack(*parts, 0, path.source, path.destination)
    return IPV4_HEAD.pack(*parts, _checksum(head), path.source, path.destination) + payload


def _pseudo(path: Path, protocol: int, length: int) -> bytes:
    addresses = path.source + path.destination
    if len(path.source) == 16:
        return addresses + struct.pack("!II", length, protocol)
    return addresses + struct.pack("!BBH", 0, protocol, length)


def _checksum(octets: bytes) -> int:
    """Return the Internet checksum (RFC 1071)."""
    padded = octets + b"\0" * (len(octets) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _crc32c_row(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value


_CRC32C = tuple(_crc32c_row(value) for value in range(256))


def crc32c(octets: bytes) -> int:
    """Return the Castagnoli CRC (RFC 3309)."""
    total = 0xFFFFFFFF
    for octet in octets:
        total = total >> 8 ^ _CRC32C[(total ^ octet) & 0xFF]
    return total ^ 0xFFFFFFFF
