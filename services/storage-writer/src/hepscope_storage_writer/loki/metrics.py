"""Metrics of the Loki sink."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Protocol

from prometheus_client import CollectorRegistry

from hepscope_common.metrics import CounterFamily, GaugeFamily, PlainCollector
from hepscope_storage_writer.loki.answers import Refused, Verdict
from hepscope_storage_writer.times import TimeReason

Samples = Iterable[tuple[tuple[str, ...], float]]


class Unread(StrEnum):
    """Why a packet is no line. Closed: each is a metric label."""

    UNDECODABLE = "undecodable"
    EMPTY = "empty"


class Changed(StrEnum):
    """What was done to a line so that Loki takes it. Closed: each is a metric label."""

    ESCAPED = "escaped"
    CUT = "cut"


class Passed(StrEnum):
    """Why a record never became lines. Closed: each is a metric label."""

    EXPIRED = "expired"
    TOO_OLD = "too_old"
    DROPPED = "dropped"
    ENDED = "ended"


class Readings(Protocol):
    """What the gauges ask a sink."""

    @property
    def lag_seconds(self) -> float:
        """Since the arrival of the oldest packet in hand; 0 when there is none."""
        ...

    @property
    def waiting_bytes(self) -> float:
        """Bytes of records and lines in memory."""
        ...

    @property
    def is_up(self) -> bool:
        """Whether Loki took the last push."""
        ...

    @property
    def stream_count(self) -> int:
        """Label sets so far."""
        ...

    def lag(self) -> Samples:
        """Records not acknowledged, by topic and partition."""
        ...

    def positions(self) -> Samples:
        """The first offset not acknowledged, by topic and partition."""
        ...


class LokiMetrics:
    """Every metric of the sink, on the registry given."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.lines = CounterFamily(
            "hepscope_writer_loki_lines_total",
            "Lines that Loki acknowledged, by type.",
            ["type"],
        )
        self.bytes = CounterFamily(
            "hepscope_writer_loki_bytes_total",
            "Bytes of those lines and their structured metadata.",
        )
        self.sent_bytes = CounterFamily(
            "hepscope_writer_loki_sent_bytes_total",
            "Bytes of pushes as sent, compressed, repeated ones included.",
        )
        self.pushes = CounterFamily(
            "hepscope_writer_loki_pushes_total",
            "Pushes by what Loki answered.",
            ["outcome"],
            known=[(verdict,) for verdict in Verdict],
        )
        self.retries = CounterFamily(
            "hepscope_writer_loki_retries_total",
            "Pauses after a push that Loki did not take.",
        )
        self.refused = CounterFamily(
            "hepscope_writer_loki_refused_total",
            "Lines that Loki refused for good, by the reason that it gave.",
            ["reason"],
            known=[(reason,) for reason in Refused],
        )
        self.passed = CounterFamily(
            "hepscope_writer_loki_passed_records_total",
            "Records that never became lines: expired on the bus, older than `backlog_hours`,"
            " dropped because the buffer was full, or still in memory at the end.",
            ["reason"],
            known=[(reason,) for reason in Passed],
        )
        self.unread = CounterFamily(
            "hepscope_writer_loki_unread_total",
            "Packets that are no lines, by reason.",
            ["reason"],
            known=[(reason,) for reason in Unread],
        )
        self.changed = CounterFamily(
            "hepscope_writer_loki_changed_total",
            "Lines changed so that Loki takes them: bytes that are not UTF-8 escaped, or cut.",
            ["change"],
            known=[(change,) for change in Changed],
        )
        self.times = CounterFamily(
            "hepscope_writer_loki_times_replaced_total",
            "Packets whose own time is not that of their line, by reason.",
            ["reason"],
            known=[(reason,) for reason in TimeReason],
        )
        self._readings: Readings | None = None
        families = [value for value in vars(self).values() if isinstance(value, CounterFamily)]
        self.collector = PlainCollector(registry, [*families, *self._gauges()])

    def watch(self, readings: Readings) -> None:
        """Let the gauges read a running sink; they have no samples before."""
        self._readings = readings

    def _gauges(self) -> list[GaugeFamily]:
        def plain(read: Callable[[Readings], float]) -> Callable[[], Samples]:
            return lambda: [((), read(self._readings))] if self._readings is not None else []

        def listed(read: Callable[[Readings], Samples]) -> Callable[[], Samples]:
            return lambda: read(self._readings) if self._readings is not None else []

        where = ("topic", "partition")
        return [
            GaugeFamily(
                "hepscope_writer_loki_up",
                "1 unless the last push failed.",
                plain(lambda readings: float(readings.is_up)),
            ),
            GaugeFamily(
                "hepscope_writer_loki_lag_seconds",
                "Since the arrival of the oldest packet that is taken from the bus and not"
                " acknowledged by Loki.",
                plain(lambda readings: readings.lag_seconds),
            ),
            GaugeFamily(
                "hepscope_writer_loki_lag_records",
                "Records of the bus that Loki has not acknowledged.",
                listed(lambda readings: readings.lag()),
                where,
            ),
            GaugeFamily(
                "hepscope_writer_loki_position",
                "Offset of the first record that Loki has not acknowledged.",
                listed(lambda readings: readings.positions()),
                where,
            ),
            GaugeFamily(
                "hepscope_writer_loki_waiting_bytes",
                "Bytes of records and lines that wait in memory for Loki.",
                plain(lambda readings: readings.waiting_bytes),
            ),
            GaugeFamily(
                "hepscope_writer_loki_streams",
                "Label sets that lines had so far.",
                plain(lambda readings: readings.stream_count),
            ),
        ]
