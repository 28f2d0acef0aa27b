"""HEP 1 and 2: a fixed head and one SIP message, over UDP only.

Version u8, header length u8, family u8, IP protocol u8, ports u16 big-endian, addresses; in
version 2 then seconds u32, microseconds u32, node id u16 in the sender's order (little-endian
everywhere seen) and two bytes of C padding with any content. The header length is not
trusted: Kamailio leaves the time block out (16, 40), sofia-sip counts it in (28, 52), sngrep
writes a byte of something else; it only decides where the family is unknown.
"""

import re
from struct import Struct

from hep.errors import DecodeError, EncodeError, Reason
from hep.packet import FAMILY_IPV4, FAMILY_IPV6, HepPacket, Quirk
from hep.payload import cut_trailing_nuls
from hep.protocols import SIP
from hep.sip import looks_like_sip

_HEAD = Struct("!BBBBHH")
_LITTLE_TIME = Struct("<IIH")
_BIG_TIME = Struct("!IIH")
_PADDED_TIME_BYTES = 12
_SHORT_TIME_BYTES = 10
# AF_INET6 is 10 on Linux, elsewhere: Windows 23, NetBSD and OpenBSD 24, Solaris 26,
# FreeBSD 28, macOS 30.
_IPV6_FAMILIES = frozenset({10, 23, 24, 26, 28, 30})
_FAMILY_BY_HEADER = {16: FAMILY_IPV4, 28: FAMILY_IPV4, 40: FAMILY_IPV6, 52: FAMILY_IPV6}
_ADDRESS_BYTES = {FAMILY_IPV4: 4, FAMILY_IPV6: 16}

_DAY_US = 86_400_000_000
# Capture times before 2000 or, with no arrival to compare with, after 2100 are a wrong reading.
_EARLIEST_US = 946_684_800_000_000
_LATEST_US = 4_102_444_800_000_000

_KNOWN_START = re.compile(
    rb"(?:SIP/2\.0|INVITE|ACK|BYE|CANCEL|OPTIONS|REGISTER|PRACK|UPDATE|INFO|REFER|NOTIFY"
    rb"|SUBSCRIBE|MESSAGE|PUBLISH) "
)


def decode12(data: bytes, received_at_us: int = 0) -> HepPacket:
    """The packet of one HEP 1 or 2 datagram, SIP by definition; time_us is 0 in version 1.

    received_at_us (0 = not known) tells which byte order of the time is right. Raises
    DecodeError: NOT_HEP, TRUNCATED, BAD_FAMILY.
    """
    if not data:
        raise DecodeError(Reason.EMPTY, 0)
    if data[0] not in (1, 2):
        raise DecodeError(Reason.NOT_HEP, 0)
    if len(data) < _HEAD.size:
        raise DecodeError(Reason.TRUNCATED, len(data))
    version, header, sent_family, ip_protocol, sport, dport = _HEAD.unpack_from(data)
    family = _family(sent_family, header)
    width = _ADDRESS_BYTES[family]
    at = _HEAD.size + 2 * width
    if len(data) < at:
        raise DecodeError(Reason.TRUNCATED, len(data))
    packet = HepPacket(
        version=version,
        family=family,
        ip_protocol=ip_protocol,
        source=data[8 : 8 + width],
        destination=data[8 + width : at],
        source_port=sport,
        destination_port=dport,
        protocol_type=SIP,
    )
    if sent_family not in (FAMILY_IPV4, FAMILY_IPV6):
        packet.quirks |= Quirk.FAMILY_GUESSED
    if header not in (at, at + _PADDED_TIME_BYTES * (version - 1)):
        packet.quirks |= Quirk.HEADER_LENGTH
    if version == 2:
        at = _read_time(packet, data, at, received_at_us)
    if not packet.time_us:
        packet.quirks |= Quirk.NO_TIME
    packet.payload = cut_trailing_nuls(data[at:])
    if len(packet.payload) != len(data) - at:
        packet.quirks |= Quirk.TRAILING_NULS
    packet.quirks = int(packet.quirks)
    return packet


