"""A sink that pushes to the strict fake, and the traffic that it reads."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry

from hep import admit, partition_of
from hepscope_common.bus import Bus, TopicPartition
from hepscope_common.bus.topics import topic_of
from hepscope_common.clock import wall_clock_us
from hepscope_common.runtime import Supervisor
from hepscope_storage_writer.loki.component import LokiSink
from hepscope_storage_writer.loki.settings import LokiSettings
from support.builders import make_packet, make_request
from support.loki import Loki
from support.service import Metrics

PEER = bytes([192, 0, 2, 9]) + (9060).to_bytes(2, "big")
PREFIX = "hepscope_writer_loki_"


def settings_of(loki: Loki, **values: Any) -> LokiSettings:
    """Return settings that do not make tests wait."""
    chosen = {
        "url": loki.url,
        "batch_wait_ms": 10,
        "retry_min_ms": 5,
        "retry_max_ms": 40,
        "timeout_seconds": 60,
        "drain_seconds": 60,
        **values,
    }
    return LokiSettings.model_validate(chosen)


@dataclass
class Rig:
    """A running sink."""

    sink: LokiSink
    registry: CollectorRegistry
    supervisor: Supervisor = field(default_factory=Supervisor)

    def count(self, name: str, **labels: str) -> float:
        """Return the sum of the samples of a metric that have these labels."""
        return sum(
            sample.value
            for family in self.registry.collect()
            for sample in family.samples
            if sample.name == PREFIX + name and labels.items() <= sample.labels.items()
        )


@asynccontextmanager
async def running_sink(bus: Bus, settings: LokiSettings, *, drops: bool) -> AsyncIterator[Rig]:
    """Run a sink for a while; an error in its tasks fails the test."""
    registry, supervisor = CollectorRegistry(), Supervisor()
    sink = LokiSink(settings, bus=bus, registry=registry, supervisor=supervisor, drops=drops)
    async with sink:
        yield Rig(sink, registry, supervisor)
    if supervisor.failure is not None:
        raise supervisor.failure


def sip(number: int, *, node: str = "edge", payload: bytes = b"", **values: Any) -> bytes:
    """Return a HEP packet of a SIP request whose Call-ID tells its number."""
    message = payload or make_request(call_id=f"call-{number:06d}@example.org")
    chosen = {"time_us": wall_clock_us(), "node_name": node.encode(), **values}
    return make_packet(message, **chosen)


def log(text: str, *, node: str = "edge", correlation: str = "c", **values: Any) -> bytes:
    """Return a HEP packet of a log line."""
    chosen = {"time_us": wall_clock_us(), "protocol_type": 100, **values}
    return make_packet(
        text.encode(), node_name=node.encode(), correlation_id=correlation.encode(), **chosen
    )


async def put(
    bus: Bus, packets: Iterable[bytes], *, per_record: int = 20, received_at_us: int = 0
) -> None:
    """Put packets on a bus as ingest does, and wait until they are there."""
    producer = bus.producer()
    waiting: dict[TopicPartition, list[bytes]] = {}

    async def close(where: TopicPartition) -> None:
        found = waiting.pop(where)
        await producer.send(*where, b"".join(found), len(found))

    for packet in packets:
        admitted = admit(packet, received_at_us=received_at_us or wall_clock_us(), peer=PEER)
        where = TopicPartition(
            topic_of(admitted.protocol_type), partition_of(admitted.routing_key, bus.partitions)
        )
        waiting.setdefault(where, []).append(admitted.packet)
        if len(waiting[where]) >= per_record:
            await close(where)
    for where in list(waiting):
        await close(where)
    await producer.flush()


async def until(
    condition: Callable[[], object], what: str = "it", *, seconds: float = 60.0
) -> None:
    """Return once a condition holds; fails when it does not within the time."""
    try:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"{what}: not within {seconds:.0f} s") from None


def numbers(loki: Loki) -> list[int]:
    """Return the numbers of the calls whose lines were stored, in order of their coming."""
    return [int(line.metadata["call_id"][5:11]) for line in loki.lines]


def assert_in_order(loki: Loki, found: Sequence[int] | None = None) -> None:
    """Each stream first sees its lines in the order of their numbers."""
    order: dict[object, list[int]] = {}
    for line, number in zip(loki.lines, found or numbers(loki), strict=True):
        mine = order.setdefault(line.stream, [])
        if number not in mine:
            mine.append(number)
    assert order
    for mine in order.values():
        assert mine == sorted(mine)


def metrics_of(text: str) -> Metrics:
    """Return the samples of a scrape."""
    return Metrics(text)
