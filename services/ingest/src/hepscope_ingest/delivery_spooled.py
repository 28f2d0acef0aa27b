"""Records on their way to the bus, by way of the disk while the bus is away.

What decides is asked before a record enters the producer. Once the bus has made no progress for
a while, copies of what the producer holds go to the spool, then whatever comes. When it goes on,
the spool drains in order, and a record of a partition that has others on disk queues behind them.
So records of a partition and origin reach the bus in the order of their numbers; some twice,
after a crash. A record counts as acknowledged when the bus says so, never because it is on disk.

Listeners are held back while the bus is slow or full, as without a spool, and while the spool is
full or the disk refuses it.
"""

import asyncio
import contextlib
import sys
from collections import Counter, deque
from collections.abc import Sequence
from functools import partial
from itertools import islice
from types import TracebackType
from typing import Self

from hepscope_common.bus import Producer
from hepscope_common.bus.protocol import Acknowledged
from hepscope_common.logs import get_logger
from hepscope_common.runtime import Supervisor, cancel
from hepscope_ingest.delivery import Sealed
from hepscope_ingest.delivery_sent import Sent
from hepscope_ingest.metrics import IngestMetrics
from hepscope_ingest.spool import Spool
from hepscope_ingest.spool_segment import Place

WAITING_BYTES = 4 * 1024 * 1024
"""Records that wait in memory for the disk or for the spool to drain, before reading stops."""

SPILL_BYTES = WAITING_BYTES // 4
"""Above it, records behind the spool follow it to the disk; below, the drain may catch up."""

BATCH_RECORDS = 256
"""Written at once, so that one sync of the disk serves many."""

RETRY_SECONDS = 0.02
"""Between two offers to a bus that was full, or two looks whether it is away."""

REFUSED_SECONDS = 0.5
"""Before a disk that had no room is tried again."""

_log = get_logger("ingest.delivery")


