"""Rating: the codec of a stream, its jitter as a time, and R and MOS by the E-model.

The codec is what the report names, else what the call's session description says of its payload
type, else the first codec of the newest description, which after an answer is the one agreed on.
Where nothing tells, G.711 is assumed, and only audio is rated.
"""

from typing import Final

from hep.media import codecs
from hep.media.codecs import CodecFigures
from hep.media.quality import Quality, estimate
from hep.media.report import Plc, Source, StreamReport
from hepscope_storage_writer.media_row import MediaRow, narrow

SAID, FROM_SDP, ASSUMED = "said", "sdp", "assumed"
AUDIO: Final = "audio"
# Formats that accompany speech; a description that begins with one goes on with the codec.
_NO_CODECS: Final = frozenset({"telephone-event", "cn", "red", "ulpfec", "rtx", "comfort-noise"})


def rate(row: MediaRow, described: str | None = None) -> None:
    """Fill in codec, jitter, MOS and R; ``described`` are the codecs of the call's description."""
    if row.codec_from not in (None, SAID):
        row.codec = None
    figures = codecs.find(row.codec, row.payload_type)
    name, clock_hz = row.codec, row.clock_hz
    if figures is not None or row.codec is not None:
        row.codec_from = SAID if figures is not None else ASSUMED
        name = name or (figures.name if figures else None)
    elif described:
        name, clock = described_codec(described, row.payload_type)
        clock_hz = clock_hz or clock or None
        figures = codecs.by_name(name) if name else None
        row.codec_from = FROM_SDP if name else ASSUMED
    else:
        row.codec_from = ASSUMED
    row.codec = name
    report = _report(row)
    if row.jitter_units is not None:
        row.jitter_ms = narrow(
            report.jitter_at(clock_hz or (figures.clock_hz if figures else None))
        )
    quality = _quality(row, report, figures)
    row.mos = None if quality is None else narrow(quality.mos)
    row.r = None if quality is None else narrow(quality.r)
    row.context = None if quality is None else quality.context


def described_codec(described: str, payload_type: int | None) -> tuple[str | None, int]:
    """Return name and clock of a payload type, else of the first codec; (None, 0) for neither."""
    first: tuple[str | None, int] = (None, 0)
    for entry in described.split(","):
        kind, _, text = entry.partition(" ")
        name, _, clock = text.partition("/")
        found = name, int(clock) if clock.isdigit() else 0
        if payload_type is not None and kind == str(payload_type):
            return found
        if first[0] is None and name and name.lower() not in _NO_CODECS:
            first = found
    return (None, 0) if payload_type is not None and payload_type >= 96 else first


def _quality(row: MediaRow, report: StreamReport, figures: CodecFigures | None) -> Quality | None:
    if row.medium not in (None, AUDIO):
        return None
    return estimate(report, figures)


def _report(row: MediaRow) -> StreamReport:
    """Return as much of the report as an estimate needs."""
    return StreamReport(
        source=Source(row.kind),
        fraction_lost=row.loss,
        fraction_discarded=row.discarded,
        jitter_units=row.jitter_units,
        jitter_ms=None if row.jitter_units is not None else row.jitter_ms,
        round_trip_ms=row.round_trip_ms,
        one_way_delay_ms=row.one_way_ms,
        end_system_delay_ms=row.end_system_ms,
        jitter_buffer_ms=row.jitter_buffer_ms,
        ptime_ms=row.ptime_ms,
        plc=Plc(row.plc) if row.plc else None,
        clock_hz=row.clock_hz,
    )
