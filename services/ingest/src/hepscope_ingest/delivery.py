"""Records on their way from the batcher to the bus, in order within each partition.

When the bus is full, records wait here and ``blocked`` is set: the listeners must not read until
``unblocked`` returns, so that no more than one reading's worth of packets is held outside the
bus. A bus that fails ends the process: what it did not take is lost, and must not be so in
silence.
"""

import asyncio
from collections import deque
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from hepscope_common.bus import Producer
from hepscope_common.bus.origins import Headers
from hepscope_common.bus.protocol import Acknowledged
from hepscope_common.runtime import Supervisor
from hepscope_ingest.metrics import IngestMetrics


class Sealed(NamedTuple):
    """A record that is complete: packets of one origin, rising, back to back."""

    topic: str
    partition: int
    value: bytes
    packets: int
    headers: Headers
    acknowledged: Acknowledged | None


class Delivery(Protocol):
    """Takes every record it is given, and tells when no more may come for a while."""

    @property
    def blocked(self) -> bool:
        """Whether no more packets may be taken from the network until ``unblocked``."""
        ...

    @property
    def held_packets(self) -> int:
        """Packets of records that are neither on the bus nor anywhere else that is safe."""
        ...

    def deliver(self, record: Sealed) -> None:
        """Put a record on the bus, now or as soon as it can be; never refuses one."""
        ...

    async def unblocked(self) -> None:
        """Return once packets may be taken from the network."""
        ...

    async def flush(self) -> None:
        """Return once everything delivered is safe; raises what the bus raises."""
        ...


def offer(producer: Producer, record: Sealed) -> bool:
    """Offer a record to a producer; returns whether it was taken."""
    topic, partition, value, packets, headers, acknowledged = record
    return producer.offer(topic, partition, value, packets, headers, acknowledged=acknowledged)


class DirectDelivery:
    """Waits for the bus as long as it takes, in memory."""

    def __init__(self, producer: Producer, metrics: IngestMetrics, supervisor: Supervisor) -> None:
        self._producer = producer
        self._metrics = metrics
        self._supervisor = supervisor
        self._waiting: deque[Sealed] = deque()
        self._sender: asyncio.Task[None] | None = None

    @property
    def blocked(self) -> bool:
        """Whether the bus is full."""
        return self._sender is not None

    @property
    def held_packets(self) -> int:
        """Packets that wait for room on the bus."""
        return sum(record.packets for record in self._waiting)

    def deliver(self, record: Sealed) -> None:
        """Offer a record, or keep it until there is room."""
        # Behind waiting records, even of a sender that failed, no later one may pass.
        if not self._waiting and offer(self._producer, record):
            self._metrics.records.add()
            return
        self._waiting.append(record)
        if self._sender is None:
            self._metrics.stalls.add()
            self._sender = self._supervisor.start(self._send_waiting(), name="ingest delivery")

    async def unblocked(self) -> None:
        """Return once the bus has taken all waiting records."""
        while self._sender is not None:
            await asyncio.wait([self._sender])

    async def flush(self) -> None:
        """Put everything on the bus, waiting for room; raises what the bus raises."""
        await self.unblocked()
        # What a sender that failed has left; this time the error is the caller's.
        await self._send_waiting()
        await self._producer.flush()

    async def __aenter__(self) -> Self:
        """Nothing is needed."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Whoever wants everything on the bus flushes before."""

    async def _send_waiting(self) -> None:
        try:
            while self._waiting:
                topic, partition, value, packets, headers, acknowledged = self._waiting[0]
                await self._producer.send(
                    topic, partition, value, packets, headers, acknowledged=acknowledged
                )
                self._waiting.popleft()
                self._metrics.records.add()
        finally:
            self._sender = None
