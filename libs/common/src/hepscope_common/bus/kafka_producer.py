"""The producer on Kafka: bounded in bytes, in order per partition, replaced when it is stuck.

What was taken stays here until the broker acknowledged it on all replicas in sync. Waiting for a
broker is the normal case of an outage, so nothing is ever given up; whoever offers is told that
there is no room and decides (ingest spools).
"""

import asyncio
import time
from collections.abc import Sequence
from typing import NoReturn

from hepscope_common.bus.kafka_lane import RECORD_OVERHEAD_BYTES, Lane, Pending
from hepscope_common.bus.kafka_link import Link, LogRelay
from hepscope_common.bus.kafka_records import wire_headers
from hepscope_common.bus.kafka_session import Session, SessionEndedError
from hepscope_common.bus.protocol import (
    MAX_RECORD_BYTES,
    MAX_RECORD_PACKETS,
    Acknowledged,
    TopicPartition,
)
from hepscope_common.logs import Throttle, get_logger

RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Before the next session, by how many failed in a row."""

_log = get_logger("bus.kafka")


class KafkaProducer:
    """Puts records on Kafka; all users of a bus share one."""

    def __init__(
        self,
        link: Link,
        where: Sequence[TopicPartition],
        *,
        max_bytes: int,
        stall_seconds: float,
        relay: LogRelay,
    ) -> None:
        self.max_bytes = max_bytes
        self.waiting_bytes = 0
        self.taken = 0
        self.acknowledged = 0
        self.replaced = 0
        self._link = link
        self._lanes = {at: Lane(at) for at in where}
        self._stall_seconds = stall_seconds
        self._relay = relay
        self._session: Session | None = None
        self._loop = asyncio.get_running_loop()
        self._moved = asyncio.Event()
        self._throttle = Throttle(_log)
        self.trouble = "not connected yet"

    @property
    def waiting_records(self) -> int:
        """Records taken and not yet acknowledged."""
        return self.taken - self.acknowledged

    @property
    def stalled_seconds(self) -> float:
        """For how long the slowest partition with waiting records got no acknowledgement."""
        now = self._loop.time()
        return max((now - lane.moved_at for lane in self._lanes.values() if len(lane)), default=0.0)

    def offer(
        self,
        topic: str,
        partition: int,
        value: bytes,
        packets: int,
        headers: tuple[tuple[str, bytes], ...] = (),
        *,
        acknowledged: Acknowledged | None = None,
    ) -> bool:
        """Take a record if there is room, at once; False means full and nothing was taken."""
        if not 0 < packets <= MAX_RECORD_PACKETS or len(value) > MAX_RECORD_BYTES:
            raise ValueError(f"a record of {packets} packets and {len(value)} bytes")
        lane = self._lanes[TopicPartition(topic, partition)]
        size = len(value) + RECORD_OVERHEAD_BYTES
        # An empty producer takes a record of any size: a bound below it would never move.
        if self.waiting_bytes and self.waiting_bytes + size > self.max_bytes:
            return False
        self.waiting_bytes += size
        self.taken += 1
        time_ms = time.time_ns() // 1_000_000
        record = Pending(value, wire_headers(headers, packets), time_ms, acknowledged)
        lane.put(record, self._loop.time())
        return True

    async def send(
        self,
        topic: str,
        partition: int,
        value: bytes,
        packets: int,
        headers: tuple[tuple[str, bytes], ...] = (),
        *,
        acknowledged: Acknowledged | None = None,
    ) -> None:
        """Take a record, waiting for room as long as it needs."""
        while not self.offer(topic, partition, value, packets, headers, acknowledged=acknowledged):
            await self._move()

    async def flush(self) -> None:
        """Return once the brokers have acknowledged all records taken so far."""
        until = [(lane, lane.taken) for lane in self._lanes.values() if len(lane)]
        while any(lane.acknowledged < taken for lane, taken in until):
            await self._move()

    async def run(self) -> NoReturn:
        """Send what is taken, for ever, with one session after another."""
        failed = 0
        while True:
            acknowledged = self.acknowledged
            self._session = Session(
                self._link,
                list(self._lanes.values()),
                stall_seconds=self._stall_seconds,
                delivered=self._delivered,
            )
            try:
                await self._session.run()
            except SessionEndedError as error:
                failed = 0 if self.acknowledged > acknowledged else failed + 1
                self._note(str(error))
            finally:
                now = self._loop.time()
                for lane in self._lanes.values():
                    lane.take_back(now)
            await asyncio.sleep(RETRY_SECONDS[min(failed, len(RETRY_SECONDS) - 1)])

    def ready(self) -> tuple[bool, str]:
        """Tell whether records get acknowledged at present, and in words why not."""
        if self._session is None or not self._session.is_connected:
            return False, self.trouble
        if self.stalled_seconds > self._stall_seconds / 2:
            return False, f"no acknowledgement for {self.stalled_seconds:.0f} s"
        return True, "producing"

    def _note(self, reason: str) -> None:
        self.replaced += 1
        self.trouble = self._relay.take_refusal() or reason
        self._throttle.warning(
            "session", "connecting anew, %d records wait: %s", self.waiting_records, reason
        )

    def _delivered(self, lane: Lane, records: Sequence[Pending]) -> None:
        for record in records:
            self.waiting_bytes -= len(record.value) + RECORD_OVERHEAD_BYTES
            if record.acknowledged is not None:
                # Each on its own, so that an error in one keeps none of the others from being told.
                self._loop.call_soon(record.acknowledged)
        # Behind them, so that whoever flushes finds them all called.
        self._loop.call_soon(self._count, lane, len(records))

    def _count(self, lane: Lane, records: int) -> None:
        lane.acknowledged += records
        self.acknowledged += records
        self._moved.set()

    async def _move(self) -> None:
        """Return when something was acknowledged."""
        self._moved.clear()
        await self._moved.wait()
