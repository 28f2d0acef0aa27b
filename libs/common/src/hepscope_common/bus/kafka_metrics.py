"""What a service exports about its bus on Kafka."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from prometheus_client import CollectorRegistry

from hepscope_common.bus.kafka_consumer import KafkaConsumer
from hepscope_common.bus.kafka_producer import KafkaProducer
from hepscope_common.metrics import CounterFamily, GaugeFamily, PlainCollector

Samples = list[tuple[tuple[str, ...], float]]


class Ends(Protocol):
    """The ends of a bus: what a process writes with, and what it reads with."""

    @property
    def producing(self) -> KafkaProducer | None:
        """The producer, once somebody asked for it."""
        ...

    @property
    def consumers(self) -> Sequence[KafkaConsumer]:
        """The readers."""
        ...


def export(registry: CollectorRegistry, ends: Ends) -> PlainCollector:
    """Put the metrics of a bus on a registry."""

    def produced(name: str) -> int:
        return 0 if ends.producing is None else int(getattr(ends.producing, name))

    def gauge(name: str) -> Samples:
        return [] if ends.producing is None else [((), float(getattr(ends.producing, name)))]

    def lag() -> Iterable[tuple[tuple[str, ...], float]]:
        return [
            ((one.group, at.topic, str(at.partition)), behind)
            for one in ends.consumers
            for at, behind in one.lag().items()
        ]

    return PlainCollector(
        registry,
        [
            CounterFamily(
                "hepscope_bus_produced_records_total",
                "Records taken to be put on Kafka.",
                read=lambda: produced("taken"),
            ),
            CounterFamily(
                "hepscope_bus_acknowledged_records_total",
                "Records that Kafka has on all replicas in sync.",
                read=lambda: produced("acknowledged"),
            ),
            CounterFamily(
                "hepscope_bus_producer_replaced_total",
                "Connections for producing made anew after an error or a stall.",
                read=lambda: produced("replaced"),
            ),
            GaugeFamily(
                "hepscope_bus_producer_waiting_bytes",
                "Bytes taken that Kafka has not acknowledged.",
                lambda: gauge("waiting_bytes"),
            ),
            GaugeFamily(
                "hepscope_bus_producer_stalled_seconds",
                "For how long the slowest partition with waiting records got no acknowledgement.",
                lambda: gauge("stalled_seconds"),
            ),
            CounterFamily(
                "hepscope_bus_rejoined_total",
                "Times that a reader joined its group anew after an error.",
                read=lambda: sum(one.rejoined for one in ends.consumers),
            ),
            CounterFamily(
                "hepscope_bus_commit_failures_total",
                "Commits of offsets that failed; they are only a hint for monitors.",
                read=lambda: sum(one.commits.failures for one in ends.consumers),
            ),
            GaugeFamily(
                "hepscope_bus_lag_records",
                "Records on Kafka that a group has not read, per assigned partition.",
                lag,
                ("group", "topic", "partition"),
            ),
        ],
    )
