"""Who reads what happens now, and the one task that looks at the database for all of them.

It looks once a second while somebody reads, once for all who give the same filters, and not at
all while nobody does. It never waits for a reader.
"""

import asyncio
import time
from dataclasses import dataclass, field

from hepscope_common.clock import Clock
from hepscope_common.logs import get_logger
from hepscope_common.names import Names
from hepscope_common.runtime import cancel
from hepscope_query_api.live.calls import calls_now
from hepscope_query_api.live.events import Event, event, gap, trouble
from hepscope_query_api.live.history import history
from hepscope_query_api.live.marks import Marks, read_marks
from hepscope_query_api.live.reader import Reader
from hepscope_query_api.live.shapes import Hello
from hepscope_query_api.live.statement import Filters
from hepscope_query_api.live.tail import GAP_US, Tail
from hepscope_query_api.metrics import ApiMetrics, LiveLoss
from hepscope_query_api.problems import Kind, ProblemError
from hepscope_query_api.query.database import Database
from hepscope_query_api.timestamps import format_time, from_us

LOOK_SECONDS = 1.0
CALLS_EVERY = 2
"""Looks from one at the calls to the next."""

FAULT = "Of this live view: the log has the details. Follow anew, or with other filters."

_Key = tuple[tuple[str, str], ...]
"""A set of filters, sorted."""

_log = get_logger("api")


@dataclass(slots=True)
class _Group:
    """The readers of one set of filters."""

    tail: Tail
    readers: set[Reader] = field(default_factory=set)
    joining: list[Reader] = field(default_factory=list)
    calls: Event | None = None
    trouble: Event | None = None
    """What was told of these readers' own questions, until one is answered again."""
    looks: int = 0

    @property
    def everybody(self) -> list[Reader]:
        return [*self.readers, *self.joining]


