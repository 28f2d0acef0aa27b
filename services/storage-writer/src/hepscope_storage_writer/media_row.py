"""A row of table ``media``: one report of one stream, with what is made of it.

The writer makes it from a report and COPYs it; the joiner reads it back, fills in what has become
known, and stores that. FIELDS is the table: column, type on the wire, whether joining changes it.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from struct import Struct
from typing import Final

import asyncpg

from hep.media.report import Source, StreamReport
from hepscope_common.calls.bounds import stored_call_id
from hepscope_common.store import copy

ROOT: Final = "media"

_REAL: Final = Struct("!f")
_BOOLEANS: Final = {None: copy.NULL, False: b"\0\0\0\x01\0", True: b"\0\0\0\x01\x01"}

_VQ_INTERVALS: Final = frozenset({Source.VQ_INTERVAL, Source.VQ_ALERT})
_RTCP: Final = frozenset({Source.RTCP, Source.RTCP_JSON, Source.RTCP_PION})
INTERVAL, CUMULATIVE = "interval", "cumulative"


@dataclass(slots=True)
class MediaRow:
    """Fields are the columns; times are microseconds since 1970, addresses packed."""

    time: int
    received_at: int
    id: int
    number: int
    protocol_type: int
    kind: str
    node: str = ""
    call_id: str = ""
    joined_by: str = ""
    correlation_id: str | None = None
    source: bytes | None = None
    source_port: int | None = None
    destination: bytes | None = None
    destination_port: int | None = None
    way: str = ""
    loss_window: str = ""
    is_final: bool = False
    started_at: int | None = None
    stopped_at: int | None = None
    ssrc: int | None = None
    reporter: str | None = None
    packets: int | None = None
    packets_lost: int | None = None
    loss: float | None = None
    discarded: float | None = None
    jitter_units: float | None = None
    jitter_ms: float | None = None
    jitter_max_ms: float | None = None
    round_trip_ms: float | None = None
    is_round_trip_said: bool | None = None
    one_way_ms: float | None = None
    end_system_ms: float | None = None
    jitter_buffer_ms: float | None = None
    ptime_ms: float | None = None
    plc: str | None = None
    mos_lq_said: float | None = None
    mos_cq_said: float | None = None
    mos_min_said: float | None = None
    r_lq_said: float | None = None
    r_cq_said: float | None = None
    payload_type: int | None = None
    clock_hz: int | None = None
    codec: str | None = None
    codec_from: str | None = None
    medium: str | None = None
    mos: float | None = None
    r: float | None = None
    context: str | None = None

    @property
    def worst_mos(self) -> float | None:
        """The MOS that counts for the call: ours, else what the source said."""
        said = self.mos_lq_said if self.mos_cq_said is None else self.mos_cq_said
        return said if self.mos is None else self.mos


JOINED: Final = (
    "call_id",
    "joined_by",
    "medium",
    "codec",
    "codec_from",
    "jitter_ms",
    "mos",
    "r",
    "context",
)
"""Columns that joining changes."""

_TIMES: Final = frozenset({"time", "received_at", "started_at", "stopped_at"})
_ADDRESSES: Final = frozenset({"source", "destination"})
_TYPES: Final[dict[str, Callable[..., bytes]]] = {
    **dict.fromkeys(("id", "ssrc", "packets", "packets_lost"), copy.int8),
    **dict.fromkeys(("number", "protocol_type", "payload_type"), copy.int2),
    **dict.fromkeys(("source_port", "destination_port", "clock_hz"), copy.int4),
    **dict.fromkeys(("is_final", "is_round_trip_said"), _BOOLEANS.__getitem__),
    **dict.fromkeys(
        (
            *("kind", "node", "call_id", "joined_by", "correlation_id", "way", "loss_window"),
            *("reporter", "plc", "codec", "codec_from", "medium", "context"),
        ),
        copy.text,
    ),
    **dict.fromkeys(_TIMES, copy.timestamptz),
    **dict.fromkeys(_ADDRESSES, copy.inet),
}

COLUMNS: Final = tuple(field.name for field in fields(MediaRow))
_ENCODERS: Final = tuple((name, _TYPES.get(name, copy.real)) for name in COLUMNS)
_HEAD: Final = copy.row(len(COLUMNS))


def encode(row: MediaRow) -> bytes:
    """Return a row for COPY."""
    return _HEAD + b"".join([encoder(getattr(row, name)) for name, encoder in _ENCODERS])


def _selected(column: str) -> str:
    if column in _TIMES:
        return f"hepscope.unix_us(m.{column}) as {column}"
    if column in _ADDRESSES:
        # Without its head of four bytes the wire form is the packed address.
        return f"substr(inet_send(m.{column}), 5) as {column}"
    return f"m.{column}"


SELECTED: Final = ", ".join(map(_selected, COLUMNS))
"""The columns of ``media m`` as ``of_record`` takes them."""


def of_record(record: asyncpg.Record) -> MediaRow:
    """Return the row of a record of SELECTED."""
    return MediaRow(**dict(record))


def narrow(value: float | None) -> float | None:
    """Return a number as the column holds it, so that sums over rows are those of what is stored.

    One that does not fit is None.
    """
    if value is None:
        return None
    try:
        narrowed: float = _REAL.unpack(_REAL.pack(value))[0]
    except OverflowError:
        return None
    return narrowed


def says_something(report: StreamReport) -> bool:
    """Tell whether a report says anything of a stream's quality, not only of its size."""
    return any(
        said is not None
        for said in (
            report.loss,
            report.packets_lost,
            report.packets_discarded,
            report.fraction_discarded,
            report.jitter_units,
            report.jitter_ms,
            report.round_trip_ms,
            report.one_way_delay_ms,
            report.mos_lq,
            report.mos_cq,
            report.r_lq,
            report.r_cq,
        )
    )


