"""The Loki sink: one task reads the bus, another pushes; what is between them is bounded.

Loki being away is no reason for the process not to be ready: packets are stored all the same. It is
told in words at /readyz, and in metrics.
"""

import asyncio
import random
import time
from types import TracebackType
from typing import Final, Self

from prometheus_client import CollectorRegistry

from hepscope_common.bus.protocol import Bus, TopicPartition
from hepscope_common.clock import Clock, wall_clock_us
from hepscope_common.logs import Throttle, get_logger
from hepscope_common.runtime import Supervisor, cancel
from hepscope_storage_writer.loki.backlog import Backlog
from hepscope_storage_writer.loki.client import Client, make_form
from hepscope_storage_writer.loki.delivery import Delivery, NotTakenError
from hepscope_storage_writer.loki.lines import Lines
from hepscope_storage_writer.loki.load import Load
from hepscope_storage_writer.loki.metrics import LokiMetrics, Passed, Samples
from hepscope_storage_writer.loki.reading import Reading
from hepscope_storage_writer.loki.settings import LokiSettings

MAX_DOUBLINGS: Final = 30

_log = get_logger("writer.loki")


class LokiSink:
    """The component. ``drops`` says that the bus is in memory and must not be held up."""

    name = "loki"

    def __init__(
        self,
        settings: LokiSettings,
        *,
        bus: Bus,
        registry: CollectorRegistry,
        supervisor: Supervisor,
        drops: bool,
        clock: Clock = wall_clock_us,
    ) -> None:
        self.drain_seconds = settings.drain_seconds + 5
        self.metrics = LokiMetrics(registry)
        self._settings = settings
        self._supervisor = supervisor
        self._drops = drops
        self._clock = clock
        form = make_form(settings)
        self._client = Client(settings, form)
        self._backlog = Backlog(settings.buffer_bytes)
        self._lines = Lines(settings, form, self.metrics, now_us=clock)
        self._delivery = Delivery(
            self._client,
            self.metrics,
            push_bytes=settings.batch_bytes,
            with_metadata=settings.structured_metadata,
        )
        self._reading = Reading(
            settings, bus, self._backlog, self.metrics, drops=drops, clock=clock
        )
        self._throttle = Throttle(_log)
        self._trouble = ""
        self._down_since = 0.0
        self._ending = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def readiness(self) -> tuple[bool, str]:
        """Return whether the sink runs, which Loki has no part in, and how Loki is."""
        if not self._tasks or any(task.done() for task in self._tasks):
            return False, "not running"
        if not self._trouble:
            return True, "pushing"
        seconds = time.monotonic() - self._down_since
        return True, f"Loki takes nothing since {seconds:.0f} s: {self._trouble}"

    @property
    def is_up(self) -> bool:
        """Whether Loki took the last push."""
        return not self._trouble

    @property
    def lag_seconds(self) -> float:
        """Since the arrival of the oldest packet in hand; 0 when there is none."""
        oldest_us = self._reading.load.oldest_us
        return max(0.0, (self._clock() - oldest_us) / 1e6) if oldest_us else 0.0

    @property
    def waiting_bytes(self) -> float:
        """Bytes of records and lines in memory."""
        return self._backlog.size_bytes + self._reading.load.size_bytes

    @property
    def stream_count(self) -> int:
        """Label sets so far."""
        return len(self._lines.streams)

    def lag(self) -> Samples:
        """Records not acknowledged, by topic and partition."""
        consumer = self._reading.consumer
        unread, read = consumer.lag(), consumer.positions
        return [
            ((at.topic, str(at.partition)), unread.get(at, 0) + max(0, read[at] - position))
            for at, position in self._first_open().items()
        ]

    def positions(self) -> Samples:
        """The first offset not acknowledged, by topic and partition."""
        return [
            ((where.topic, str(where.partition)), position)
            for where, position in self._first_open().items()
        ]

    async def __aenter__(self) -> Self:
        """Join the group, read and push; a Loki that is away is waited for."""
        self.metrics.watch(self)
        await self._reading.consumer.__aenter__()
        _log.info("log lines of types %s go to %s", _list(self._settings.types), self._client.url)
        self._tasks = [
            self._supervisor.start(self._reading.run(), name="loki: read"),
            self._supervisor.start(self._push(), name="loki: push"),
        ]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Push what is under way as far as there is time; over Kafka the rest stays on the bus."""
        reading, pushing = self._tasks
        await cancel(reading)
        try:
            while self._drops and await self._reading.read(0):
                pass
            self._ending.set()
            self._backlog.wake()
            await asyncio.wait([pushing], timeout=self._settings.drain_seconds)
            await cancel(pushing)
            self._count_rest()
        finally:
            await self._reading.consumer.__aexit__(kind, error, trace)
            await self._client.aclose()

    async def _push(self) -> None:
        while not (self._ending.is_set() and (not len(self._backlog) or not self._drops)):
            load = self._reading.load = Load()
            await self._gather(load)
            if not await self._deliver(load):
                return
            self._reading.done(load)
            self._reading.load = Load()

    async def _gather(self, load: Load) -> None:
        """Fill a load; returns when it is full, or old enough."""
        loop = asyncio.get_running_loop()
        deadline: float | None = None
        while not self._ending.is_set() or self._drops:
            await self._fill(load)
            if deadline is None and load.records:
                deadline = loop.time() + self._settings.batch_wait_ms / 1000
            if load.size_bytes >= self._settings.batch_bytes or self._ending.is_set():
                return
            remaining = None if deadline is None else deadline - loop.time()
            if remaining is not None and remaining <= 0:
                return
            await self._backlog.wait(remaining)

    async def _fill(self, load: Load) -> None:
        while load.size_bytes < self._settings.batch_bytes:
            record = self._backlog.take()
            if record is None:
                return
            self._lines.read(load, record)
            # A record takes milliseconds, and the writer shares the event loop.
            await asyncio.sleep(0)

    async def _deliver(self, load: Load) -> bool:
        """Push a load until Loki has it; False when the end came first.

        What nobody else keeps is tried until ``drain_seconds`` are over, which cancels this.
        """
        attempt = 0
        while True:
            try:
                await self._delivery.deliver(load)
            except NotTakenError as error:
                self._note_trouble(str(error))
                if self._ending.is_set() and not self._drops:
                    # The bus keeps it for the next process.
                    return False
                await self._pause(attempt, error.pause_seconds)
                attempt += 1
            else:
                self._note_well(load)
                return True
            # More lines tell a line that is refused from a Loki that refuses everything.
            await self._fill(load)

    async def _pause(self, attempt: int, least_seconds: float) -> None:
        """Wait before another try: twice as long each time, scattered; less when the end comes."""
        settings = self._settings
        longest_ms = settings.retry_min_ms * 2.0 ** min(attempt, MAX_DOUBLINGS)
        seconds = min(longest_ms, settings.retry_max_ms) / 1000 * random.uniform(0.5, 1.0)  # noqa: S311
        self.metrics.retries.add()
        if self._ending.is_set():
            # Loki may ask for more time than is left, and long pauses are for long outages.
            await asyncio.sleep(min(seconds, settings.drain_seconds / 4))
            return
        try:
            async with asyncio.timeout(max(seconds, least_seconds)):
                await self._ending.wait()
        except TimeoutError:
            return

    def _note_trouble(self, reason: str) -> None:
        if not self._trouble:
            self._down_since = time.monotonic()
        self._trouble = reason
        self._throttle.warning("trouble", "Loki takes nothing (%s): %s", self._client.url, reason)

    def _note_well(self, load: Load) -> None:
        if self._trouble and load.records:
            seconds = time.monotonic() - self._down_since
            _log.info("Loki takes lines again, after %.0f s", seconds)
            self._trouble = ""

    def _first_open(self) -> dict[TopicPartition, int]:
        """Return the first offset that Loki has not dealt with, of each partition held."""
        found = dict(self._reading.consumer.positions)
        for waiting in (self._backlog.first(), self._reading.load.first):
            found |= {where: offset for where, offset in waiting.items() if where in found}
        return found

    def _count_rest(self) -> None:
        """Count what ends with the process, of a bus that lives in it."""
        rest = len(self._backlog) + self._reading.load.records
        if rest and self._drops:
            self.metrics.passed.add((Passed.ENDED,), rest)
            _log.error("ended with %d records that Loki did not take", rest)


def _list(types: tuple[int, ...]) -> str:
    return ", ".join(map(str, types))