class Live:
    """Lets readers in, looks for them, and tells them."""

    def __init__(
        self,
        database: Database,
        metrics: ApiMetrics,
        names: Names,
        now_us: Clock,
        *,
        most_readers: int,
        limit_per_s: int,
    ) -> None:
        self._database = database
        self._metrics = metrics
        self._names = names
        self._now_us = now_us
        self._most = most_readers
        self._limit = limit_per_s
        self._groups: dict[_Key, _Group] = {}
        self._looking: asyncio.Task[None] | None = None
        self._somebody = asyncio.Event()
        self._is_closed = False
        self._trouble: Event | None = None
        metrics.live_readers = self._count

    def join(self, filters: Filters, after_us: int | None) -> Reader:
        """Return a reader of what these filters let through, to be given to ``leave``.

        Raises ProblemError (live-full) when there are too many, or this process is to end.
        """
        if self._is_closed or self._count() >= self._most:
            raise ProblemError(
                Kind.LIVE_FULL,
                f"{self._most} readers follow already, as many as api.live_readers allows. "
                "Close one, or try again soon.",
            )
        key = tuple(sorted(filters))
        group = self._groups.get(key)
        if group is None:
            tail = Tail(self._database, self._names, key, limit_per_s=self._limit)
            group = self._groups[key] = _Group(tail)
        reader = Reader(after_us)
        group.joining.append(reader)
        told = self._trouble or group.trouble
        if told is not None:
            reader.put(told)
        self._somebody.set()
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._keep_looking(), name="live")
        return reader

    def leave(self, reader: Reader) -> None:
        """Forget a reader."""
        for key, group in list(self._groups.items()):
            group.readers.discard(reader)
            if reader in group.joining:
                group.joining.remove(reader)
            if not group.everybody:
                del self._groups[key]
        self._metrics.live_lost.add((LiveLoss.SLOW,), reader.losses)

    async def close(self) -> None:
        """End every stream, and let nobody in any more."""
        self._is_closed = True
        await cancel(self._looking)
        for group in self._groups.values():
            for reader in group.everybody:
                reader.end()

    def _count(self) -> int:
        return sum(len(group.everybody) for group in self._groups.values())

    async def _keep_looking(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._groups:
                began = loop.time()
                self._somebody.clear()
                await self._look()
                left = began + LOOK_SECONDS - loop.time()
                try:
                    async with asyncio.timeout(max(left, 0.1)):
                        await self._somebody.wait()
                except TimeoutError:
                    pass
        except Exception:  # noqa: BLE001 - of whatever class
            self._fail(list(self._groups))

    async def _look(self) -> None:
        now_us, began = self._now_us(), time.perf_counter()
        try:
            marks = await read_marks(self._database.session(), now_us)
        except ProblemError as problem:
            self._tell_trouble(problem, now_us)
            return
        self._trouble = None
        for key, group in list(self._groups.items()):
            try:
                await self._look_for(group, marks)
                group.trouble = None
            except ProblemError as problem:
                # Told once, with the time that it began.
                if group.trouble is None:
                    group.trouble = trouble(problem, now_us)
                    self._send(group.everybody, group.trouble)
            # What one set of filters makes go wrong ends the streams of nobody else.
            except Exception:  # noqa: BLE001 - of whatever class
                self._fail([key])
        self._metrics.live_looks.observe((), time.perf_counter() - began)

    async def _look_for(self, group: _Group, marks: Marks) -> None:
        tail = group.tail
        if tail.since is None:
            tail.begin(marks)
        elif tail.is_behind(marks):
            self._metrics.live_lost.add((LiveLoss.GAP,), len(group.readers))
            self._send(group.readers, gap(tail.since.at_us, marks.at_us))
            tail.begin(marks)
        else:
            found = await tail.look(marks)
            count = len(found.items) + found.skipped
            self._metrics.live_messages.add(("shown",), len(found.items))
            self._metrics.live_messages.add(("skipped",), found.skipped)
            self._send(group.readers, event("messages", found, marks.at_us, messages=count))
        await self._welcome(group, marks)
        if group.looks % CALLS_EVERY == 0:
            calls = await calls_now(self._database.session(), tail.filters, marks.at_us)
            group.calls = event("calls", calls, marks.at_us)
            self._send(group.readers, group.calls)
        group.looks += 1

    async def _welcome(self, group: _Group, marks: Marks) -> None:
        """Let those in who came since the last look, with what they missed while they were away."""
        past = await self._past(group.tail, marks) if group.joining else None
        while group.joining:
            reader = group.joining[0]
            missed = await self._missed(group.tail, reader.after_us, marks)
            # It may have left meanwhile.
            if reader not in group.joining:
                continue
            hello = Hello(time=format_time(from_us(marks.at_us)), limit_per_s=self._limit)
            for one in (event("hello", hello, marks.at_us), past, missed, group.calls):
                if one is not None:
                    reader.put(one)
            group.joining.remove(reader)
            group.readers.add(reader)

    async def _past(self, tail: Tail, marks: Marks) -> Event | None:
        try:
            found = await history(self._database.session(), tail.filters, marks.at_us)
        except ProblemError:
            return None  # what comes is worth more than what was
        return event("history", found, marks.at_us)

    async def _missed(self, tail: Tail, after_us: int | None, marks: Marks) -> Event | None:
        if after_us is None or after_us >= marks.at_us:
            return None
        if after_us >= marks.at_us - GAP_US:
            try:
                found = await tail.replay(after_us)
            except ProblemError:
                pass  # the gap is told instead
            else:
                return event("messages", found, marks.at_us, messages=len(found.items))
        self._metrics.live_lost.add((LiveLoss.GAP,))
        return gap(after_us, marks.at_us)

    def _fail(self, keys: list[_Key]) -> None:
        """End streams on a fault of ours: who hears nothing would believe that nothing happens."""
        self._metrics.live_failures.add(())
        _log.exception("the live view failed")
        last = trouble(ProblemError(Kind.INTERNAL, FAULT), self._now_us())
        for key in keys:
            # It may have been left meanwhile.
            group = self._groups.pop(key, None)
            for reader in group.everybody if group else []:
                reader.end(last)

    def _tell_trouble(self, problem: ProblemError, now_us: int) -> None:
        if self._trouble is None:
            self._trouble = trouble(problem, now_us)
            for group in self._groups.values():
                self._send(group.everybody, self._trouble)

    def _send(self, readers: "set[Reader] | list[Reader]", one: Event) -> None:
        for reader in list(readers):
            reader.put(one)
            if reader.is_stuck:
                self._metrics.live_cut.add(())
                reader.cut()
