"""Fields of binary COPY, byte by byte; what a server makes of them is an integration test."""

import pytest

from hepscope_common.store import copy

GOLDEN = {
    "a smallint": (copy.int2(-2), "00000002 fffe"),
    "an int": (copy.int4(1), "00000004 00000001"),
    "a bigint": (copy.int8(1), "00000008 0000000000000001"),
    "a real": (copy.real(1.0), "00000004 3f800000"),
    "a time, since 2000": (copy.timestamptz(946_684_800_000_001), "00000008 0000000000000001"),
    "a day, since 2000": (copy.date(946_684_799_999_999), "00000004 ffffffff"),
    "a text": (copy.text("ä"), "00000002 c3a4"),
    "bytes": (copy.bytea(b"\0\xff"), "00000002 00ff"),
    "an IPv4 host": (copy.inet(bytes([192, 0, 2, 1])), "00000008 02 20 00 04 c0000201"),
    "an IPv6 host": (copy.inet(bytes(15) + b"\1"), "00000014 03 80 00 10" + "00" * 15 + "01"),
    "a document": (copy.jsonb({"a": 1}), "00000008 01 7b2261223a317d"),
    "an empty array": (copy.text_array([]), "0000000c 00000000 00000000 00000019"),
    "an array": (
        copy.text_array(["x"]),
        "00000019 00000001 00000000 00000019 00000001 00000001 00000001 78",
    ),
    "the head of a row": (copy.row(3), "0003"),
    "nothing": (copy.NULL, "ffffffff"),
}


@pytest.mark.parametrize("case", GOLDEN)
def test_field_has_its_documented_bytes(case: str) -> None:
    """Each field is an int32 length and the value in network order."""
    field, expected = GOLDEN[case]

    assert field == bytes.fromhex(expected)


REFUSED = {
    "a smallint of 16 bits": copy.int2(0x8000),
    "an int of 32 bits": copy.int4(0x8000_0000),
    "a bigint of 64 bits": copy.int8(1 << 63),
    "a real beyond its range": copy.real(1e39),
    "an address of 5 bytes": copy.inet(b"12345"),
    "an address not known": copy.inet(b""),
}


@pytest.mark.parametrize("case", REFUSED)
def test_value_that_a_column_cannot_hold_is_null(case: str) -> None:
    """A value that does not fit is left out rather than changed."""
    assert REFUSED[case] == copy.NULL


def test_text_is_cut_by_characters_before_it_is_encoded() -> None:
    """The limit counts characters, so that no character is split."""
    assert copy.text("äöü", 2) == bytes.fromhex("00000004") + "äö".encode()


def test_storable_replaces_what_a_text_column_refuses() -> None:
    """NUL and lone surrogates become U+FFFD; everything else stays."""
    assert copy.storable("a\0\udcffb\U0001f600") == "a\ufffd\ufffdb\U0001f600".encode()
