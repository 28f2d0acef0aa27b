"""Tests of what rows of all packets share."""

import pytest

from hep import HepPacket, Quirk
from hepscope_storage_writer.envelope_row import RowFlag, is_text, node_text, packet_flags, row_id


def test_an_id_holds_partition_offset_and_index() -> None:
    """10, 43 and 10 bits, and the greatest one still fits a bigint."""
    assert row_id(3, 5, 7) == 3 << 53 | 5 << 10 | 7
    assert row_id(1023, (1 << 43) - 1, 1023) == (1 << 63) - 1


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"", True),
        (b"plain", True),
        ("grün".encode(), True),
        (b"nul\0", False),
        (b"\xff", False),
        (b"cut \xc3", False),
    ],
)
def test_text_is_utf8_without_nul(payload: bytes, *, expected: bool) -> None:
    """What PostgreSQL can show as text."""
    assert is_text(payload) is expected


@pytest.mark.parametrize(
    ("packet", "flags"),
    [
        (HepPacket(payload=b"x"), 0),
        (HepPacket(payload=b"\0"), RowFlag.NOT_TEXT),
        (HepPacket(payload=b"x", quirks=Quirk.TIME_CARRY), RowFlag.HEP_QUIRK),
        (HepPacket(payload=b"x", quirks=Quirk.INFLATED), 0),
    ],
)
def test_flags_say_what_is_odd(packet: HepPacket, flags: int) -> None:
    """Compression is no oddity: ingest may have done it."""
    assert packet_flags(packet, is_replaced=False) == flags
    assert packet_flags(packet, is_replaced=True) == flags | RowFlag.TIME_REPLACED


def test_a_node_without_name_is_its_id() -> None:
    """Names win; what is not UTF-8 or holds NUL shows as U+FFFD."""
    assert node_text(HepPacket(node_id=2001)) == "2001"
    assert node_text(HepPacket(node_id=2001, node_name=b"sbc\0\xff")) == "sbc��"


def test_a_long_node_name_is_cut() -> None:
    """It is a primary key, and an index entry over 2.7 kB is an error."""
    assert node_text(HepPacket(node_name=b"n" * 5000)) == "n" * 256
