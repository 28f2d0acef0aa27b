"""The exporter goes on when the bus has lost records, or does not answer for a while."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry

from hepscope_common.bus import SIGNALLING, Listener, MemoryBus, Record, TopicPartition
from hepscope_common.bus.memory_consumer import Group, MemoryConsumer
from hepscope_common.bus.protocol import OffsetOutOfRange
from hepscope_common.runtime import Supervisor
from hepscope_metrics_exporter.component import GROUP, Exporter
from hepscope_metrics_exporter.settings import MetricsSettings
from support.builders import BASE_US, make_packet, make_request
from unit.metrics_exporter.call_flow import invite
from unit.metrics_exporter.exporter_world import arrived

SIP = TopicPartition(SIGNALLING, 0)


class TroubledConsumer(MemoryConsumer):
    """A consumer whose polls fail first, and that says what keeps it from reading."""

    errors: Sequence[Exception] = ()
    said = ""

    @property
    def trouble(self) -> str:
        """What the test lets it say."""
        return self.said

    async def poll(self, *, max_bytes: int, timeout_seconds: float) -> list[Record]:
        """Raise what is to be raised, then read."""
        if self.errors:
            error, *self.errors = self.errors
            raise error
        return await super().poll(max_bytes=max_bytes, timeout_seconds=timeout_seconds)


class TroubledBus(MemoryBus):
    """A bus that gives such a consumer."""

    def consumer(
        self, group: str, topics: Sequence[str], listener: Listener | None = None
    ) -> TroubledConsumer:
        """Return the one member of the group."""
        found = Group(group, topics, self.partitions, self.logs)
        self.groups[group] = found
        self.reader = TroubledConsumer(found, "one", listener, self.logs, self.trim)
        return self.reader


class Rig:
    """An exporter on such a bus, driven by the test."""

    def __init__(self) -> None:
        self.now_us = BASE_US
        self.registry = CollectorRegistry()
        self.bus = TroubledBus(groups=[GROUP], partitions=1)
        self.exporter = Exporter(
            MetricsSettings(late_seconds=0),
            self.bus,
            self.registry,
            Supervisor(),
            clock=lambda: self.now_us,
        )
        self.consumer = self.bus.reader

    def send(self, packet: bytes, time_us: int = BASE_US) -> None:
        """Put a packet on the bus."""
        assert self.bus.producer().offer(SIGNALLING, 0, arrived(packet, time_us), 1)

    def value(self, name: str, **labels: str) -> float | None:
        """Return the value of a series."""
        return self.registry.get_sample_value(name, labels)


async def test_records_that_are_gone_are_skipped_and_told() -> None:
    """Retention may be faster than an exporter that was away."""
    rig = Rig()
    async with rig.consumer:
        await rig.exporter._count(0)
        for number in range(3):
            rig.send(make_packet(make_request("OPTIONS", f"c{number}")))
        rig.consumer.errors = [OffsetOutOfRange(SIP, 0, 2, 3)]
        assert await rig.exporter._count(0) == 0
        assert await rig.exporter._count(0) == 1
    assert rig.value("hepscope_exporter_skipped_records_total") == 2
    assert rig.value("hepscope_sip_requests_total", method="OPTIONS") == 1


async def test_a_bus_that_does_not_answer_is_asked_again() -> None:
    """What was to be taken over is taken over later."""
    rig = Rig()
    async with rig.consumer:
        rig.send(make_packet(make_request("OPTIONS")))
        rig.consumer.errors = [ConnectionError("no broker answers")]
        assert await rig.exporter._count(0) == 0
        assert await rig.exporter._count(0) == 1
    assert rig.value("hepscope_sip_requests_total", method="OPTIONS") == 1


async def test_silence_of_a_troubled_bus_settles_nothing() -> None:
    """The answer may wait at ingest; silence of a sound one means that none came."""
    rig = Rig()
    async with rig.consumer:
        for time_us, packet in invite("call", None).packets:
            rig.send(packet, time_us)
        await rig.exporter._count(0)
        rig.consumer.said = "no broker answers"
        rig.now_us += 60_000_000
        await rig.exporter._count(0)
        assert rig.value("hepscope_kpi_denominator_total", kpi="ser") == 0
    sound = Rig()
    async with sound.consumer:
        for time_us, packet in invite("call", None).packets:
            sound.send(packet, time_us)
        await sound.exporter._count(0)
        sound.now_us += 60_000_000
        await sound.exporter._count(0)
        assert sound.value("hepscope_kpi_denominator_total", kpi="ser") == 1


async def test_an_ingest_whose_clock_is_ahead_ends_no_attempt() -> None:
    """The time of arrival is never believed beyond the present."""
    rig = Rig()
    async with rig.consumer:
        for time_us, packet in invite("call", None).packets:
            rig.send(packet, time_us)
        rig.send(make_packet(make_request("OPTIONS", "other")), BASE_US + 3_600_000_000)
        await rig.exporter._count(0)
    assert rig.value("hepscope_kpi_denominator_total", kpi="ser") == 0
