"""The exporter: its own consumer group on the bus, counting what passes."""

import asyncio
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from prometheus_client import CollectorRegistry

from hepscope_common.bus import SIGNALLING, TOPICS, Bus, Record, TopicPartition
from hepscope_common.bus.protocol import OffsetOutOfRange
from hepscope_common.clock import Clock, wall_clock_us
from hepscope_common.logs import Throttle, get_logger
from hepscope_common.names import Names, NamesSettings
from hepscope_common.runtime import Supervisor, cancel
from hepscope_metrics_exporter.counting import Counting
from hepscope_metrics_exporter.handover import Handover
from hepscope_metrics_exporter.metrics import Readings
from hepscope_metrics_exporter.settings import MetricsSettings

GROUP = "exporter"

POLL_BYTES = 256 * 1024
"""A few records a turn: counting them takes a few milliseconds, so the loop stays responsive."""

POLL_SECONDS = 1.0

RETRY_SECONDS = 1.0
"""Before partitions are taken over that the bus would not tell about."""

CALM_SECONDS = 30.0
"""After trouble with the bus, before its silence means that nothing happens: what waits at ingest
meanwhile may hold the answers that attempts wait for."""

DRAIN_SECONDS = 5.0

_log = get_logger("exporter")


class Exporter:
    """Counts packets, SIP, attempts, media and logs of the partitions that the group gives it."""

    name = "exporter"
    drain_seconds = 10.0

    def __init__(
        self,
        settings: MetricsSettings,
        bus: Bus,
        registry: CollectorRegistry,
        supervisor: Supervisor,
        names: Names | None = None,
        *,
        clock: Clock = wall_clock_us,
    ) -> None:
        names = names or Names(NamesSettings())
        self._clock = clock
        self._counting = Counting(settings, names, bus.partitions)
        self._handover = Handover(
            self._counting.make_shard, rewind_us=int(settings.rewind_seconds * 1e6), clock=clock
        )
        self._consumer = bus.consumer(GROUP, TOPICS, self._handover)
        self._handover.reader = self._consumer
        self._supervisor = supervisor
        self._skipped = 0
        self._troubled_at = float("-inf")
        self._throttle = Throttle(_log)
        self._task: asyncio.Task[None] | None = None
        self.metrics = self._counting.expose(registry, self._readings(names))

    def ready(self) -> tuple[bool, str]:
        """Tell whether counting goes on, and what is being read again."""
        if self._task is None or self._task.done():
            return False, "not running"
        rebuilding = self._handover.rebuilding
        return True, f"reading again: {len(rebuilding)} partitions" if rebuilding else "counting"

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
        """Count what is on the bus by now, as far as there is time, then leave the group."""
        await cancel(self._task)
        deadline = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < deadline and await self._count(0):
            pass
        await self._consumer.__aexit__(kind, error, trace)

    async def _run(self) -> None:
        while True:
            await self._count(POLL_SECONDS)
            # A bus that always has more would never let another task run.
            await asyncio.sleep(0)

    async def _count(self, timeout_seconds: float) -> int:
        """Count what a poll gives; returns the number of records."""
        records = await self._poll(timeout_seconds)
        handover, traffic = self._handover, self._counting.traffic
        counted: dict[TopicPartition, int] = {}
        for record in records:
            # A reader has partition n of every topic or of none.
            shard = handover.shards[record.partition]
            if handover.is_counted(record):
                if record.topic == SIGNALLING:
                    traffic.rebuild(record, shard)
                continue
            traffic.count(record, shard)
            counted[handover.count(record)] = record.offset + 1
        self._consumer.commit(counted)
        self._let_time_pass(records)
        self._counting.countries.follow()
        handover.tick()
        return len(records)

    async def _poll(self, timeout_seconds: float) -> list[Record]:
        try:
            return await self._consumer.poll(max_bytes=POLL_BYTES, timeout_seconds=timeout_seconds)
        except OffsetOutOfRange as error:
            gap = self._handover.skip_to(error.where, error.start)
            self._skipped += gap
            self._throttle.warning("gone", "%s; %d records were never counted", error, gap)
        except ConnectionError as error:
            self._throttle.warning("takeover", "partitions not taken over yet: %s", error)
            await asyncio.sleep(RETRY_SECONDS)
        return []

    def _let_time_pass(self, records: list[Record]) -> None:
        """Settle attempts whose time is over: by what arrived, by the clock where nothing does."""
        now_us = self._clock()
        busy = {record.partition for record in records}
        lag = self._consumer.lag()
        is_calm = self._is_calm()
        for number, shard in self._handover.shards.items():
            to_us = min(shard.arrived_us, now_us)
            if is_calm and number not in busy and not lag.get(_signalling(number)):
                to_us = now_us
            events = shard.advance(to_us)
            if events:
                self._counting.traffic.count_events(events)

    def _is_calm(self) -> bool:
        now = time.monotonic()
        if self._consumer.trouble:
            self._troubled_at = now
        return now - self._troubled_at >= CALM_SECONDS

    def _sessions(self) -> Mapping[str, int]:
        """Return the calls under way by scope, of all partitions that are held."""
        sums: dict[str, int] = {}
        for shard in self._handover.shards.values():
            for scope, count in shard.folding.sessions.by_node.items():
                sums[scope] = sums.get(scope, 0) + count
        return sums

    def _readings(self, names: Names) -> Readings:
        handover = self._handover
        return Readings(
            lag=lambda: [
                ((at.topic, str(at.partition)), behind)
                for at, behind in self._consumer.lag().items()
            ],
            sessions=self._sessions,
            attempts=lambda: sum(shard.folding.exchanges for shard in handover.shards.values()),
            evicted=lambda: handover.evicted,
            takeovers=lambda: handover.takeovers,
            rebuilt=lambda: handover.rebuilt_records,
            skipped=lambda: self._skipped,
            remembered_sdp=lambda: len(self._counting.memory),
            geoip_errors=lambda: self._counting.countries.errors,
            names=lambda: len(names.entries),
            names_errors=lambda: names.errors,
        )


def _signalling(number: int) -> TopicPartition:
    return TopicPartition(SIGNALLING, number)