def _family(sent: int, header: int) -> int:
    if sent == FAMILY_IPV4:
        return FAMILY_IPV4
    if sent in _IPV6_FAMILIES:
        return FAMILY_IPV6
    if header in _FAMILY_BY_HEADER:
        return _FAMILY_BY_HEADER[header]
    raise DecodeError(Reason.BAD_FAMILY, 2)


def _read_time(packet: HepPacket, data: bytes, at: int, received_at_us: int) -> int:
    """Fill time and node id from the block at this offset; return where the payload starts."""
    if len(data) < at + _SHORT_TIME_BYTES:
        raise DecodeError(Reason.TRUNCATED, len(data))
    seconds, micros, node_id = _LITTLE_TIME.unpack_from(data, at)
    swapped_seconds, swapped_micros, swapped_node_id = _BIG_TIME.unpack_from(data, at)
    if _is_big_endian(seconds, swapped_seconds, received_at_us):
        seconds, micros, node_id = swapped_seconds, swapped_micros, swapped_node_id
        packet.quirks |= Quirk.BIG_ENDIAN_TIME
    if seconds:
        packet.time_us = seconds * 1_000_000 + micros
        packet.quirks |= Quirk.TIME_CARRY if micros > 999_999 else 0
    packet.node_id = packet.raw_node_id = node_id
    if _payload_follows_closely(data, at):
        packet.quirks |= Quirk.SHORT_TIME_HEADER
        return at + _SHORT_TIME_BYTES
    return at + _PADDED_TIME_BYTES


def _is_big_endian(little: int, big: int, received_at_us: int) -> bool:
    """Whether only the big-endian reading makes sense; a doubt is for little-endian."""
    little_us, big_us = little * 1_000_000, big * 1_000_000
    if not little:
        return False
    if received_at_us:
        if abs(little_us - received_at_us) <= _DAY_US:
            return False
        if abs(big_us - received_at_us) <= _DAY_US:
            return True
    latest = received_at_us + _DAY_US if received_at_us else _LATEST_US
    return not _EARLIEST_US <= little_us <= latest and _EARLIEST_US <= big_us <= latest


def _payload_follows_closely(data: bytes, at: int) -> bool:
    padded, short = at + _PADDED_TIME_BYTES, at + _SHORT_TIME_BYTES
    # Dirty padding may look like letters, so a known start behind it wins.
    if _KNOWN_START.match(data, padded):
        return False
    if _KNOWN_START.match(data, short):
        return True
    return looks_like_sip(data[short:]) and not looks_like_sip(data[padded:])


def encode1(packet: HepPacket) -> bytes:
    """The packet as HEP 1, which has no time and no node id. Raises EncodeError BAD_VALUE."""
    return _head(packet, 1) + packet.payload


def encode2(packet: HepPacket) -> bytes:
    """The packet as HEP 2, as Kamailio writes it. Raises EncodeError BAD_VALUE."""
    seconds, micros = divmod(packet.time_us, 1_000_000)
    if not 0 <= packet.node_id <= 0xFFFF:
        raise EncodeError(Reason.BAD_VALUE, "node_id")
    if not 0 <= seconds <= 0xFFFFFFFF:
        raise EncodeError(Reason.BAD_VALUE, "time_us")
    time = _LITTLE_TIME.pack(seconds, micros, packet.node_id)
    return _head(packet, 2) + time + b"\0\0" + packet.payload


def _head(packet: HepPacket, version: int) -> bytes:
    """Head and addresses; the family is that of the addresses, an unknown one is all zero."""
    width = max(len(packet.source), len(packet.destination)) or _ADDRESS_BYTES.get(packet.family, 4)
    addresses = [address or bytes(width) for address in (packet.source, packet.destination)]
    if width not in (4, 16) or any(len(address) != width for address in addresses):
        raise EncodeError(Reason.BAD_VALUE, "address")
    for name in ("ip_protocol", "source_port", "destination_port"):
        value, limit = getattr(packet, name), 0xFF if name == "ip_protocol" else 0xFFFF
        if not 0 <= value <= limit:
            raise EncodeError(Reason.BAD_VALUE, name)
    family = FAMILY_IPV4 if width == 4 else FAMILY_IPV6
    head = _HEAD.pack(
        version,
        _HEAD.size + 2 * width,
        family,
        packet.ip_protocol,
        packet.source_port,
        packet.destination_port,
    )
    return head + b"".join(addresses)
