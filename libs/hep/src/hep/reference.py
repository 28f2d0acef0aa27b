"""The reference page of HEP chunks and types, as Markdown.

Every table of it is one that the codec works by, so the page cannot tell another story than
the code. It is committed as docs/reference/hep.md and compared in the tests.
"""

from collections.abc import Iterable

from hep.chunks import TABLES, VENDORS, ChunkType
from hep.errors import MEANINGS as REASON_MEANINGS
from hep.packet import MEANINGS as QUIRK_MEANINGS
from hep.protocols import PROTOCOL_TYPES, TRANSPORTS

_INTRODUCTION = """\
# HEP: chunks, types, tolerated deviations

Generated from the tables of the package `hep`; do not edit.

A HEP3 packet is `HEP3` (or `EEP3`), its total length (u16), and chunks: vendor u16, type u16,
length u16, value. All numbers are big-endian, and every length counts its own head. Chunks may
come in any order, the last of a repeated one wins, and chunks that are not named here are kept
and passed on.
"""


def render() -> str:
    """The whole page; ends with a newline."""
    chunk_tables = [_chunk_section(vendor) for vendor in TABLES]
    return "\n".join([_INTRODUCTION, *chunk_tables, *_other_sections()])


def _chunk_section(vendor: int) -> str:
    rows = TABLES[vendor].values()
    title = f"Chunks of vendor 0x{vendor:04x} ({VENDORS[vendor]})"
    cells = ((_number(row.number), row.name, _value_form(row), row.meaning) for row in rows)
    return _section(title, ("Type", "Name", "Value", "Meaning"), cells)


def _other_sections() -> list[str]:
    return [
        _section(
            "Vendors",
            ("Id", "Name"),
            ((f"0x{number:04x}", name) for number, name in VENDORS.items()),
        ),
        _section(
            "Protocol types (chunk 11)",
            ("Type", "Name", "Topic", "Meaning"),
            (
                (_number(number), row.name, row.topic, row.meaning)
                for number, row in PROTOCOL_TYPES.items()
            ),
        ),
        _section(
            "IP protocols (chunk 2)",
            ("Number", "Transport"),
            ((str(number), transport) for number, transport in TRANSPORTS.items()),
        ),
        _section(
            "Tolerated deviations",
            ("Bit", "Name", "What is done"),
            (
                (str(quirk.bit_length() - 1), str(quirk.name).lower(), meaning)
                for quirk, meaning in QUIRK_MEANINGS.items()
            ),
        ),
        _section("Refusals", ("Reason", "Meaning"), REASON_MEANINGS.items()),
    ]


def _number(number: int) -> str:
    return f"{number} (0x{number:02x})"


def _value_form(row: ChunkType) -> str:
    widths = " or ".join(map(str, row.widths))
    return f"{row.kind}, {widths} bytes" if row.widths else f"{row.kind}, any length"


def _section(title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"## {title}", "", _row(heads), _row("---" for _ in heads), *map(_row, rows), ""]
    return "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
