"""The generated reference page."""

from pathlib import Path

from hep.chunks import TABLES
from hep.reference import render

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "hep.md"


def test_the_committed_page_is_the_generated_one() -> None:
    """Whoever changes a table renders the page again."""
    assert PAGE.read_text() == render()


def test_every_chunk_has_its_row() -> None:
    """The page leaves nothing out."""
    page = render()

    for table in TABLES.values():
        for row in table.values():
            assert f"| {row.number} (0x{row.number:02x}) | {row.name} |" in page
