"""R and MOS of a stream, estimated from one report of it, and what the estimate rests on.

Listening quality needs the loss only; conversation quality also the delay from mouth to ear:
network (half the round trip) + the reporter's own delay when it says it, else jitter buffer +
packet + codec look-ahead. A jitter buffer that nobody tells is taken as the larger of 40 ms and
twice the jitter: jitter then costs delay instead of loss. A report from the middle of the path
sees only the losses up to there.
"""

from enum import StrEnum
from typing import NamedTuple

from hep.media import codecs, emodel
from hep.media.codecs import CodecFigures
from hep.media.emodel import Scale
from hep.media.report import Plc, StreamReport

MIN_JITTER_BUFFER_MS = 40.0


class Kind(StrEnum):
    """Which MOS it is (ITU-T P.800.1): both are estimates by the E-model."""

    LISTENING = "lqe"
    CONVERSATION = "cqe"


class Basis(StrEnum):
    """An input of an estimate, or what was assumed in place of one."""

    LOSS_SAID = "loss_said"
    LOSS_COUNTED = "loss_counted"
    DISCARDS = "discards"
    BURSTS = "bursts"
    CODEC_SAID = "codec_said"
    CODEC_ASSUMED = "codec_assumed"
    CODEC_WEAK = "codec_weak"
    PLC_SAID = "plc_said"
    PLC_ASSUMED = "plc_assumed"
    ROUND_TRIP = "round_trip"
    ONE_WAY_DELAY = "one_way_delay"
    END_SYSTEM_DELAY = "end_system_delay"
    JITTER_BUFFER_SAID = "jitter_buffer_said"
    JITTER_BUFFER_RULE = "jitter_buffer_rule"


class Quality(NamedTuple):
    """An estimate; r is not below 0, mos 1 to 4.5."""

    r: float
    scale: Scale
    mos: float
    kind: Kind
    basis: frozenset[Basis]
    loss_percent: float
    """Lost and discarded."""
    delay_ms: float | None
    """From mouth to ear; None for listening quality."""

    @property
    def context(self) -> str:
        """Name of the MOS by ITU-T P.800.1, such as MOS-CQEN: only like may be compared."""
        return f"MOS-{self.kind.upper()}{self.scale[0].upper()}"


def jitter_buffer_ms(jitter_ms: float | None) -> float:
    """Depth of a jitter buffer that nobody tells."""
    return max(MIN_JITTER_BUFFER_MS, 2 * jitter_ms) if jitter_ms else MIN_JITTER_BUFFER_MS


def estimate(
    report: StreamReport,
    codec: CodecFigures | None = None,
    *,
    round_trip_ms: float | None = None,
    burst_ratio: float = 1.0,
    kind: Kind | None = None,
) -> Quality | None:
    """The quality of the report's stream; None when it says nothing of losses.

    codec is what SDP tells; without it the report's own, else G.711 is assumed. round_trip_ms is
    one computed from LSR and DLSR, used where the report has none. Without kind it is conversation
    quality where a delay is known, else listening quality; kind CONVERSATION without a delay
    gives None.
    """
    loss = report.loss
    if loss is None:
        return None
    basis = {Basis.LOSS_SAID if report.fraction_lost is not None else Basis.LOSS_COUNTED}
    discarded = _discarded(report)
    if discarded:
        basis.add(Basis.DISCARDS)
    if burst_ratio > 1:
        basis.add(Basis.BURSTS)
    loss_percent = 100 * min(loss + discarded, 1.0)
    figures = codec or codecs.find(report.codec, report.payload_type)
    basis.add(Basis.CODEC_SAID if figures else Basis.CODEC_ASSUMED)
    figures = figures or codecs.ASSUMED
    if figures.is_weak:
        basis.add(Basis.CODEC_WEAK)
    bpl = _robustness(report, figures, basis)
    delay = None if kind is Kind.LISTENING else _delay(report, figures, round_trip_ms, basis)
    if kind is Kind.CONVERSATION and delay is None:
        return None
    r = emodel.simplified(
        figures.ie,
        bpl,
        loss_percent,
        delay or 0.0,
        burst_ratio=burst_ratio,
        scale=figures.scale,
    )
    return Quality(
        r=max(r, 0.0),
        scale=figures.scale,
        mos=emodel.mos(r, figures.scale),
        kind=Kind.LISTENING if delay is None else Kind.CONVERSATION,
        basis=frozenset(basis),
        loss_percent=loss_percent,
        delay_ms=delay,
    )


def _discarded(report: StreamReport) -> float:
    if report.fraction_discarded is not None:
        return report.fraction_discarded
    if not report.packets_discarded or not report.packets_received:
        return 0.0
    return min(report.packets_discarded / report.packets_received, 1.0)


def _robustness(report: StreamReport, figures: CodecFigures, basis: set[Basis]) -> float:
    """Bpl: concealment is assumed, as all but the simplest receivers have it."""
    if figures.bpl_unconcealed is None:
        return figures.bpl
    basis.add(Basis.PLC_SAID if report.plc is not None else Basis.PLC_ASSUMED)
    return figures.bpl_unconcealed if report.plc is Plc.DISABLED else figures.bpl


def _delay(
    report: StreamReport, figures: CodecFigures, round_trip_ms: float | None, basis: set[Basis]
) -> float | None:
    if report.one_way_delay_ms is not None:
        network = report.one_way_delay_ms
        basis.add(Basis.ONE_WAY_DELAY)
    else:
        round_trip = report.round_trip_ms if report.round_trip_ms is not None else round_trip_ms
        if round_trip is None:
            return None
        network = round_trip / 2
        basis.add(Basis.ROUND_TRIP)
    if report.end_system_delay_ms is not None:
        basis.add(Basis.END_SYSTEM_DELAY)
        return network + report.end_system_delay_ms
    if report.jitter_buffer_ms is not None:
        buffer = report.jitter_buffer_ms
        basis.add(Basis.JITTER_BUFFER_SAID)
    else:
        buffer = jitter_buffer_ms(report.jitter_at(figures.clock_hz))
        basis.add(Basis.JITTER_BUFFER_RULE)
    return network + buffer + (report.ptime_ms or figures.frame_ms) + figures.lookahead_ms
