"""The tail of the messages that one set of filters lets through, shared by all who give the same.

A look finds every message that was committed since the look before, once; see ``marks``. Of more
than a screen can show, whole calls are chosen, always the same as long as the flood lasts.
"""

import time
from collections import deque

import asyncpg

from hepscope_common.names import Names
from hepscope_query_api.live.marks import Marks, committed_between, committed_until
from hepscope_query_api.live.shapes import Messages
from hepscope_query_api.live.statement import Ends, Filters, arrived_since, left_out
from hepscope_query_api.messages.schemas import message_of
from hepscope_query_api.problems import ProblemError
from hepscope_query_api.query.bind import Bind
from hepscope_query_api.query.database import Database

SECOND_US = 1_000_000
GAP_US = 30 * SECOND_US
"""A tail that could not be followed for so long begins anew: what was missed is told, not read."""

BEHIND = 3
"""Looks before the last one whose ends of leaves are read from: transactions of then may have
been under way, below rows that were committed."""

SPARE_BLOCKS = 1024
"""Read besides: the blocks of a batch (8 MiB), to which a connection goes back after a pause."""

SWEEP_US = 5 * SECOND_US
SWEEP_SHARE = 20
"""Rows in old blocks are looked for after so long, and at most a twentieth of the time."""

SWEEP_BLOCKS = 4096
"""Not when more blocks than these (32 MiB) came meanwhile: to look through the last minute would
then take longer than a look may."""

LONGEST_S = 10
"""Messages are let through for so many seconds at most, when a look comes late."""

CALMED = 5
"""Looks over which the rate is taken."""

BURST = 4
"""A single look may let through so many times the limit, when those before found less."""

REPLAYED = 500


class Tail:
    """Follows the messages of one set of filters."""

    def __init__(
        self, database: Database, names: Names, filters: Filters, *, limit_per_s: int
    ) -> None:
        self.filters = filters
        self._database = database
        self._names = names
        self._limit = limit_per_s
        self._known: deque[Marks] = deque(maxlen=BEHIND + 1)
        self._rates: deque[tuple[int, float]] = deque(maxlen=CALMED)
        self._seen: set[int] | None = set()
        self._swept: Marks | None = None
        self._sweep_due_us = 0

    @property
    def since(self) -> Marks | None:
        """As of when everything was read; None before the first look."""
        return self._known[-1] if self._known else None

    def begin(self, marks: Marks) -> None:
        """Follow from here on."""
        self._known.clear()
        self._known.append(marks)
        self._rates.clear()
        self._sweep_anew(marks)

    def is_behind(self, marks: Marks) -> bool:
        """Whether too much lies between the last look and these marks to be read."""
        return self.since is not None and marks.at_us - self.since.at_us > GAP_US

    async def look(self, marks: Marks) -> Messages:
        """Return what was committed up to these marks; raises ProblemError, then nothing moved."""
        before = self._known[-1]
        seconds = max((marks.at_us - before.at_us) / SECOND_US, 0.001)
        total, one_of, rows = await self._read_ends(before, marks, seconds)
        self._known.append(marks)
        self._note(rows, is_whole=one_of == 1)
        missed = await self._sweep(marks)
        self._rates.append((total + len(missed), seconds))
        found = sorted([*rows, *missed], key=_age, reverse=True)
        return Messages(
            items=[message_of(row, self._names, payload=False) for row in found],
            skipped=max(total - len(rows), 0),
            one_of=one_of,
            rate=round(sum(n for n, _ in self._rates) / sum(s for _, s in self._rates), 1),
        )

    async def replay(self, after_us: int) -> Messages:
        """Return the messages that arrived since a moment, up to the last look; the newest of them.

        Raises ProblemError.
        """
        bind, ids = Bind(), committed_until(self._known[-1])
        statement = arrived_since(after_us, ids, self.filters, bind, limit=REPLAYED)
        rows = await self._database.session().rows(statement, bind.values)
        items = [message_of(row, self._names, payload=False) for row in rows]
        return Messages(items=items, skipped=0, one_of=1, rate=0.0)

    async def _read_ends(
        self, before: Marks, marks: Marks, seconds: float
    ) -> tuple[int, int, list[asyncpg.Record]]:
        ids = committed_between(before, marks)
        if not ids:
            return 0, 1, []
        oldest = self._known[0].blocks
        from_block = {leaf: max(oldest.get(leaf, 0) - SPARE_BLOCKS, 0) for leaf in marks.blocks}
        ends = Ends(ids, from_block, self._known[0].at_us - GAP_US)
        session = self._database.session()
        bind = Bind()
        counted = await session.row(ends.count(self.filters, bind), bind.values)
        total = int(counted["total"]) if counted else 0
        if not total:
            return 0, 1, []
        limit = self._limit * max(1, min(round(seconds), LONGEST_S))
        one_of = self._thinned(total, limit)
        bind = Bind()
        most = total if one_of == 1 else BURST * limit
        statement = ends.sample(self.filters, bind, one_of=one_of, limit=most)
        return total, one_of, await session.rows(statement, bind.values)

    def _thinned(self, total: int, limit: int) -> int:
        """Return of how many calls one is shown: by the last seconds, as calls come in bursts."""
        looks = len(self._rates) + 1
        recent = (total + sum(found for found, _ in self._rates)) // looks
        return max(thinning(recent, limit), thinning(total, BURST * limit))

    def _note(self, rows: list[asyncpg.Record], *, is_whole: bool) -> None:
        if not is_whole:
            self._seen = None
        elif self._seen is not None:
            self._seen.update(row["id"] for row in rows)

    async def _sweep(self, marks: Marks) -> list[asyncpg.Record]:
        """Return the rows in old blocks since the last sweep; none of a flood, but a sample."""
        if marks.at_us < self._sweep_due_us or self._swept is None:
            return []
        ids, seen, began = committed_between(self._swept, marks), self._seen, time.monotonic()
        grown = sum(marks.blocks.values()) - sum(self._swept.blocks.values())
        self._sweep_anew(marks)
        if seen is None or not ids or grown > SWEEP_BLOCKS:
            return []
        bind = Bind()
        statement = left_out(ids, seen, marks.at_us, self.filters, bind, limit=self._limit)
        try:
            rows = await self._database.session().rows(statement, bind.values)
        except ProblemError:
            # What was read so far is worth more than a row in ten thousand.
            rows = []
        took_us = int((time.monotonic() - began) * SECOND_US)
        self._sweep_due_us = marks.at_us + max(SWEEP_US, SWEEP_SHARE * took_us)
        return rows

    def _sweep_anew(self, marks: Marks) -> None:
        self._swept, self._seen = marks, set()
        self._sweep_due_us = marks.at_us + SWEEP_US


def thinning(total: int, limit: int) -> int:
    """Return of how many calls one is shown: the least power of two that brings total to limit.

    Powers of two, so that the calls of a thinner choice are among those of a thicker one.
    """
    return 1 << max(-(-total // limit) - 1, 0).bit_length()


def _age(row: asyncpg.Record) -> tuple[object, int]:
    return row["time"], row["id"]
