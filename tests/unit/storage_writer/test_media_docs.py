"""The figures in docs/media-quality.md are those that the code gives."""

import re
from pathlib import Path

from hepscope_storage_writer.media_rating import rate
from hepscope_storage_writer.media_row import MediaRow

PAGE = Path(__file__).parents[3] / "docs" / "media-quality.md"
CODECS = ("8 PCMA/8000", "18 G729/8000", "9 G722/8000", "96 opus/48000")


def test_the_table_of_examples_holds() -> None:
    """R and MOS of each codec under each loss and round trip."""
    lines = re.findall(r"^\| (\d+) % \| (\w+)(?: ms)? \| (.*) \|$", PAGE.read_text(), re.MULTILINE)
    assert len(lines) == 5
    for percent, round_trip, cells in lines:
        for described, cell in zip(CODECS, cells.split(" | "), strict=True):
            row = MediaRow(1, 2, 3, 0, 5, "rtcp_json", loss=int(percent) / 100, jitter_ms=10.0)
            row.round_trip_ms = None if round_trip == "unknown" else float(round_trip)
            rate(row, described)
            assert cell == f"{row.r:.1f} / {row.mos:.2f}"
