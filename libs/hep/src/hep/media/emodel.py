"""The E-model: from impairments to the rating R and to MOS (ITU-T G.107, G.107.1, G.107.2).

R has three scales that are never compared with each other: narrowband up to 100 (a clean call
93.2), wideband up to 129, fullband up to 148. MOS is comparable only within one context, so both
are published with the scale. Delays are in ms and one way from mouth to ear, losses in percent.

`rate` is G.107 in full; `simplified` keeps all inputs but codec, loss and delay at their defaults
and uses the approximation of Cole and Rosenbluth (2001) for delay. Estimates from reports rest on
the simplified form, because nothing else is known of a call.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from math import exp, log2, log10, sqrt
from typing import NamedTuple


class Scale(StrEnum):
    """The scale of a rating."""

    NARROWBAND = "nb"
    WIDEBAND = "wb"
    FULLBAND = "fb"


DEFAULT_R = {Scale.NARROWBAND: 93.2, Scale.WIDEBAND: 129.0, Scale.FULLBAND: 148.0}
"""R of a clean call without delay."""
STRETCH = {Scale.NARROWBAND: 1.0, Scale.WIDEBAND: 1.29, Scale.FULLBAND: 1.48}
"""What R is divided by to come onto the narrowband scale, whose curve gives MOS."""
# Ie,eff approaches this as losses grow (G.107 section 7.5, G.107.2).
_CEILING = {Scale.NARROWBAND: 95.0, Scale.WIDEBAND: 95.0, Scale.FULLBAND: 132.0}
# Only fullband stretches the impairment of delay.
_DELAY_STRETCH = {Scale.NARROWBAND: 1.0, Scale.WIDEBAND: 1.0, Scale.FULLBAND: 1.48}

# Below so few lost packets their grouping is chance.
MIN_LOST_FOR_BURSTS = 5


@dataclass(frozen=True, slots=True)
class Parameters:
    """Inputs of G.107 with their defaults (table 2); levels in dB, delays in ms."""

    slr: float = 8.0
    """Loudness ratings: sending, receiving."""
    rlr: float = 2.0
    stmr: float = 15.0
    """Sidetone masking rating."""
    ds: float = 3.0
    """D-factors of the telephone: sending, receiving."""
    dr: float = 3.0
    telr: float = 65.0
    """Talker echo loudness rating."""
    wepl: float = 110.0
    """Weighted echo path loss."""
    qdu: float = 1.0
    """Quantizing distortion units."""
    t: float = 0.0
    """Mean one-way delay of the echo path."""
    tr: float = 0.0
    """Round trip in a closed four-wire loop."""
    ta: float = 0.0
    """Absolute delay from mouth to ear."""
    ie: float = 0.0
    bpl: float = 4.3
    ppl: float = 0.0
    """Packet loss in percent."""
    burst_ratio: float = 1.0
    nc: float = -70.0
    """Circuit noise, dBm0p."""
    nfor: float = -64.0
    """Noise floor at the receiving side, dBmp."""
    ps: float = 35.0
    """Room noise in dB(A): sending, receiving."""
    pr: float = 35.0
    a: float = 0.0
    """Advantage: what users forgive for mobility."""


class Rating(NamedTuple):
    """R and the terms of R = Ro - Is - Id - Ie,eff + A."""

    r: float
    ro: float
    simultaneous: float
    delay: float
    equipment: float


def rate(inputs: Parameters) -> Rating:
    """The rating of G.107 (narrowband) in full."""
    olr = inputs.slr + inputs.rlr
    no = _noise(inputs, olr)
    ro = 15 - 1.5 * (inputs.slr + no)
    sidetone = _sidetone(inputs)
    simultaneous = _too_loud(olr, no, inputs.rlr) + sidetone + _quantizing(ro, inputs.qdu)
    delay = _talker_echo(inputs, no, sidetone) + _listener_echo(inputs, ro) + _absolute(inputs.ta)
    equipment = loss_impairment(inputs.ie, inputs.bpl, inputs.ppl, inputs.burst_ratio)
    r = ro - simultaneous - delay - equipment + inputs.a
    return Rating(r, ro, simultaneous, delay, equipment)


def _noise(inputs: Parameters, olr: float) -> float:
    """No: all noise at the 0 dBr point (section 7.2)."""
    sending = inputs.ps - inputs.slr - inputs.ds - 100
    sending += 0.004 * (inputs.ps - olr - inputs.ds - 14) ** 2
    listener_sidetone = inputs.stmr + inputs.dr
    effective_pr = inputs.pr + 10 * log10(1 + 10 ** ((10 - listener_sidetone) / 10))
    receiving = inputs.rlr - 121 + effective_pr + 0.008 * (effective_pr - 35) ** 2
    floor = inputs.nfor + inputs.rlr
    return 10 * log10(
        sum(math.pow(10, part / 10) for part in (inputs.nc, sending, receiving, floor))
    )


def _too_loud(olr: float, no: float, rlr: float) -> float:
    """Iolr: loudness beyond what is comfortable (section 7.3)."""
    x = (olr + 0.2 * (64 + no - rlr)) / 8
    return 20 * (_root(1 + x**8, 8) - x)


def _sidetone(inputs: Parameters) -> float:
    """Ist: sidetone other than comfortable (section 7.3)."""
    stmr = -10 * log10(10 ** (-inputs.stmr / 10) + exp(-inputs.t / 4) * 10 ** (-inputs.telr / 10))
    return (
        12 * _root(1 + ((stmr - 13) / 6) ** 8, 8)
        - 28 * _root(1 + ((stmr + 1) / 19.4) ** 35, 35)
        - 13 * _root(1 + ((stmr - 3) / 33) ** 13, 13)
        + 29
    )


def _quantizing(ro: float, qdu: float) -> float:
    """Iq: quantizing distortion (section 7.3)."""
    q = 37 - 15 * log10(qdu)
    g = 1.07 + 0.258 * q + 0.0602 * q**2
    y = (ro - 100) / 15 + 46 / 8.4 - g / 9
    z = 46 / 30 - g / 40
    return 15 * log10(1 + math.pow(10, y) + math.pow(10, z))


def _talker_echo(inputs: Parameters, no: float, sidetone: float) -> float:
    """Idte (section 7.4); sidetone masks echo when strong, adds to it when weak."""
    t = inputs.t
    terv = inputs.telr - 40 * log10((1 + t / 10) / (1 + t / 150)) + 6 * exp(-0.3 * t**2)
    if inputs.stmr < 9:
        terv += sidetone / 2
    half = (-1.5 * (no - inputs.rlr) - (80 + 2.5 * (terv - 14))) / 2
    echo = (half + sqrt(half**2 + 100) - 1) * (1 - exp(-t))
    return sqrt(echo**2 + sidetone**2) if inputs.stmr > 20 else echo


def _listener_echo(inputs: Parameters, ro: float) -> float:
    """Idle (section 7.4)."""
    half = (ro - 10.5 * (inputs.wepl + 7) / _root(inputs.tr + 1, 4)) / 2
    return half + sqrt(half**2 + 169)


def _absolute(ta: float) -> float:
    """Idd: delay itself, nothing up to 100 ms (section 7.4)."""
    if ta <= 100:
        return 0.0
    x = log2(ta / 100)
    return 25 * (_root(1 + x**6, 6) - 3 * _root(1 + (x / 3) ** 6, 6) + 2)


def _root(value: float, degree: int) -> float:
    return math.pow(value, 1 / degree)


def delay_impairment(delay_ms: float) -> float:
    """Id of a mouth-to-ear delay, all else at default: within 1 of G.107 up to 300 ms."""
    return 0.024 * delay_ms + 0.11 * max(delay_ms - 177.3, 0.0)


def loss_impairment(
    ie: float,
    bpl: float,
    loss_percent: float,
    burst_ratio: float = 1.0,
    scale: Scale = Scale.NARROWBAND,
) -> float:
    """Ie,eff of a codec (Ie and Bpl of the same scale) under packet loss."""
    if loss_percent <= 0:
        return ie
    share = loss_percent / (loss_percent / burst_ratio + bpl)
    return ie + (_CEILING[scale] - ie) * share


def simplified(
    ie: float,
    bpl: float,
    loss_percent: float,
    delay_ms: float = 0.0,
    *,
    burst_ratio: float = 1.0,
    scale: Scale = Scale.NARROWBAND,
) -> float:
    """R with all other inputs at default; delay_ms 0 gives listening quality. Not clamped."""
    delay = _DELAY_STRETCH[scale] * delay_impairment(delay_ms)
    return DEFAULT_R[scale] - delay - loss_impairment(ie, bpl, loss_percent, burst_ratio, scale)


def burst_ratio(lost: int, bursts: int, loss_percent: float) -> float:
    """Mean length of the observed bursts over that of random loss, at least 1 (G.107)."""
    if lost < MIN_LOST_FOR_BURSTS or bursts <= 0:
        return 1.0
    return max(lost / bursts * (1 - loss_percent / 100), 1.0)


def markov_burst_ratio(p: float, q: float) -> float:
    """Burst ratio of a two-state loss model: p from received to lost, q back (G.107)."""
    return 1 / (p + q)


def mos(r: float, scale: Scale = Scale.NARROWBAND) -> float:
    """MOS of a rating on its scale, 1 to 4.5 (G.107 annex B)."""
    r /= STRETCH[scale]
    if r <= 0:
        return 1.0
    if r >= 100:
        return 4.5
    # Below R 6.5 the cubic dips under 1.
    return max(1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r), 1.0)
