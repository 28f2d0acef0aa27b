"""The chunk table: every row through decoder and encoder, cut and with bytes behind."""

import zlib

import pytest

from hep import HepPacket, Quirk, decode3, encode3
from hep.chunks import CHUNKS, OWN_CHUNKS, TABLES, VENDORS, ChunkType, Kind, read_value
from support.hep_wire import chunk, packet, sip_packet, start

NUMBERS = sorted(CHUNKS)
KEPT = [number for number in NUMBERS if not CHUNKS[number].field]
CASES = [(n, width) for n in NUMBERS for width in CHUNKS[n].widths or (3,)]


def sample(row: ChunkType, width: int) -> bytes:
    """A value of this width that no quirk rule changes."""
    return bytes(range(1, width + 1)) if row.kind is not Kind.OCTETS else b"abc"


def test_the_table_is_the_specification_of_revision_37() -> None:
    """Every generic chunk is there, by number and width."""
    widths = {number: row.widths for number, row in CHUNKS.items()}

    assert {n for n, w in widths.items() if not w} == {14, 15, 16, 17, 19, 34, 36, 37, 38, 41}
    assert {n for n, w in widths.items() if w == (1,)} == {1, 2, 11, 23, 24}
    assert {n for n, w in widths.items() if w == (2,)} == {7, 8, 13, 18, 22, 32, 33, 39, 40}
    assert {n for n, w in widths.items() if w == (4,)} == {3, 4, 9, 10, 35}
    assert {n for n, w in widths.items() if w == (16,)} == {5, 6}
    assert (widths[12], widths[20], widths[21]) == ((4, 2), (8, 6), (8, 6))


def test_rows_stand_under_their_own_number_and_fill_real_fields() -> None:
    """A field that the packet lacks would be lost without a word."""
    for vendor, table in TABLES.items():
        assert vendor in VENDORS
        for number, row in table.items():
            assert row.number == number
            assert not row.field or hasattr(HepPacket(), row.field)


@pytest.mark.parametrize("number", KEPT)
def test_a_chunk_without_field_is_kept_and_written_back(number: int) -> None:
    """What the packet has no field for passes through unchanged."""
    row = CHUNKS[number]
    value = sample(row, (row.widths or (3,))[0])

    found = decode3(sip_packet(b"", chunk(0, number, value)))

    assert found.extra == ((0, number, value),)
    assert chunk(0, number, value) in encode3(found)


@pytest.mark.parametrize(("number", "width"), CASES)
def test_read_value_reads_every_accepted_width(number: int, width: int) -> None:
    """Numbers are numbers in each width of the table."""
    row = CHUNKS[number]
    value = sample(row, width)

    name, read = read_value(0, number, value)

    assert name == row.name
    assert read == (int.from_bytes(value, "big") if row.kind is Kind.UINT else value)


def test_read_value_keeps_what_the_table_does_not_know() -> None:
    """An odd width stays bytes, an unknown chunk is named by its numbers."""
    assert read_value(0, 18, b"\1") == ("vlan", b"\1")
    assert read_value(8, 0x80, b"c-1") == ("conversation_id", b"c-1")
    assert read_value(3, 101, b"{}") == ("3:101", b"{}")


FIELDS: dict[int, list[tuple[bytes, object]]] = {
    1: [(b"\x0a", 10), (b"\x02", 2)],
    2: [(b"\x84", 132)],
    3: [(b"\xc0\0\2\1", b"\xc0\0\2\1")],
    4: [(b"\xc0\0\2\1", b"\xc0\0\2\1")],
    5: [(b"\x20" * 16, b"\x20" * 16)],
    6: [(b"\x20" * 16, b"\x20" * 16)],
    7: [(b"\x13\xc4", 5060)],
    8: [(b"\x13\xc5", 5061)],
    9: [(b"\x65\x53\xf1\0", 1_700_000_000_000_000)],
    10: [(b"\0\0\0\x19", 0)],
    11: [(b"\x64", 100)],
    12: [(b"\0\1\x11\x70", 70_000), (b"\x01\2", 258)],
    14: [(b"key", b"key"), (b"", b"")],
    15: [(b"text", b"text"), (b"", b"")],
    16: [(zlib.compress(b"text"), b"text"), (b"", b"")],
    17: [(b"c-1", b"c-1")],
    19: [(b"node", b"node")],
}


@pytest.mark.parametrize("number", [n for n in NUMBERS if CHUNKS[n].field])
def test_a_chunk_with_field_fills_it(number: int) -> None:
    """Each accepted width is read, and nothing of it stays in extra."""
    for value, expected in FIELDS[number]:
        found = decode3(packet(chunk(0, number, value)))

        assert getattr(found, CHUNKS[number].field) == expected
        assert found.extra == ()


@pytest.mark.parametrize(
    ("number", "value"), [(1, b"\0\2"), (7, b"\1"), (9, b"\1\2"), (12, b"\1\2\3"), (5, b"\1" * 4)]
)
def test_a_field_of_odd_width_is_kept_unread(number: int, value: bytes) -> None:
    """A value that cannot be read is neither guessed nor a reason to lose the packet."""
    found = decode3(packet(*start(), chunk(0, number, value)))

    assert found.quirks & Quirk.ODD_WIDTH
    assert found.extra == ((0, number, value),)
    assert found.source_port == 5060


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("vendor", [1, 3, 0xFFFF])
def test_a_chunk_of_another_vendor_is_never_read_as_generic(vendor: int, number: int) -> None:
    """Equal numbers of different vendors are different things."""
    value = sample(CHUNKS[number], (CHUNKS[number].widths or (3,))[0])

    found = decode3(sip_packet(b"x", chunk(vendor, number, value)))

    assert found.extra == ((vendor, number, value),)
    assert (found.source_port, found.payload, found.node_id) == (5060, b"x", 7)


def test_our_chunks_fill_their_fields() -> None:
    """Ingest's annotations come back as they were written."""
    values = {
        1: (1_700_000_000_000_001).to_bytes(8, "big"),
        2: b"\xc0\0\2\3\x23\x64",
        3: b"one@example.org",
        4: b"\2\0\0\0\x08",
        16: b"o" * 16,
        17: (7).to_bytes(8, "big"),
        18: (6).to_bytes(8, "big"),
    }
    # The mark of a report needs no field: few packets have one, and it comes back as it is.
    assert set(values) == set(OWN_CHUNKS) - {5}

    found = decode3(sip_packet(b"x", *(chunk(0x4853, n, v) for n, v in values.items())))

    assert found.received_at_us == 1_700_000_000_000_001
    assert (found.peer, found.routing_key) == (values[2], values[3])
    assert (found.version, found.quirks) == (2, 8)
    assert (found.origin, found.seq, found.ack) == (b"o" * 16, 7, 6)
    assert decode3(encode3(found)) == found
