"""Metrics of the storage writer. Plain integers while it works, samples when somebody asks."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Protocol

from prometheus_client import CollectorRegistry

from hep import Reason
from hep.media.errors import Reason as MediaReason
from hepscope_common.metrics import CounterFamily, GaugeFamily, PlainCollector
from hepscope_storage_writer import packet_rows, sip_rows
from hepscope_storage_writer.dead_letters import BAD_REPORT, REFUSED
from hepscope_storage_writer.media_plan import JOINED_WAYS
from hepscope_storage_writer.times import TimeReason

_TABLES = (*sip_rows.ROOTS.values(), *packet_rows.ROOTS.values())
_STRAYS = (sip_rows.STRAY, packet_rows.STRAY)


class Outcome(StrEnum):
    """How an attempt to store a batch ended. Closed: each is a metric label."""

    COMMITTED = "committed"
    ALREADY = "already_committed"
    BUSY = "busy"
    TIMEOUT = "timeout"
    LEAF_GONE = "leaf_gone"
    POISON = "poison"
    STALE = "stale"
    STALE_ORIGINS = "stale_origins"


Samples = Iterable[tuple[tuple[str, ...], float]]


class WriterMetrics:
    """Every metric that the writer exports, on the registry given."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.rows = CounterFamily(
            "hepscope_writer_rows_total",
            "Rows committed, by table. Strays are in it under the table they were meant for.",
            ["table"],
            known=[(table,) for table in _TABLES],
        )
        self.strays = CounterFamily(
            "hepscope_writer_strays_total",
            "Rows whose time no partition takes, committed to a table beside; should stay 0.",
            ["table"],
            known=[(table,) for table in _STRAYS],
        )
        self.facts = CounterFamily(
            "hepscope_writer_facts_total",
            "Call and registration records merged into the database, one per record and batch.",
            ["table"],
            known=[("call",), ("registration",)],
        )
        self.expired_facts = CounterFamily(
            "hepscope_writer_expired_facts_total",
            "Registration records of days that retention has dropped already.",
        )
        self.parties = CounterFamily(
            "hepscope_writer_parties_total", "Parties written to the search table."
        )
        self.attempts = CounterFamily(
            "hepscope_writer_attempts_total",
            "Attempts to store a batch, by how they ended.",
            ["outcome"],
            known=[(outcome,) for outcome in Outcome],
        )
        self.times = CounterFamily(
            "hepscope_writer_times_replaced_total",
            "Packets whose own time was not used as it came, by reason.",
            ["reason"],
            known=[(reason,) for reason in TimeReason],
        )
        self.dead_letters = CounterFamily(
            "hepscope_writer_dead_letters_total",
            "Packets that could not be stored and went to the dead letters, by reason.",
            ["reason"],
            known=[*((reason,) for reason in Reason), (REFUSED,), (BAD_REPORT,)],
        )
        self.dead_letters_dropped = CounterFamily(
            "hepscope_writer_dead_letters_dropped_total",
            "Dead letters over `dead_letters_per_minute`, which were counted and dropped.",
        )
        self.duplicates = CounterFamily(
            "hepscope_writer_duplicates_total",
            "Packets skipped because they are stored already: they were sent twice.",
        )
        self.expired_origins = CounterFamily(
            "hepscope_writer_origins_expired_total",
            "Origins forgotten because they were silent for longer than `origin_days`.",
        )
        self.node_reports = CounterFamily(
            "hepscope_writer_node_reports_total",
            "Packets in which ingest reports on its capture nodes, committed to their table.",
        )
        self.media_reports = CounterFamily(
            "hepscope_writer_media_reports_total",
            "Reports on RTP streams committed, by how their call was known when they were stored.",
            ["joined"],
            known=[(way,) for way in JOINED_WAYS],
        )
        self.media_errors = CounterFamily(
            "hepscope_writer_media_errors_total",
            "Packets and messages whose media report could not be read, by reason; the packet"
            " itself is stored.",
            ["reason"],
            known=[(reason,) for reason in MediaReason],
        )
        self.media_offers = CounterFamily(
            "hepscope_writer_media_offers_total",
            "Addresses that calls offered for their media, committed.",
        )
        self.media_expired = CounterFamily(
            "hepscope_writer_media_expired_total",
            "Media reports and offers of days that retention has dropped already.",
        )
        self.nodes_dropped = CounterFamily(
            "hepscope_writer_nodes_dropped_total",
            "Capture nodes left out of the node table because too many names came at once.",
        )
        self._readings: Readings | None = None
        families = [value for value in vars(self).values() if isinstance(value, CounterFamily)]
        self.collector = PlainCollector(registry, [*families, *self._gauges()])

    def watch(self, readings: "Readings") -> None:
        """Let the gauges read a running writer; they have no samples before."""
        self._readings = readings

    def _gauges(self) -> list[GaugeFamily]:
        def plain(read: "Callable[[Readings], float]") -> Callable[[], Samples]:
            return lambda: [((), read(self._readings))] if self._readings is not None else []

        return [
            GaugeFamily(
                "hepscope_writer_backlog_bytes",
                "Bytes of records taken from the bus and not yet committed.",
                plain(lambda readings: readings.backlog_bytes),
            ),
            GaugeFamily(
                "hepscope_writer_lag_records",
                "Records on the bus that were not yet taken.",
                plain(lambda readings: readings.lag_records),
            ),
            GaugeFamily(
                "hepscope_writer_stopped_partitions",
                "Assigned bus partitions that another writer has taken over.",
                plain(lambda readings: readings.stopped_partitions),
            ),
            GaugeFamily(
                "hepscope_writer_cached_calls",
                "Calls whose row is remembered.",
                plain(lambda readings: readings.cached_calls),
            ),
            GaugeFamily(
                "hepscope_writer_cached_origins",
                "Origins (numbering senders, per bus partition) that are remembered.",
                plain(lambda readings: readings.cached_origins),
            ),
            GaugeFamily(
                "hepscope_writer_given_up_records",
                "Records given up for ever by `hepscope positions accept-gap`, of the bus"
                " partitions owned, as of their take-over.",
                plain(lambda readings: readings.given_up_records),
            ),
            GaugeFamily(
                "hepscope_writer_batch_age_seconds",
                "Age of the batch at work on a connection, 0 when there is none.",
                lambda: self._readings.batch_ages() if self._readings is not None else [],
                ["connection"],
            ),
        ]


class Readings(Protocol):
    """What the gauges ask a running writer."""

    @property
    def backlog_bytes(self) -> float:
        """Bytes of records taken from the bus and not yet committed."""
        ...

    @property
    def lag_records(self) -> float:
        """Records on the bus that were not yet taken."""
        ...

    @property
    def stopped_partitions(self) -> float:
        """Assigned partitions that another writer has taken over."""
        ...

    @property
    def cached_origins(self) -> float:
        """Origins whose highest number is remembered."""
        ...

    @property
    def given_up_records(self) -> float:
        """Records given up by accepted gaps, ever, of the partitions owned."""
        ...

    @property
    def cached_calls(self) -> float:
        """Calls whose row is remembered."""
        ...

    def batch_ages(self) -> Samples:
        """Age of each connection's batch in seconds, by the connection's number."""
        ...
