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
from collections import deque
from itertools import islice
from types import TracebackType
from typing import Self

from hepscope_common.bus import Producer
from hepscope_common.logs import get_logger
from hepscope_common.runtime import Supervisor, cancel
from hepscope_ingest.delivery import Sealed
from hepscope_ingest.delivery_backlog import Backlog
from hepscope_ingest.delivery_sent import Sent
from hepscope_ingest.metrics import IngestMetrics
from hepscope_ingest.spool import Spool

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

HOPELESS_SECONDS = 10.0
"""At the end, for a bus that is away and a disk that takes nothing: what is left is lost then."""

_log = get_logger("ingest.delivery")


class LostPacketsError(Exception):
    """The process ended with accepted packets that neither bus nor disk has taken."""


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
        hopeless_seconds: float = HOPELESS_SECONDS,
    ) -> None:
        self._metrics = metrics
        self._supervisor = supervisor
        self._patience = patience_seconds
        self._hopeless = hopeless_seconds
        self._backlog = Backlog(spool, metrics)
        self._sent = Sent(
            producer,
            patience_seconds=patience_seconds,
            clock=_now,
            changed=self._wake,
        )
        self._waiting: deque[Sealed] = deque()
        self._waiting_bytes = 0
        self._is_spooling = False
        """Whether the disk takes what the bus does not."""
        self._is_refused = False
        """Whether the disk did not take what it was given last."""
        self._disk_from = 0.0
        self._is_stopped = False
        """Whether nothing is moved any more: it failed, which ends the process, or the end came."""
        self._pump: asyncio.Task[None] | None = None
        self._watch: asyncio.TimerHandle | None = None
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
            and not self._backlog.is_behind(record)
            and not self._sent.is_stuck()
            and self._sent.offer(record)
        ):
            self._metrics.records.add()
            self._watch_bus()
            return
        self._waiting.append(record)
        self._waiting_bytes += len(record.value)
        if not self._is_stopped and (not self._is_spooling or self._waiting_bytes > WAITING_BYTES):
            self._block()
        self._start()

    async def unblocked(self) -> None:
        """Return once packets may be taken from the network."""
        await self._open.wait()

    async def flush(self) -> None:
        """Return once everything is acknowledged or on disk, or neither will happen.

        What the bus holds then goes to the disk with the end of this component.
        """
        hopeful_at = _now()
        while self._waiting or (self._sent.packets and not self._sent.is_away()):
            if not (self._is_refused and self._sent.is_away()):
                hopeful_at = _now()
            if self._is_stopped or _now() - hopeful_at > self._hopeless:
                break
            if self._waiting:
                self._start()
            await asyncio.sleep(RETRY_SECONDS)

    async def __aenter__(self) -> Self:
        """Take over what an earlier process left; raises StartupError."""
        await self._backlog.open()
        if not self._backlog.is_empty:
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
        self._is_stopped = True
        try:
            await cancel(self._pump)
        finally:
            # Also when the time to drain is over: without an await in between.
            self._end()

    def _end(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        for _ in range(self._backlog.save(self._sent, self._waiting)):
            self._pop_waiting()
        left = self._backlog.records
        self._backlog.close()
        if left:
            _log.warning("%d records stay on disk for the next start", left)
        if lost := self.held_packets + self._sent.packets:
            error = LostPacketsError(
                f"{lost} accepted packets are lost: the bus did not acknowledge them, and the disk"
                " of the spool has no room for them or refuses them"
            )
            _log.error("%s", error)
            self._supervisor.fail(error)

    async def _run(self) -> None:
        """Move records until none waits, none should be copied and no file is left."""
        try:
            while self._waiting or self._must_spool() or not self._backlog.is_empty:
                self._work.clear()
                moved = self._backlog.offer(self._sent) + self._send_waiting()
                if self._must_spool():
                    moved += await self._fill()
                elif not self._backlog.is_read and not self._sent.is_stuck():
                    moved += await self._backlog.read_on()
                moved += await self._backlog.release()
                if not self._waiting or (
                    self._is_spooling and self._waiting_bytes <= WAITING_BYTES
                ):
                    self._open.set()
                if not moved:
                    await self._rest()
            self._is_spooling = self._is_refused = False
            self._backlog.forget()
        except Exception:
            # What lies behind must not go on; the next start does it.
            self._is_stopped = True
            raise
        finally:
            self._pump = None
            self._open.set()
            self._watch_bus()

    def _send_waiting(self) -> int:
        """Offer what waits and is not behind others on disk; returns how many went."""
        went = 0
        while self._waiting and not self._backlog.is_behind(self._waiting[0]):
            if self._sent.is_stuck() or not self._sent.offer(self._waiting[0]):
                break
            self._pop_waiting()
            self._metrics.records.add()
            went += 1
        return went

    def _must_spool(self) -> bool:
        if _now() < self._disk_from:
            return False
        if self._sent.is_away():
            return bool(self._waiting) or self._sent.has_no_copy
        if not self._waiting:
            return False
        is_pressing = self._waiting_bytes > SPILL_BYTES or not self._is_spooling
        return is_pressing and self._backlog.is_behind(self._waiting[0])

    async def _fill(self) -> int:
        """Put copies of what the bus holds on disk, or what waits; returns how many."""
        is_away = self._sent.is_away()
        serials = self._sent.without_copy(BATCH_RECORDS) if is_away else []
        if serials:
            return self._note(len(serials), await self._backlog.append_copies(self._sent, serials))
        batch = list(islice(self._waiting, BATCH_RECORDS))
        if not is_away:
            # Others behind them may go to the bus at once.
            others = (at for at, one in enumerate(batch) if not self._backlog.is_behind(one))
            batch = batch[: next(others, len(batch))]
        taken = self._note(len(batch), await self._backlog.append(batch))
        for _ in range(taken):
            self._pop_waiting()
        return taken

    def _note(self, given: int, taken: int) -> int:
        """Note whether the disk takes what it is given; returns how much it took."""
        self._is_spooling = taken == given
        self._is_refused = not self._is_spooling
        if self._is_refused:
            self._disk_from = _now() + REFUSED_SECONDS
        return taken

    def _pop_waiting(self) -> Sealed:
        record = self._waiting.popleft()
        self._waiting_bytes -= len(record.value)
        return record

    def _block(self) -> None:
        if self._open.is_set():
            self._open.clear()
            self._metrics.stalls.add()

    def _watch_bus(self) -> None:
        """Look after a while whether the bus is away, though no further record may come."""
        if self._watch is None and not self._is_stopped and not self._sent.is_idle:
            look = self._supervisor.guarded(self._look, name="ingest delivery")
            self._watch = asyncio.get_running_loop().call_later(self._patience, look)

    def _look(self) -> None:
        self._watch = None
        if self._sent.is_away() and self._sent.has_no_copy:
            self._start()
        else:
            self._watch_bus()

    def _start(self) -> None:
        self._wake()
        if self._pump is None and not self._is_stopped:
            self._pump = self._supervisor.start(self._run(), name="ingest delivery")

    def _wake(self) -> None:
        self._work.set()

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RETRY_SECONDS):
                await self._work.wait()


def _now() -> float:
    return asyncio.get_running_loop().time()
