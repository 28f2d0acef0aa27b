"""The exporter: its own consumer group on the bus, counting what passes."""

import asyncio
from types import TracebackType
from typing import Self

from prometheus_client import CollectorRegistry

from hepscope_common.bus import TOPICS, Bus, TopicPartition
from hepscope_common.runtime import Supervisor, cancel
from hepscope_metrics_exporter.methods import MethodLabels
from hepscope_metrics_exporter.metrics import ExporterMetrics
from hepscope_metrics_exporter.settings import MetricsSettings
from hepscope_metrics_exporter.traffic import TrafficCounter

GROUP = "exporter"

POLL_BYTES = 256 * 1024
"""A few records a turn: counting them takes a few milliseconds, so the loop stays responsive."""

POLL_SECONDS = 1.0


class Exporter:
    """Counts packets by node, type and version, and SIP by method and class."""

    name = "exporter"
    drain_seconds = 10.0

    def __init__(
        self,
        settings: MetricsSettings,
        bus: Bus,
        registry: CollectorRegistry,
        supervisor: Supervisor,
    ) -> None:
        methods = MethodLabels(settings.methods)
        self._consumer = bus.consumer(GROUP, TOPICS)
        self.metrics = ExporterMetrics(
            registry,
            methods,
            max_nodes=settings.max_nodes,
            lag=lambda: [
                ((at.topic, str(at.partition)), behind)
                for at, behind in self._consumer.lag().items()
            ],
        )
        self._traffic = TrafficCounter(self.metrics, methods)
        self._supervisor = supervisor
        self._task: asyncio.Task[None] | None = None

    def ready(self) -> tuple[bool, str]:
        """Tell whether counting goes on."""
        running = self._task is not None and not self._task.done()
        return running, "counting" if running else "not running"

    async def __aenter__(self) -> Self:
        """Join the group and count."""
        await self._consumer.__aenter__()
        self._task = self._supervisor.start(self._run(), name=self.name)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Count what is on the bus, then leave the group."""
        await cancel(self._task)
        while await self._count(0):
            pass
        await self._consumer.__aexit__(kind, error, trace)

    async def _run(self) -> None:
        while True:
            await self._count(POLL_SECONDS)
            # A bus that always has more would never let another task run.
            await asyncio.sleep(0)

    async def _count(self, timeout_seconds: float) -> int:
        records = await self._consumer.poll(max_bytes=POLL_BYTES, timeout_seconds=timeout_seconds)
        for record in records:
            self._traffic.count(record.value, record.topic)
        self._consumer.commit(
            {TopicPartition(one.topic, one.partition): one.offset + 1 for one in records}
        )
        return len(records)
