"""Golden payloads of every agent (tests/data/media) and their invalid twins."""

import json
from pathlib import Path

import pytest

from hep.media.dispatch import reports
from hep.media.errors import MediaError

GOLDEN = Path(__file__).parents[3] / "data" / "media"
NAMES = sorted(path.stem for path in GOLDEN.glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_golden_payload(name: str) -> None:
    """Exactly the fields that the payload says, with their units undone."""
    expected = json.loads((GOLDEN / f"{name}.json").read_text())
    found = reports(expected["type"], (GOLDEN / f"{name}.payload").read_bytes())

    assert [report.said() for report in found] == expected["reports"]


@pytest.mark.parametrize("name", NAMES)
def test_invalid_twin(name: str) -> None:
    """The twin is refused, and where."""
    expected = json.loads((GOLDEN / f"{name}.json").read_text())
    with pytest.raises(MediaError) as caught:
        reports(expected["type"], (GOLDEN / f"{name}.invalid.payload").read_bytes())

    assert {"reason": caught.value.reason, "offset": caught.value.offset} == expected["invalid"]


def test_every_payload_is_tested() -> None:
    """A payload without a file of expectations would be dead weight."""
    assert {path.name.partition(".")[0] for path in GOLDEN.glob("*.payload")} == set(NAMES)
    assert len(NAMES) >= 16
