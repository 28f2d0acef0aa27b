"""Packets grouped into bus records: one record per partition holds many of them.

A record closes by size, by count or by age. Age adapts: while records stay small it grows, up
to ten times, since each record costs every hop the same; a busy listener closes by size long
before. When the bus is full, closed records wait here and ``blocked`` is set: the listeners
must not read until ``unblocked`` returns, so that no more than one reading's worth of packets
is held outside the bus. A bus that fails ends the process: what it did not take is lost, and
must not be so in silence.
"""

import asyncio
from collections import deque
from typing import NamedTuple

from hepscope_common.bus import Producer
from hepscope_common.runtime import Supervisor
from hepscope_ingest.metrics import IngestMetrics

MAX_PACKETS = 1000
"""Below the 1024 that a record may hold (the index has ten bits)."""

SMALL_RECORD_BYTES = 16 * 1024
"""Records under this size let the age grow."""

MAX_AGE_FACTOR = 10


class _Open:
    """A record that is being filled."""

    __slots__ = ("packets", "size")

    def __init__(self) -> None:
        self.packets: list[bytes] = []
        self.size = 0


class _Closed(NamedTuple):
    topic: str
    partition: int
    value: bytes
    packets: int


class Batcher:
    """Fills records and offers them to a producer, in order within each partition."""

    def __init__(
        self,
        producer: Producer,
        metrics: IngestMetrics,
        supervisor: Supervisor,
        *,
        record_bytes: int,
        age_seconds: float,
    ) -> None:
        self._producer = producer
        self._metrics = metrics
        self._supervisor = supervisor
        self._record_bytes = record_bytes
        self._least_age = age_seconds
        self._age = age_seconds
        self._open: dict[tuple[str, int], _Open] = {}
        self._closed: deque[_Closed] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._sender: asyncio.Task[None] | None = None

    @property
    def blocked(self) -> bool:
        """Whether the bus is full: no more packets may be added until ``unblocked``."""
        return self._sender is not None

    @property
    def held_packets(self) -> int:
        """Packets accepted that are not on the bus yet."""
        opened = sum(len(record.packets) for record in self._open.values())
        return opened + sum(closed.packets for closed in self._closed)

    def add(self, topic: str, partition: int, packet: bytes) -> None:
        """Put a packet into the record of its partition."""
        key = (topic, partition)
        record = self._open.get(key)
        if record is None:
            record = self._open[key] = _Open()
            if self._timer is None:
                loop = asyncio.get_running_loop()
                close = self._supervisor.guarded(self._close_by_age, name="ingest batcher")
                self._timer = loop.call_later(self._age, close)
        elif record.size + len(packet) > self._record_bytes or len(record.packets) >= MAX_PACKETS:
            self._close(key, record)
            record = self._open[key] = _Open()
        record.packets.append(packet)
        record.size += len(packet)

    async def unblocked(self) -> None:
        """Return once the bus has taken all closed records."""
        while self._sender is not None:
            await asyncio.wait([self._sender])

    async def flush(self) -> None:
        """Put everything on the bus, waiting for room; raises what the bus raises."""
        self._close_all()
        await self.unblocked()
        # What a sender that failed has left; this time the error is the caller's.
        await self._send_closed()
        await self._producer.flush()

    def _close_by_age(self) -> None:
        self._timer = None
        sizes = [record.size for record in self._open.values()]
        self._close_all()
        if sizes and sum(sizes) < SMALL_RECORD_BYTES * len(sizes):
            self._age = min(self._age * 1.5, self._least_age * MAX_AGE_FACTOR)
        else:
            self._age = max(self._age / 1.5, self._least_age)

    def _close_all(self) -> None:
        opened, self._open = self._open, {}
        for key, record in opened.items():
            self._close(key, record)

    def _close(self, key: tuple[str, int], record: _Open) -> None:
        topic, partition = key
        value = b"".join(record.packets)
        closed = _Closed(topic, partition, value, len(record.packets))
        # Behind closed records, even of a sender that failed, no later one may pass.
        if not self._closed and self._producer.offer(*closed):
            self._metrics.records.add()
            return
        self._closed.append(closed)
        if self._sender is None:
            self._metrics.stalls.add()
            self._sender = self._supervisor.start(self._send_closed(), name="ingest batcher")

    async def _send_closed(self) -> None:
        try:
            while self._closed:
                await self._producer.send(*self._closed[0])
                self._closed.popleft()
                self._metrics.records.add()
        finally:
            self._sender = None
