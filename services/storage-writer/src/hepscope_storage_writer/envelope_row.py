"""What the rows of SIP messages and of other packets have in common."""

from enum import IntFlag
from typing import Final

from hep import HepPacket
from hep.packet import Quirk
from hepscope_common.bus.protocol import MAX_RECORD_PACKETS
from hepscope_common.store.copy import INDEXED_LIMIT

OUR_QUIRKS: Final = int(Quirk.INFLATED)
"""Deviations that may be our own doing: ingest compresses what would not fit a HEP3 packet."""


class RowFlag(IntFlag):
    """Bits of the column ``flags``. Stored, so their values never change."""

    NOT_TEXT = 1
    PARSE_FAULT = 2
    TIME_REPLACED = 4
    HEP_QUIRK = 8


# Plain integers: arithmetic on members of an enum costs the hot path a microsecond.
NOT_TEXT: Final = int(RowFlag.NOT_TEXT)
_TIME_REPLACED: Final = int(RowFlag.TIME_REPLACED)
_HEP_QUIRK: Final = int(RowFlag.HEP_QUIRK)


def row_id(partition: int, offset: int, index: int) -> int:
    """Return the id of a packet: where it stood on the bus, 10 + 43 + 10 bits.

    Offsets below 2^43 fit: 33 years of 8000 records a second in one partition.
    """
    return partition << 53 | offset << 10 | index


def index_of(identity: int) -> int:
    """Return the index of a packet in its record."""
    return identity & (MAX_RECORD_PACKETS - 1)


def is_text(payload: bytes) -> bool:
    """Whether a payload can be shown as text: valid UTF-8 without NUL."""
    if b"\0" in payload:
        return False
    if payload.isascii():
        return True
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True


def packet_flags(packet: HepPacket, *, is_replaced: bool) -> int:
    """Return the flags that do not depend on what the payload is."""
    flags = 0 if is_text(packet.payload) else NOT_TEXT
    if is_replaced:
        flags |= _TIME_REPLACED
    if packet.quirks & ~OUR_QUIRKS:
        flags |= _HEP_QUIRK
    return flags


def node_text(packet: HepPacket) -> str:
    """Return the node's name, cut, or its id as text; what is not UTF-8 shows as U+FFFD."""
    if packet.node_name:
        name = packet.node_name.decode("utf-8", "replace").replace("\0", "�")
        return name[:INDEXED_LIMIT]
    return str(packet.node_id)
