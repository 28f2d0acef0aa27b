"""When a fault is over: what must be true of an installation again, and how long one waits for it.

All is well when every part is ready, new packets of every lane are stored, and no partition is
behind where the bus was then: with two writers most packets are stored although one stands still.
"""

import asyncio
import time

import asyncpg
from aiokafka.errors import KafkaError

from chaos.broker import Topics
from chaos.load import Load
from chaos.services import PARTITIONS
from chaos.stored import has_any, read_positions
from chaos.target import Target
from chaos.topic import end_offsets
from hepscope_common.bus.topics import SIGNALLING

ASK_SECONDS = 0.25
LAG_SECONDS = 300.0
CALM_SECONDS = 8.0
"""For so long an ingest may be kept from its work that still holds something."""

_NO_DATABASE = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Recovery:
    """Looks whether all is well, for packets made since this was made."""

    def __init__(self, target: Target, load: Load) -> None:
        self._target = target
        self._load = load
        self._marks = load.marks()
        self._ends: dict[int, int] | None = None

    async def wait(self, *, seconds: float) -> str:
        """Wait until all is well; return "" or what is not after so long."""
        deadline = time.monotonic() + seconds
        while reasons := await self.reasons():
            if time.monotonic() > deadline:
                return "; ".join(reasons)
            await asyncio.sleep(ASK_SECONDS)
        return ""

    async def reasons(self) -> list[str]:
        """Return what is not well; [] when all is."""
        return await self._target.unready() or await self._unstored() or await self._behind()

    async def _unstored(self) -> list[str]:
        try:
            found = await has_any(self._target.dsn, self._load.since(self._marks))
        except _NO_DATABASE as error:
            return [f"database: {type(error).__name__}"]
        return [] if found else ["new packets are not stored"]

    async def _behind(self) -> list[str]:
        try:
            if self._ends is None:
                self._ends = await end_offsets(self._target.broker, PARTITIONS)
            positions = await read_positions(self._target.dsn, SIGNALLING)
        except (KafkaError, *_NO_DATABASE) as error:
            return [f"positions: {type(error).__name__}"]
        return [f"partition {n} is behind" for n in behind(self._ends, positions)]


def behind(ends: dict[int, int], positions: dict[int, int]) -> list[int]:
    """Return the partitions that are not stored up to their ends; one without records is."""
    return [n for n, end in ends.items() if positions.get(n, 0) < end]


async def wait_for_writers(broker: Topics, dsn: str) -> int:
    """Return how many records are not stored; waits until none are and no more come."""
    deadline = time.monotonic() + LAG_SECONDS
    ends, calm_since = await end_offsets(broker, PARTITIONS), time.monotonic()
    while True:
        positions = await read_positions(dsn, SIGNALLING)
        lag = sum(ends[n] - positions.get(n, 0) for n in behind(ends, positions))
        now = time.monotonic()
        if (not lag and now - calm_since > CALM_SECONDS) or now > deadline:
            return lag
        await asyncio.sleep(ASK_SECONDS)
        before, ends = ends, await end_offsets(broker, PARTITIONS)
        # What ingest still held, in memory or in its spool, may come after the last sender ended.
        if ends != before:
            calm_since = time.monotonic()
