"""The table of codecs and the names that find its rows."""

import pytest

from hep.media.codecs import CODECS, by_name, find
from hep.media.emodel import Scale
from hep.sdp import STATIC_PAYLOAD_TYPES


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("PCMU", "PCMU"),
        ("pcma/8000", "PCMA"),
        ("ulaw", "PCMU"),
        ("G711U", "PCMU"),
        ("g711Alaw64k", "PCMA"),
        ("G.711 A-law", "PCMA"),
        ("G729", "G729"),
        ("g729r8", "G729"),
        ("G729AB", "G729A"),
        ("G723", "G723"),
        ("G.723.1", "G723"),
        ("G722", "G722"),
        ("G722/16000", "G722"),
        ("G7221", "G7221"),
        ("AMR", "AMR-12.2"),
        ("AMR-4.75", "AMR-4.75"),
        ("AMR-WB", "AMR-WB-12.65"),
        ("AMR-WB-6.6", "AMR-WB-6.6"),
        ("iLBC", "iLBC"),
        ("AAL2-G726-32", "G726-32"),
        ("opus/48000/2", "opus"),
        ("EVS", "EVS"),
    ],
)
def test_names_of_rtpmap_and_of_programs(name: str, row: str) -> None:
    """Case, punctuation and the clock do not matter."""
    found = by_name(name)

    assert found is not None
    assert found.name == row


@pytest.mark.parametrize("name", ["", "telephone-event", "VP8", "x" * 1000, "\0"])
def test_unknown_names(name: str) -> None:
    """No row is better than a wrong one."""
    assert by_name(name) is None


@pytest.mark.parametrize(
    ("payload_type", "row"), [(0, "PCMU"), (8, "PCMA"), (9, "G722"), (18, "G729"), (3, "GSM")]
)
def test_static_payload_types(payload_type: int, row: str) -> None:
    """Where no name is given, or none that is known."""
    for name in (None, "", "unheard of"):
        found = find(name, payload_type)
        assert found is not None
        assert found.name == row


def test_dynamic_and_unrated_payload_types_tell_nothing() -> None:
    """96 is anything, 13 is comfort noise, 34 is video."""
    assert [find(None, kind) for kind in (96, 13, 34, None)] == [None] * 4


def test_rows_are_sound() -> None:
    """Every figure is within its scale, and found by its own name."""
    assert len(CODECS) >= 35
    for row in CODECS.values():
        assert by_name(row.name) is row
        assert 0 <= row.ie < 95
        assert 0 < row.bpl < 50
        assert row.clock_hz in (8000, 16000, 48000)
        assert row.bpl_unconcealed is None or row.bpl_unconcealed < row.bpl


def test_clocks_are_those_of_rtp() -> None:
    """G.722 has 8000 by RFC 3551; static types agree with the table of SDP."""
    g722, opus = by_name("G722"), by_name("opus")
    assert g722 is not None
    assert opus is not None
    assert (g722.clock_hz, g722.scale) == (8000, Scale.WIDEBAND)
    assert (opus.clock_hz, opus.scale) == (48000, Scale.FULLBAND)
    for payload_type, static in STATIC_PAYLOAD_TYPES.items():
        row = find(None, payload_type)
        assert row is None or row.clock_hz == static.clock_hz
