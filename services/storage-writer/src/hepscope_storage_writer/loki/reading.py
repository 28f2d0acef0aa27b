"""Reading the bus for Loki, in step with its partitions' coming and going.

The group's committed offset of a partition says up to where Loki has acknowledged everything. Over
Kafka nothing is committed before, and reading pauses while the backlog is full. The bus in memory
keeps records until every group is past them, and with it the sender's network would stop: there a
record counts as done when it is in the backlog, whose oldest are dropped when it is full.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from hep.protocols import is_log, is_media
from hepscope_common.bus import LOG, MEDIA, SIGNALLING, Bus, TopicPartition
from hepscope_common.bus.protocol import OffsetOutOfRange
from hepscope_common.clock import Clock
from hepscope_common.logs import Throttle, get_logger
from hepscope_storage_writer.loki.backlog import Backlog
from hepscope_storage_writer.loki.load import Load
from hepscope_storage_writer.loki.metrics import LokiMetrics, Passed
from hepscope_storage_writer.loki.settings import LokiSettings
from hepscope_storage_writer.times import HOUR_US

GROUP: Final = "loki"

POLL_BYTES: Final = 256 * 1024
POLL_SECONDS: Final = 0.5
FULL_SECONDS: Final = 0.1
"""How soon a full backlog lets assignments change, and looks again whether there is room."""

RETRY_SECONDS: Final = 1.0
"""Before partitions are taken over that the bus would not tell about."""

_log = get_logger("writer.loki")


def topics_of(types: Sequence[int]) -> list[str]:
    """Return the topics that carry these types."""
    found = {MEDIA if is_media(one) else LOG if is_log(one) else SIGNALLING for one in types}
    return sorted(found)


class Reading:
    """A reader of the group; ``load`` is what is on its way to Loki at present."""

    def __init__(
        self,
        settings: LokiSettings,
        bus: Bus,
        backlog: Backlog,
        metrics: LokiMetrics,
        *,
        drops: bool,
        clock: Clock,
    ) -> None:
        self.load = Load()
        self.consumer = bus.consumer(GROUP, topics_of(settings.types), self)
        self._backlog = backlog
        self._metrics = metrics
        self._drops = drops
        self._clock = clock
        self._oldest_us = int(settings.backlog_hours * HOUR_US)
        self._is_paused = False
        self._gone = 0
        self._throttle = Throttle(_log)

    async def run(self) -> None:
        """Read for ever."""
        while True:
            await self.read(POLL_SECONDS)
            # A bus that always has more would never let another task run.
            await asyncio.sleep(0)

    async def read(self, timeout_seconds: float) -> int:
        """Read once; returns the number of records."""
        if not self._drops and self._wait_for_room():
            timeout_seconds = min(timeout_seconds, FULL_SECONDS)
        try:
            records = await self.consumer.poll(
                max_bytes=POLL_BYTES, timeout_seconds=timeout_seconds
            )
        except OffsetOutOfRange as error:
            self._skip(error)
            return 0
        except ConnectionError as error:
            self._throttle.warning("takeover", "partitions not taken over yet: %s", error)
            await asyncio.sleep(RETRY_SECONDS)
            return 0
        self._backlog.put(records)
        if self._drops and records:
            self._let_go()
        return len(records)

    async def on_assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Pass over what is too old; raises ConnectionError when the bus does not say where."""
        self._is_paused = False
        gone, self._gone = self.consumer.gone - self._gone, self.consumer.gone
        self._metrics.passed.add((Passed.EXPIRED,), gone)
        oldest_us = self._clock() - self._oldest_us
        starts = await self.consumer.offsets_at(oldest_us, partitions)
        for where in partitions:
            position, start = self.consumer.positions[where], starts[where]
            if start > position:
                self.consumer.seek(*where, start)
                self._pass(Passed.TOO_OLD, start - position, where)

    async def on_revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Leave the records of these to whoever gets them."""
        self._backlog.forget(frozenset(partitions))
        self.load.forget(partitions)

    def done(self, load: Load) -> None:
        """Note that Loki has everything up to the positions of a load."""
        if not self._drops:
            self.consumer.commit(load.positions)

    def _wait_for_room(self) -> bool:
        """Pause or go on by the size of the backlog; tells whether reading is paused."""
        if self._backlog.is_full:
            self._is_paused = True
            # Again each time: partitions that came meanwhile flow.
            self.consumer.pause(sorted(self.consumer.assignment))
        elif self._is_paused and self._backlog.has_room:
            self._is_paused = False
            self.consumer.resume(sorted(self.consumer.assignment))
        return self._is_paused

    def _let_go(self) -> None:
        dropped = self._backlog.drop_oldest()
        if dropped:
            self._metrics.passed.add((Passed.DROPPED,), dropped)
            self._throttle.warning(
                "dropped", "no room for what waits for Loki: the oldest records are dropped"
            )
        self.consumer.commit(dict(self.consumer.positions))

    def _skip(self, error: OffsetOutOfRange) -> None:
        self.consumer.seek(*error.where, error.start)
        self._pass(Passed.EXPIRED, max(0, error.start - error.offset), error.where)

    def _pass(self, reason: Passed, count: int, where: TopicPartition) -> None:
        self._metrics.passed.add((reason,), count)
        self._throttle.warning(reason, "%s[%d]: %d records passed over (%s)", *where, count, reason)