def fill(row: MediaRow, report: StreamReport) -> None:
    """Take over what a report says; the ends are the caller's."""
    row.way = report.way.value if report.way is not None else ""
    row.loss = narrow(report.loss)
    row.loss_window = _window(report) if report.loss is not None else ""
    row.is_final = report.is_final
    row.started_at, row.stopped_at = report.start_us, report.stop_us
    row.ssrc = report.ssrc
    row.reporter = report.reporter
    row.packets = next(
        (
            count
            for count in (report.packets_received, report.packets_sent, report.packets_expected)
            if count is not None
        ),
        None,
    )
    row.packets_lost = report.packets_lost
    row.discarded = _discarded(report)
    row.jitter_units, row.jitter_ms = report.jitter_units, narrow(report.jitter_ms)
    row.jitter_max_ms = report.jitter_max_ms
    row.round_trip_ms = narrow(report.round_trip_ms)
    row.is_round_trip_said = None if report.round_trip_ms is None else True
    row.one_way_ms, row.end_system_ms = report.one_way_delay_ms, report.end_system_delay_ms
    row.jitter_buffer_ms, row.ptime_ms = report.jitter_buffer_ms, report.ptime_ms
    row.plc = report.plc.value if report.plc is not None else None
    row.mos_lq_said, row.mos_cq_said = report.mos_lq, report.mos_cq
    row.mos_min_said = report.mos_min
    row.r_lq_said, row.r_cq_said = report.r_lq, report.r_cq
    row.payload_type, row.clock_hz, row.codec = report.payload_type, report.clock_hz, report.codec
    if report.call_id:
        row.call_id, row.joined_by = stored_call_id(report.call_id), "report"


def _window(report: StreamReport) -> str:
    """Return what time the loss is of: since the report before, or since the stream began."""
    if report.source in _VQ_INTERVALS:
        return INTERVAL
    if report.source in _RTCP and report.fraction_lost is not None:
        return INTERVAL
    return CUMULATIVE


def _discarded(report: StreamReport) -> float | None:
    if report.fraction_discarded is not None:
        return report.fraction_discarded
    if report.packets_discarded is None or not report.packets_received:
        return None
    return min(report.packets_discarded / report.packets_received, 1.0)