class SpooledDelivery:
    """Puts records on the bus, in order within each partition, or on disk until it can."""

    def __init__(
        self,
        producer: Producer,
        metrics: IngestMetrics,
        supervisor: Supervisor,
        spool: Spool,
        *,
        patience_seconds: float,
    ) -> None:
        self._metrics = metrics
        self._supervisor = supervisor
        self._spool = spool
        self._sent = Sent(
            producer,
            patience_seconds=patience_seconds,
            clock=_now,
            changed=self._wake,
        )
        self._waiting: deque[Sealed] = deque()
        self._waiting_bytes = 0
        self._ahead: deque[tuple[Place, Sealed]] = deque()
        self._behind: Counter[tuple[str, int]] = Counter()
        """Records of a partition on disk that the producer has not taken yet."""
        self._told: dict[Place, Acknowledged] = {}
        """Who waits for records on disk."""
        self._copies: set[Place] = set()
        """Records on disk that the producer holds, too."""
        self._released: list[Place] = []
        self._own_from = 0
        """The first file of this process."""
        self._is_recovering = False
        self._is_spooling = False
        """Whether the disk takes what the bus does not."""
        self._disk_from = 0.0
        self._pump: asyncio.Task[None] | None = None
        self._work = asyncio.Event()
        self._open = asyncio.Event()
        self._open.set()

    @property
    def blocked(self) -> bool:
        """Whether the bus is full and the disk is not used, or full, too."""
        return not self._open.is_set()

    @property
    def held_packets(self) -> int:
        """Packets that wait in memory alone; those of the spool are on disk."""
        return sum(record.packets for record in self._waiting)

    @property
    def is_idle(self) -> bool:
        """Whether the bus has acknowledged everything and no file is left."""
        return self._pump is None and not self._waiting and self._sent.is_idle

    def deliver(self, record: Sealed) -> None:
        """Offer a record, or keep it for the disk or until there is room."""
        if (
            not self._waiting
            and not self._is_behind(record)
            and not self._sent.is_stuck()
            and self._sent.offer(record)
        ):
            self._metrics.records.add()
            return
        self._waiting.append(record)
        self._waiting_bytes += len(record.value)
        if not self._is_spooling or self._waiting_bytes > WAITING_BYTES:
            self._block()
        self._start()

    async def unblocked(self) -> None:
        """Return once packets may be taken from the network."""
        await self._open.wait()

    async def flush(self) -> None:
        """Return once everything is acknowledged or on disk, or the bus is away.

        What the bus holds then goes to the disk with the end of this component.
        """
        while self._waiting or (self._sent.packets and not self._sent.is_away()):
            if self._waiting:
                self._start()
            await asyncio.sleep(RETRY_SECONDS)

    async def __aenter__(self) -> Self:
        """Take over what an earlier process left; raises StartupError."""
        await asyncio.to_thread(self._spool.open)
        self._own_from = self._spool.next_number
        self._is_recovering = self._spool.is_recovering
        if not self._spool.is_empty:
            self._is_spooling = True
            self._start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave on disk whatever the bus has not acknowledged."""
        try:
            await cancel(self._pump)
        finally:
            # Also when the time to drain is over: without an await in between.
            self._save()
            left = self._spool.records
            self._spool.close()
            if left:
                _log.warning("%d records stay on disk for the next start", left)

    async def _run(self) -> None:
        """Move records until none waits and no file is left."""
        try:
            while self._waiting or not self._spool.is_empty:
                self._work.clear()
                moved = self._drain() + self._send_waiting()
                if self._must_spool():
                    moved += await self._fill()
                elif not self._ahead and not self._spool.is_read and not self._sent.is_stuck():
                    moved += await self._read_on()
                moved += await self._release()
                if not self._waiting or (
                    self._is_spooling and self._waiting_bytes <= WAITING_BYTES
                ):
                    self._open.set()
                if not moved:
                    await self._rest()
            self._is_spooling = False
            self._told.clear()
        finally:
            self._pump = None
            self._open.set()

    def _drain(self) -> int:
        """Offer what was read from the disk; returns how many records went on."""
        went = 0
        while self._ahead and not self._sent.is_stuck():
            place, record = self._ahead[0]
            if place in self._copies:
                self._copies.remove(place)
            else:
                told = partial(self._acknowledged, place)
                if not self._sent.offer_spooled(record._replace(acknowledged=told)):
                    break
                self._behind[record.topic, record.partition] -= 1
                self._metrics.records.add()
                self._metrics.spool_drained.add()
            self._ahead.popleft()
            went += 1
        return went

    def _send_waiting(self) -> int:
        """Offer what waits and is not behind others on disk; returns how many went."""
        went = 0
        while self._waiting and not self._is_behind(self._waiting[0]):
            if self._sent.is_stuck() or not self._sent.offer(self._waiting[0]):
                break
            self._pop_waiting()
            self._metrics.records.add()
            went += 1
        return went

    def _must_spool(self) -> bool:
        if not self._waiting or _now() < self._disk_from:
            return False
        if self._sent.is_away():
            return True
        is_pressing = self._waiting_bytes > SPILL_BYTES or not self._is_spooling
        return is_pressing and self._is_behind(self._waiting[0])

    async def _fill(self) -> int:
        """Put copies of what the bus holds on disk, or what waits; returns how many."""
        is_away = self._sent.is_away()
        serials = self._sent.without_copy(BATCH_RECORDS) if is_away else []
        if serials:
            copies = [self._sent.record(serial) for serial in serials]
            places = await self._append([record for record in copies if record is not None])
            self._note_copies(serials, places)
            return len(places)
        batch = list(islice(self._waiting, BATCH_RECORDS))
        if not is_away:
            # Others behind them may go to the bus at once.
            others = (at for at, record in enumerate(batch) if not self._is_behind(record))
            batch = batch[: next(others, len(batch))]
        places = await self._append(batch)
        for place in places:
            record = self._pop_waiting()
            self._behind[record.topic, record.partition] += 1
            if record.acknowledged is not None:
                self._told[place] = record.acknowledged
        return len(places)

    def _note_copies(self, serials: Sequence[int], places: Sequence[Place]) -> None:
        for serial, place in zip(serials, places, strict=False):
            self._copies.add(place)
            self._sent.copied(serial, partial(self._released.append, place))

    async def _append(self, records: list[Sealed]) -> list[Place]:
        places = await asyncio.to_thread(self._spool.append, records)
        self._metrics.spooled.add((), len(places))
        self._is_spooling = len(places) == len(records)
        if not self._is_spooling:
            self._disk_from = _now() + REFUSED_SECONDS
        return places

    async def _read_on(self) -> int:
        found = await asyncio.to_thread(self._spool.read)
        for place, record in found:
            if place.segment < self._own_from:
                self._behind[record.topic, record.partition] += 1
        self._ahead += found
        self._is_recovering = self._spool.is_recovering
        if not self._ahead and self._spool.is_read:
            # Nothing can be behind what damage has taken.
            self._behind.clear()
        return len(found)

    async def _release(self) -> int:
        """Tell the spool what is safe, so that files can go; returns how many."""
        released, self._released[:] = list(self._released), []
        if released or self._spool.is_read:
            await asyncio.to_thread(self._spool.release, released)
        return len(released)

    def _save(self) -> None:
        """Put on disk what is in memory alone."""
        serials = self._sent.without_copy(sys.maxsize)
        records = [record for serial in serials if (record := self._sent.record(serial))]
        places = self._spool.append([*records, *self._waiting])
        self._note_copies(serials, places)
        for _ in places[len(records) :]:
            self._pop_waiting()

    def _pop_waiting(self) -> Sealed:
        record = self._waiting.popleft()
        self._waiting_bytes -= len(record.value)
        return record

    def _is_behind(self, record: Sealed) -> bool:
        return self._is_recovering or self._behind[record.topic, record.partition] > 0

    def _acknowledged(self, place: Place) -> None:
        self._released.append(place)
        told = self._told.pop(place, None)
        if told is not None:
            told()

    def _block(self) -> None:
        if self._open.is_set():
            self._open.clear()
            self._metrics.stalls.add()

    def _start(self) -> None:
        self._wake()
        if self._pump is None:
            self._pump = self._supervisor.start(self._run(), name="ingest delivery")

    def _wake(self) -> None:
        self._work.set()

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RETRY_SECONDS):
                await self._work.wait()


def _now() -> float:
    return asyncio.get_running_loop().time()
