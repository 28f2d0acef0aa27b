"""A whole exporter on a bus in memory, with a clock of its own, for tests of what it counts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry

from hep import admit, decode3
from hepscope_common.bus import SIGNALLING, MemoryBus
from hepscope_common.bus.topics import topic_of
from hepscope_common.names import Names, NamesSettings
from hepscope_common.runtime import Supervisor
from hepscope_metrics_exporter.component import GROUP, Exporter
from hepscope_metrics_exporter.settings import MetricsSettings
from support.builders import BASE_US
from unit.metrics_exporter.call_flow import CallFlow

PEER = bytes((127, 0, 0, 1, 0, 80))


@dataclass
class World:
    """An exporter and what is around it."""

    bus: MemoryBus
    exporter: Exporter
    registry: CollectorRegistry
    supervisor: Supervisor
    now: list[int] = field(default_factory=lambda: [BASE_US])

    def send(
        self, *packets: bytes, topic: str = SIGNALLING, received_at_us: int | None = None
    ) -> None:
        """Put packets on the bus as one record, arrived when they were captured unless told."""
        record = b"".join(
            packet if received_at_us is None else arrived(packet, received_at_us)
            for packet in packets
        )
        assert self.bus.producer().offer(topic, 0, record, len(packets))

    async def settle(self) -> None:
        """Return once everything sent is counted, and time has passed up to now."""
        while await self.exporter._count(0):
            pass

    async def play(self, *flows: CallFlow, until_s: float = 0.0) -> None:
        """Let the flows' packets arrive as they were captured, then time pass up to a moment."""
        packets = sorted(one for flow in flows for one in flow.packets)
        for time_us, packet in packets:
            self.send(packet, received_at_us=time_us)
        self.now[0] = max([self.now[0], *(time_us for time_us, _ in packets)])
        await self.settle()
        if until_s:
            self.now[0] = max(self.now[0], BASE_US + int(until_s * 1_000_000))
            await self.settle()

    def value(self, name: str, **labels: str) -> float | None:
        """Return the value of a series."""
        return self.registry.get_sample_value(name, labels)

    def total(self, name: str, **labels: str) -> float:
        """Return the sum of the series of a name that have these labels."""
        return sum(
            sample.value
            for family in self.registry.collect()
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def ratio(self, kpi: str) -> tuple[float | None, float | None]:
        """Return numerator and denominator of a KPI."""
        return (
            self.value("hepscope_kpi_numerator_total", kpi=kpi),
            self.value("hepscope_kpi_denominator_total", kpi=kpi),
        )

    def seconds(self, name: str, **labels: str) -> tuple[object, object]:
        """Return count and sum of a histogram."""
        return self.value(f"{name}_count", **labels), self.value(f"{name}_sum", **labels)


def arrived(packet: bytes, received_at_us: int) -> bytes:
    """Return a packet as ingest puts it on the bus."""
    return admit(packet, received_at_us=received_at_us, peer=PEER).packet


def make_world(names: Names | None = None, **settings: object) -> World:
    """Return an exporter that was not entered; the test drives it."""
    registry, supervisor = CollectorRegistry(), Supervisor()
    bus = MemoryBus(groups=[GROUP], partitions=1)
    now = [BASE_US]
    exporter = Exporter(
        MetricsSettings.model_validate(settings),
        bus,
        registry,
        supervisor,
        names or Names(NamesSettings()),
        clock=lambda: now[0],
    )
    return World(bus, exporter, registry, supervisor, now)


@asynccontextmanager
async def world(names: Names | None = None, **settings: object) -> AsyncIterator[World]:
    """An exporter that counts when the test lets it."""
    made = make_world(names, **settings)
    async with made.exporter._consumer:
        yield made


async def counted(
    *packets: bytes, topic: str = "", names: Names | None = None, **settings: object
) -> World:
    """Return an exporter that has counted these packets, each in the topic of its type."""
    async with world(names, **settings) as made:
        for packet in packets:
            made.send(packet, topic=topic or topic_of(protocol_type_of(packet)))
        await made.settle()
    assert made.supervisor.failure is None
    return made


def protocol_type_of(packet: bytes) -> int:
    """Return the type of a HEP3 packet."""
    return decode3(packet).protocol_type
