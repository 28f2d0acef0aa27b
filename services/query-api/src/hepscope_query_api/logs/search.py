"""The list of a call's logs, put together from the database and Loki, page by page.

Each source gives lines in order and, where it has more, the place up to which it gave all. What
lies behind the nearest of these places waits for the next page, so that nothing comes late.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from hepscope_common.runtime import cancel
from hepscope_query_api.logs.line import Found, Key, Line
from hepscope_query_api.logs.loki import TroubleError
from hepscope_query_api.logs.loki_lines import LokiFound, LokiLines
from hepscope_query_api.logs.repository import LogRepository
from hepscope_query_api.query.parameters import Order

ROUNDS: Final = 4
"""How often a page that would be empty is looked for further on, before it is sent empty."""

ROUNDS_SECONDS: Final = 5.0
"""After so long no further round begins; the empty page has the cursor to go on."""


@dataclass(frozen=True, slots=True)
class LogPage:
    """Lines in order, the place where the next page begins, and what became of Loki."""

    lines: Sequence[Line]
    next: Key | None
    trouble: TroubleError | None = None
    note: str = ""


class LogSearch:
    """Logs of one call, read by one request."""

    def __init__(self, repository: LogRepository, loki: LokiLines | None) -> None:
        self._repository = repository
        self._loki = loki

    async def page(self, order: Order, after: Key | None, limit: int) -> LogPage:
        """Return a page of lines; raises ProblemError where the database does not answer."""
        trouble, note = None, ""
        began = time.monotonic()
        for _ in range(ROUNDS):
            page = await self._round(order, after, limit, is_loki_asked=trouble is None)
            trouble, note = trouble or page.trouble, note or page.note
            if page.lines or page.next is None or time.monotonic() - began > ROUNDS_SECONDS:
                break
            after = page.next
        return replace(page, trouble=trouble, note=note)

    async def _round(
        self, order: Order, after: Key | None, limit: int, *, is_loki_asked: bool
    ) -> LogPage:
        loki = self._loki if is_loki_asked else None
        found, other = await self._ask(loki, order, after, limit)
        copies = [] if other is None else await self._without_twins(found.lines, other)
        is_newest = order is Order.NEWEST
        merged = sorted([*found.lines, *copies], key=lambda line: line.key, reverse=is_newest)
        horizons = [found.horizon, None if other is None else other.found.horizon]
        known = [key for key in horizons if key is not None]
        horizon = (max(known) if is_newest else min(known)) if known else None
        if horizon is not None:
            merged = [
                line
                for line in merged
                if (line.key >= horizon if is_newest else line.key <= horizon)
            ]
        end = merged[limit - 1].key if len(merged) > limit else horizon
        if other is None:
            return LogPage(merged[:limit], end)
        return LogPage(merged[:limit], end, other.trouble, other.note)

    async def _ask(
        self, loki: LokiLines | None, order: Order, after: Key | None, limit: int
    ) -> tuple[Found, LokiFound | None]:
        if loki is None:
            return await self._repository.lines(order, after, limit), None
        asking = asyncio.create_task(loki.lines(order, after, limit))
        try:
            found = await self._repository.lines(order, after, limit)
            return found, await asking
        finally:
            await cancel(asking)

    async def _without_twins(self, rows: Sequence[Line], other: LokiFound) -> list[Line]:
        """Return Loki's lines, but not copies of what the database has."""
        lines = other.found.lines
        twins = {row.twin for row in rows}
        open_times = {line.key.time_us for line in lines if line.is_copy and line.twin not in twins}
        if open_times:
            # Rows of the page before, or of the next one.
            twins |= await self._repository.twins(sorted(open_times))
        return [line for line in lines if not line.is_copy or line.twin not in twins]
