"""What the writer does beside storing.

Node counts, policies read again, origins that fell silent, a look at the clock.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from hepscope_common.logs import Throttle, get_logger
from hepscope_common.store import origins
from hepscope_common.store.verdicts import Verdict, verdict_of
from hepscope_storage_writer import nodes
from hepscope_storage_writer.metrics import WriterMetrics
from hepscope_storage_writer.nodes import PendingNodes
from hepscope_storage_writer.settings import WriterSettings
from hepscope_storage_writer.transaction import Shared

POLICY_SECONDS = 60.0
"""Age at which the partition policies are read again."""

EXPIRY_SECONDS = 3600.0
"""How often silent origins are looked for, the first time at the start."""

_log = get_logger("writer")


class StalledError(Exception):
    """A batch got no verdict for too long; the process starts anew and reads it again."""


class Watched(Protocol):
    """A worker, as far as it is looked after."""

    @property
    def number(self) -> int:
        """Which of the connections it is."""
        ...

    @property
    def silent_seconds(self) -> float:
        """How long a batch has been at work without any verdict."""
        ...

    def cut(self) -> None:
        """Cut its session."""
        ...


class Housekeeping:
    """Runs beside the workers of a process."""

    def __init__(
        self,
        shared: Shared,
        pending: PendingNodes,
        metrics: WriterMetrics,
        workers: Sequence[Watched],
        settings: WriterSettings,
    ) -> None:
        self._shared = shared
        self._pending = pending
        self._metrics = metrics
        self._workers = workers
        self._settings = settings
        self._end = asyncio.Event()
        self._policies_age = 0.0
        self._expiry_age = EXPIRY_SECONDS
        self._throttle = Throttle(_log)

    def stop(self) -> None:
        """Let ``run`` end after a last write."""
        self._end.set()

    async def run(self) -> None:
        """Work until stopped. Raises StalledError."""
        pause = self._settings.node_flush_seconds
        while not self._end.is_set():
            try:
                async with asyncio.timeout(pause):
                    await self._end.wait()
            except TimeoutError:
                self._policies_age += pause
                self._expiry_age += pause
            self.look()
            await self.flush()

    def look(self) -> None:
        """Cut sessions that are silent for half the time allowed; raise StalledError at its end."""
        limit = self._settings.stall_seconds
        for worker in self._workers:
            silent = worker.silent_seconds
            if silent > limit:
                raise StalledError(f"connection {worker.number}: no verdict for {silent:.0f} s")
            if silent > limit / 2:
                _log.warning("connection %d: no verdict for %.0f s", worker.number, silent)
                worker.cut()

    async def flush(self) -> None:
        """Write the node counts; they are kept for the next time when the database is away."""
        taken = self._pending.take()
        try:
            async with asyncio.timeout(self._settings.batch_timeout_seconds):
                await self._write(taken)
        # Every error has a verdict; what is not busy is raised again.
        except Exception as error:
            if verdict_of(error) is not Verdict.BUSY:
                raise
            self._pending.add(taken)
            self._throttle.warning("nodes", "node counts wait: %s", error)
        self._metrics.nodes_dropped.add(amount=self._pending.take_dropped())

    async def _write(self, taken: dict[str, nodes.NodeSeen]) -> None:
        is_old = self._policies_age >= POLICY_SECONDS
        is_due = self._expiry_age >= EXPIRY_SECONDS
        if not (taken or is_old or is_due):
            return
        async with self._shared.side.hold() as side:
            if taken:
                await side.execute(nodes.UPSERT, *nodes.columns(taken))
            if is_old:
                await self._shared.expiry.read(side)
                self._policies_age = 0.0
            if is_due:
                gone = await origins.expire(side, self._settings.origin_days)
                self._metrics.expired_origins.add(amount=gone)
                self._expiry_age = 0.0
