"""The E-model: constants of the recommendation, worked examples, bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hep.media import codecs
from hep.media.emodel import (
    DEFAULT_R,
    Parameters,
    Scale,
    burst_ratio,
    delay_impairment,
    loss_impairment,
    markov_burst_ratio,
    mos,
    rate,
    simplified,
)

NB, WB, FB = Scale.NARROWBAND, Scale.WIDEBAND, Scale.FULLBAND


def test_defaults_give_the_rating_of_the_recommendation() -> None:
    """R 93.2062 and its terms, all inputs at table 2 of G.107."""
    rating = rate(Parameters())

    assert rating.r == pytest.approx(93.2062077233, abs=1e-9)
    assert rating.ro == pytest.approx(94.7688, abs=1e-4)
    assert rating.simultaneous == pytest.approx(1.4136, abs=1e-4)
    assert rating.delay == pytest.approx(0.1490, abs=1e-4)
    assert rating.equipment == 0


@pytest.mark.parametrize("delay", range(0, 301, 20))
def test_the_simplified_form_stays_near_the_full_one(delay: int) -> None:
    """With an echo path as long as the way, within 1 up to 300 ms."""
    full = rate(Parameters(t=delay, tr=2 * delay, ta=delay))

    assert full.r == pytest.approx(simplified(0, 4.3, 0, delay), abs=1)


def test_every_input_of_the_full_form_counts() -> None:
    """Each alone, made worse, lowers R; the advantage raises it."""
    best = rate(Parameters()).r
    worse = [
        Parameters(slr=14),
        Parameters(rlr=8),
        Parameters(stmr=7, t=50, ta=50),
        Parameters(stmr=25, t=50, ta=50),
        Parameters(telr=40, t=50, ta=50),
        Parameters(wepl=20, tr=100),
        Parameters(qdu=8),
        Parameters(t=200, tr=400, ta=200),
        Parameters(ta=400),
        Parameters(ie=11),
        Parameters(ppl=2),
        Parameters(nc=-50),
        Parameters(nfor=-50),
        Parameters(ps=60),
        Parameters(pr=60),
        Parameters(ds=-10, ps=50),
        Parameters(dr=-10, pr=50),
    ]

    assert [inputs for inputs in worse if rate(inputs).r >= best - 0.1] == []
    assert rate(Parameters(a=10)).r == pytest.approx(best + 10)


@pytest.mark.parametrize(
    ("codec", "inputs", "r", "score"),
    [
        ("PCMA", (3, 150, 1), 79.46, 4.00),
        ("G729A", (1, 150, 1), 74.40, 3.80),
        ("G729A", (3, 150, 1), 67.15, 3.46),
        ("G729A", (3, 150, 2), 66.31, 3.42),
        ("G723", (5, 250, 1), 45.25, 2.33),
        ("GSM-EFR", (1, 150, 1), 76.42, 3.88),
        ("AMR", (1, 150, 1), 76.42, 3.88),
        ("G722", (0, 0, 1), 116.00, 4.34),
    ],
)
def test_worked_examples(
    codec: str, inputs: tuple[float, float, float], r: float, score: float
) -> None:
    """Codec with loss, delay and burst ratio; G.722 is on the wideband scale."""
    loss, delay, bursts = inputs
    row = codecs.by_name(codec)
    assert row is not None
    rating = simplified(row.ie, row.bpl, loss, delay, burst_ratio=bursts, scale=row.scale)

    assert rating == pytest.approx(r, abs=0.01)
    assert mos(rating, row.scale) == pytest.approx(score, abs=0.006)


def test_g711_without_concealment() -> None:
    """3 % of loss are then a bad call."""
    rating = simplified(0, 4.3, 3, 150)

    assert loss_impairment(0, 4.3, 3) == pytest.approx(39.04, abs=0.01)
    assert rating == pytest.approx(50.56, abs=0.01)
    assert mos(rating) == pytest.approx(2.60, abs=0.006)


@pytest.mark.parametrize(("delay", "impairment"), [(0, 0), (150, 3.6), (177.3, 4.2552), (250, 14)])
def test_delay(delay: float, impairment: float) -> None:
    """The knee is at 177.3 ms."""
    assert delay_impairment(delay) == pytest.approx(impairment, abs=0.01)


@pytest.mark.parametrize(
    ("r", "score"),
    [
        (-5, 1),
        (0, 1),
        (3, 1),
        (6.5, 1),
        (50, 2.58),
        (60, 3.10),
        (70, 3.60),
        (80, 4.02),
        (90, 4.34),
        (93.2, 4.41),
        (100, 4.5),
        (130, 4.5),
    ],
)
def test_mos_of_a_narrowband_rating(r: float, score: float) -> None:
    """The curve of G.107, flat where the cubic would dip under 1."""
    assert mos(r) == pytest.approx(score, abs=0.006)


def test_scales_end_at_the_same_mos() -> None:
    """R 129 and 148 are what R 100 is in narrowband; each is stretched down to it."""
    assert mos(129, WB) == mos(148, FB) == mos(100, NB) == 4.5
    assert mos(0.5 * 1.48 * 100, FB) == pytest.approx(mos(50))


def test_fullband_stretches_delay_and_goes_further_down() -> None:
    """Idd,fb is 1.48 Idd, and Ie,eff tends to 132."""
    assert simplified(0, 4.3, 0, 100, scale=FB) == pytest.approx(148 - 1.48 * 2.4)
    assert simplified(0, 4.3, 0, 100, scale=WB) == pytest.approx(129 - 2.4)
    assert loss_impairment(10, 1e-9, 100, scale=FB) == pytest.approx(132)
    assert loss_impairment(10, 1e-9, 100, scale=WB) == pytest.approx(95)


def test_burst_ratio() -> None:
    """Observed mean length over that of random loss; few losses tell nothing."""
    assert burst_ratio(20, 5, 10) == pytest.approx(3.6)
    assert burst_ratio(20, 20, 10) == 1
    assert burst_ratio(4, 1, 10) == 1
    assert burst_ratio(20, 0, 10) == 1
    assert markov_burst_ratio(0.05, 0.45) == pytest.approx(2)


@given(
    st.sampled_from(sorted(codecs.CODECS.values())),
    st.floats(0, 100),
    st.floats(0, 1000),
    st.floats(1, 10),
)
def test_worse_inputs_never_give_a_better_mos(
    row: codecs.CodecFigures, loss: float, delay: float, bursts: float
) -> None:
    """More loss, delay or bursts, of any codec; MOS stays within 1 and 4.5."""

    def rated(loss: float, delay: float, bursts: float) -> float:
        return simplified(row.ie, row.bpl, loss, delay, burst_ratio=bursts, scale=row.scale)

    rating = rated(loss, delay, bursts)
    rounding = 1e-9
    assert rating <= DEFAULT_R[row.scale]
    assert 1 <= mos(rating, row.scale) <= 4.5
    assert rated(loss + 1, delay, bursts) <= rating + rounding
    assert rated(loss, delay + 1, bursts) <= rating + rounding
    assert rated(loss, delay, bursts + 1) <= rating + rounding
