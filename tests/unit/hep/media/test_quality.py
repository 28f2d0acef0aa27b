"""Estimates from reports: what they rest on, and none where nothing is known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hep.media import codecs
from hep.media.emodel import Scale, mos, simplified
from hep.media.quality import Basis, Kind, Quality, estimate, jitter_buffer_ms
from hep.media.report import Plc, Source, StreamReport


def report(**said: object) -> StreamReport:
    """Return a report with these fields."""
    made = StreamReport(Source.RTCP_JSON)
    for name, value in said.items():
        setattr(made, name, value)
    return made


def sure(quality: Quality | None) -> Quality:
    """Return an estimate that must be there."""
    assert quality is not None
    return quality


def test_loss_alone_gives_listening_quality() -> None:
    """As most RTCP does; the codec is assumed and said to be."""
    quality = sure(estimate(report(fraction_lost=0.03)))

    assert (quality.kind, quality.scale, quality.delay_ms) == (
        Kind.LISTENING,
        Scale.NARROWBAND,
        None,
    )
    assert quality.r == pytest.approx(simplified(0, 25.1, 3))
    assert quality.mos == pytest.approx(mos(quality.r))
    assert quality.basis == {Basis.LOSS_SAID, Basis.CODEC_ASSUMED, Basis.PLC_ASSUMED}


def test_delay_gives_conversation_quality() -> None:
    """Half the round trip, the jitter buffer of the rule, packet and look-ahead."""
    quality = sure(
        estimate(report(fraction_lost=0.0, round_trip_ms=100.0, jitter_units=240.0, codec="G729"))
    )

    assert quality.kind is Kind.CONVERSATION
    assert quality.delay_ms == 50 + 60 + 20 + 5
    assert quality.r == pytest.approx(93.2 - 0.024 * 135 - 10)
    assert quality.basis == {
        Basis.LOSS_SAID,
        Basis.CODEC_SAID,
        Basis.ROUND_TRIP,
        Basis.JITTER_BUFFER_RULE,
    }


def test_what_the_reporter_says_of_its_delay_is_used() -> None:
    """End system delay covers buffer, packet and decoding; one way beats the round trip."""
    with_system = sure(
        estimate(report(fraction_lost=0.0, round_trip_ms=80.0, end_system_delay_ms=60.0))
    )
    with_buffer = sure(
        estimate(
            report(fraction_lost=0.0, one_way_delay_ms=70.0, jitter_buffer_ms=50.0, ptime_ms=30.0)
        )
    )

    assert with_system.delay_ms == 100
    assert Basis.END_SYSTEM_DELAY in with_system.basis
    assert with_buffer.delay_ms == 150
    assert with_buffer.basis >= {Basis.ONE_WAY_DELAY, Basis.JITTER_BUFFER_SAID}


def test_a_round_trip_computed_elsewhere() -> None:
    """It steps in only where the report has none."""
    assert sure(estimate(report(fraction_lost=0.0), round_trip_ms=40.0)).delay_ms == 80
    said = report(fraction_lost=0.0, round_trip_ms=100.0)
    assert sure(estimate(said, round_trip_ms=40.0)).delay_ms == 110


def test_discards_are_losses() -> None:
    """As a share, or counted among the received."""
    shared = sure(estimate(report(fraction_lost=0.01, fraction_discarded=0.02)))
    counted = sure(estimate(report(packets_lost=10, packets_received=990, packets_discarded=99)))

    assert shared.loss_percent == pytest.approx(3)
    assert counted.loss_percent == pytest.approx(11)
    assert counted.basis >= {Basis.LOSS_COUNTED, Basis.DISCARDS}


def test_concealment() -> None:
    """Assumed for G.711 unless the report says that there is none; built into the others."""
    assumed = sure(estimate(report(fraction_lost=0.03, codec="PCMU")))
    disabled = sure(estimate(report(fraction_lost=0.03, codec="PCMU", plc=Plc.DISABLED)))
    built_in = sure(estimate(report(fraction_lost=0.03, codec="G729", plc=Plc.DISABLED)))

    assert Basis.PLC_ASSUMED in assumed.basis
    assert disabled.r == pytest.approx(simplified(0, 4.3, 3))
    assert Basis.PLC_SAID in disabled.basis
    assert built_in.r == pytest.approx(simplified(10, 19, 3))


def test_the_codec_of_sdp_beats_the_report() -> None:
    """And a weak row is marked."""
    opus = codecs.by_name("opus")
    quality = sure(estimate(report(fraction_lost=0.0, codec="PCMU"), opus))

    assert quality.scale is Scale.FULLBAND
    assert quality.r == pytest.approx(137.8)
    assert quality.basis >= {Basis.CODEC_SAID, Basis.CODEC_WEAK}
    by_type = sure(estimate(report(fraction_lost=0.0, payload_type=9)))
    assert by_type.scale is Scale.WIDEBAND
    assert by_type.mos == pytest.approx(4.34, abs=0.006)


def test_a_mos_is_named_with_its_context() -> None:
    """Kind and bandwidth, as ITU-T P.800.1 writes them."""
    listening = sure(estimate(report(fraction_lost=0.0, codec="opus")))
    talking = sure(estimate(report(fraction_lost=0.0, codec="PCMA", round_trip_ms=1.0)))
    wide = sure(estimate(report(fraction_lost=0.0, codec="G722")))

    assert [quality.context for quality in (listening, talking, wide)] == [
        "MOS-LQEF",
        "MOS-CQEN",
        "MOS-LQEW",
    ]


def test_bursts() -> None:
    """The same loss in bursts is worse."""
    random = sure(estimate(report(fraction_lost=0.03, codec="G729A")))
    bursty = sure(estimate(report(fraction_lost=0.03, codec="G729A"), burst_ratio=2.0))

    assert bursty.r < random.r
    assert Basis.BURSTS in bursty.basis


def test_a_kind_can_be_asked_for() -> None:
    """Listening quality leaves delay out; conversation quality needs one."""
    known = report(fraction_lost=0.0, round_trip_ms=400.0)

    assert sure(estimate(known, kind=Kind.LISTENING)).r == pytest.approx(93.2)
    assert sure(estimate(known, kind=Kind.CONVERSATION)).r < 80
    assert estimate(report(fraction_lost=0.0), kind=Kind.CONVERSATION) is None


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"jitter_ms": 5.0},
        {"packets_lost": 5},
        {"packets_sent": 100},
        {"packets_lost": 0, "packets_received": 0},
    ],
)
def test_without_losses_there_is_no_estimate(said: dict[str, object]) -> None:
    """A clean stream and an unknown one are not the same."""
    assert estimate(report(**said)) is None


@pytest.mark.parametrize(
    ("said", "loss"),
    [
        ({"fraction_lost": 0.1, "packets_lost": 1, "packets_expected": 100}, 0.1),
        ({"packets_lost": 1, "packets_expected": 100}, 0.01),
        ({"packets_lost": 1, "packets_received": 99}, 0.01),
        ({"packets_lost": 1, "packets_sent": 50}, 0.02),
        ({"packets_lost": -4, "packets_received": 10}, 0.0),
        ({"packets_lost": 9, "packets_expected": 3}, 1.0),
    ],
)
def test_loss_of_a_report(said: dict[str, object], loss: float) -> None:
    """As said, else counted; duplicates are no gain."""
    assert report(**said).loss == pytest.approx(loss)


def test_jitter_of_a_report() -> None:
    """A time as said, else units by the nearest clock there is."""
    assert report(jitter_ms=3.0, jitter_units=99.0).jitter_at(8000) == 3
    assert report(jitter_units=160.0, clock_hz=16000).jitter_at(8000) == 10
    assert report(jitter_units=160.0).jitter_at(8000) == 20
    assert report(jitter_units=160.0).jitter_at(None) is None
    assert report().jitter_at(8000) is None


def test_the_jitter_buffer_rule() -> None:
    """40 ms, or twice the jitter."""
    assert [jitter_buffer_ms(jitter) for jitter in (None, 0.0, 20.0, 50.0)] == [40, 40, 40, 100]


SHARES = st.none() | st.floats(0, 1)
DELAYS = st.none() | st.floats(0, 600_000)


@given(
    st.fixed_dictionaries(
        {
            "fraction_lost": SHARES,
            "fraction_discarded": SHARES,
            "packets_lost": st.none() | st.integers(-(2**23), 2**23 - 1),
            "packets_received": st.none() | st.integers(0, 2**32 - 1),
            "round_trip_ms": DELAYS,
            "one_way_delay_ms": DELAYS,
            "end_system_delay_ms": DELAYS,
            "jitter_ms": DELAYS,
            "codec": st.none() | st.sampled_from([row.name for row in codecs.CODECS.values()]),
        }
    )
)
def test_every_estimate_is_within_its_scale(said: dict[str, object]) -> None:
    """Whatever a report holds."""
    quality = estimate(report(**said))

    if quality is not None:
        assert 0 <= quality.r <= 148
        assert 1 <= quality.mos <= 4.5
        assert 0 <= quality.loss_percent <= 100
