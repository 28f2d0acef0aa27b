"""Metrics of the exporter: what the traffic on the bus is, and how the exporter itself fares."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from hepscope_common.metrics import CounterFamily, Family, GaugeFamily, PlainCollector

Values = Iterable[tuple[tuple[str, ...], float]]


def _nothing() -> Values:
    return ()


def _zero() -> int:
    return 0


@dataclass(frozen=True, slots=True)
class Readings:
    """Asked at scrape; the defaults are those of an exporter that does nothing."""

    lag: Callable[[], Values] = _nothing
    sessions: Callable[[], Mapping[str, int]] = dict
    """Calls under way by scope, "" being all nodes as one capture."""
    attempts: Callable[[], int] = _zero
    evicted: Callable[[], int] = _zero
    takeovers: Callable[[], int] = _zero
    rebuilt: Callable[[], int] = _zero
    skipped: Callable[[], int] = _zero
    remembered_sdp: Callable[[], int] = _zero
    geoip_errors: Callable[[], int] = _zero
    names: Callable[[], int] = _zero
    names_errors: Callable[[], int] = _zero


def own_families(readings: Readings) -> list[Family]:
    """Return the metrics that are read off the exporter's state."""

    def one(read: Callable[[], int]) -> Callable[[], Values]:
        return lambda: [((), read())]

    def all_sessions() -> Values:
        return [((), readings.sessions().get("", 0))]

    def node_sessions() -> Values:
        return [((node,), count) for node, count in readings.sessions().items() if node]

    return [
        GaugeFamily(
            "hepscope_sessions_concurrent",
            "Calls under way: answered, and not hung up.",
            all_sessions,
            clause="RFC 6076 4.5",
        ),
        GaugeFamily(
            "hepscope_node_sessions_concurrent",
            "Calls under way, as a node saw them.",
            node_sessions,
            ("node",),
            clause="RFC 6076 4.5",
        ),
        GaugeFamily(
            "hepscope_exporter_lag_records",
            "Records on the bus that the exporter has not counted yet.",
            readings.lag,
            ("topic", "partition"),
        ),
        GaugeFamily(
            "hepscope_exporter_attempts",
            "Transactions of attempts that are remembered, in all views.",
            one(readings.attempts),
        ),
        GaugeFamily(
            "hepscope_exporter_descriptions",
            "Calls whose session description is remembered for the codec of their media reports.",
            one(readings.remembered_sdp),
        ),
        CounterFamily(
            "hepscope_exporter_evicted_total",
            "Attempts and sessions forgotten before their time, because there were too many.",
            read=readings.evicted,
        ),
        CounterFamily(
            "hepscope_exporter_takeovers_total",
            "Partitions taken over without the state that another exporter had.",
            read=readings.takeovers,
        ),
        CounterFamily(
            "hepscope_exporter_rebuilt_records_total",
            "Records read again after a take-over, to know the calls under way; not counted.",
            read=readings.rebuilt,
        ),
        CounterFamily(
            "hepscope_exporter_skipped_records_total",
            "Records that the bus forgot while they waited to be counted.",
            read=readings.skipped,
        ),
        CounterFamily(
            "hepscope_exporter_geoip_errors_total",
            "Times that the file of countries could not be used.",
            read=readings.geoip_errors,
        ),
        GaugeFamily("hepscope_names", "Named addresses in force.", one(readings.names)),
        CounterFamily(
            "hepscope_names_errors_total",
            "Times that the file of named addresses could not be used.",
            read=readings.names_errors,
        ),
    ]


class ExporterMetrics:
    """Everything that the exporter exposes, in the order of the reference page."""

    def __init__(self, registry: CollectorRegistry, families: Iterable[Family]) -> None:
        self.collector = PlainCollector(
            registry, list(families), series_name="hepscope_exporter_series"
        )
