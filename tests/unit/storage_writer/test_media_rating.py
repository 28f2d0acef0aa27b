"""How a report is rated: which codec counts, and what is left unknown."""

import pytest

from hep.media.report import Source, StreamReport, Way
from hepscope_storage_writer.media_rating import described_codec, rate
from hepscope_storage_writer.media_row import MediaRow, fill, narrow, says_something


def row_of(**said: object) -> MediaRow:
    """Return the row of an RTCP report."""
    report = StreamReport(**({"source": Source.RTCP_JSON, "way": Way.RECEIVED} | said))  # type: ignore[arg-type] # test values by name
    row = MediaRow(1, 2, 3, 0, 5, report.source.value)
    fill(row, report)
    return row


def rated(described: str | None = None, **said: object) -> MediaRow:
    """Return the same, rated."""
    row = row_of(**said)
    rate(row, described)
    return row


@pytest.mark.parametrize(
    ("described", "payload_type", "expected"),
    [
        ("8 PCMA/8000,0 PCMU/8000", None, ("PCMA", 8000)),
        ("8 PCMA/8000,0 PCMU/8000", 0, ("PCMU", 8000)),
        ("101 telephone-event/8000,18 G729/8000", None, ("G729", 8000)),
        ("13 CN/8000", None, (None, 0)),
        ("96 opus/48000", 97, (None, 0)),
        ("", None, (None, 0)),
        ("nonsense", None, (None, 0)),
    ],
)
def test_the_codec_of_a_description(
    described: str, payload_type: int | None, expected: tuple[str | None, int]
) -> None:
    """That of the payload type, else the first that is one."""
    assert described_codec(described, payload_type) == expected


@pytest.mark.parametrize(
    ("said", "described", "codec", "codec_from"),
    [
        ({"codec": "G729"}, "8 PCMA/8000", "G729", "said"),
        ({"payload_type": 18}, "8 PCMA/8000", "G729", "said"),
        ({"payload_type": 96}, "96 opus/48000", "opus", "sdp"),
        ({}, "8 PCMA/8000", "PCMA", "sdp"),
        ({}, None, None, "assumed"),
        ({"codec": "speex"}, "8 PCMA/8000", "speex", "assumed"),
    ],
)
def test_which_codec_counts(
    said: dict[str, object], described: str | None, codec: str | None, codec_from: str
) -> None:
    """The report's own before SDP's; a name without figures is rated as G.711."""
    row = rated(described, fraction_lost=0.05, **said)

    assert (row.codec, row.codec_from) == (codec, codec_from)
    assert row.mos is not None


def test_jitter_needs_a_clock() -> None:
    """Timestamp units are no time until the codec is known; what is said in ms needs none."""
    assert rated(None, jitter_units=80.0).jitter_ms is None
    assert rated("0 PCMU/8000", jitter_units=80.0).jitter_ms == 10
    assert rated("96 opus/48000", jitter_units=480.0).jitter_ms == 10
    assert rated(None, jitter_ms=7.0).jitter_ms == 7


def test_without_losses_there_is_no_estimate() -> None:
    """What the source said of its MOS counts for the call then."""
    row = rated(None, mos_lq=3.9, jitter_ms=7.0)

    assert (row.mos, row.r, row.context) == (None, None, None)
    assert row.worst_mos == 3.9


def test_rating_again_forgets_what_was_assumed() -> None:
    """A row that SDP came late for is as if it had been there at once."""
    late = rated(None, fraction_lost=0.1, jitter_units=80.0)
    rate(late, "18 G729/8000")

    assert late == rated("18 G729/8000", fraction_lost=0.1, jitter_units=80.0)


def test_a_delay_makes_it_conversation_quality() -> None:
    """And names the scale of the codec."""
    assert rated("8 PCMA/8000", fraction_lost=0.0, round_trip_ms=100.0).context == "MOS-CQEN"
    assert rated("9 G722/8000", fraction_lost=0.0).context == "MOS-LQEW"


@pytest.mark.parametrize(
    ("source", "said", "window"),
    [
        (Source.RTCP_JSON, {"fraction_lost": 0.1, "packets_lost": 5}, "interval"),
        (Source.RTCP_XR, {"fraction_lost": 0.1}, "cumulative"),
        (Source.VQ_INTERVAL, {"fraction_lost": 0.1}, "interval"),
        (Source.VQ_SESSION, {"fraction_lost": 0.1}, "cumulative"),
        (Source.X_RTP_STAT, {"packets_lost": 1, "packets_received": 99}, "cumulative"),
        (Source.RTP_AGENT, {"jitter_ms": 1.0}, ""),
    ],
)
def test_of_what_time_a_loss_is(source: Source, said: dict[str, object], window: str) -> None:
    """RTCP's fraction is since the report before; XR and final reports count from the beginning."""
    assert row_of(source=source, **said).loss_window == window


def test_a_report_that_only_counts_packets_says_nothing() -> None:
    """So the sender's half of RTCP makes no row."""
    assert not says_something(StreamReport(source=Source.RTCP, packets_sent=10, ntp=1))
    assert says_something(StreamReport(source=Source.RTCP, packets_lost=0))


def test_figures_are_as_the_column_holds_them() -> None:
    """So sums over rows that are taken away later match to the unit."""
    assert narrow(0.1) == pytest.approx(0.1)
    assert narrow(0.1) != 0.1
    assert narrow(narrow(0.1)) == narrow(0.1)
    assert narrow(1e300) is None
    assert narrow(None) is None
