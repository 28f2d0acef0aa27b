"""Log lines of a call in Loki: which are asked for, and in what pieces.

Loki gives the first so many lines of a time range. The next page begins at the microsecond of
the last line given; what came before within it is taken out again. Long periods are asked for in
spans, as Loki refuses more than some weeks at once.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hep.protocols import PROTOCOL_TYPES
from hepscope_query_api.logs.choice import Choice
from hepscope_query_api.logs.line import Found, Key, Line, Source, loki_key, plain
from hepscope_query_api.logs.logql import spellings
from hepscope_query_api.logs.loki import Loki, TroubleError
from hepscope_query_api.logs.loki_answer import Entry
from hepscope_query_api.logs.scope import LogScope
from hepscope_query_api.query.parameters import Order
from hepscope_query_api.query.period import Period

SPAN_US: Final = 7 * 24 * 3600 * 1_000_000
SLACK: Final = 50
"""Lines asked for besides a page: those of its first microsecond that the page before gave."""

BEFORE: Final = -1
"""Rank of the place before all lines of a moment."""

AFTER_ALL: Final = "~"
"""Behind every digest, which is hexadecimal."""

STUCK: Final = "Loki has more lines of one microsecond than it gives at once (api.loki_limit)."
NODE_LABELS: Final = ("node", "hostname", "host", "nodename", "instance", "pod")
TYPES: Final = {"dns": 53, **{row.name: number for number, row in PROTOCOL_TYPES.items()}}
"""HEP types by label ``type`` of copies; heplify-server has a name of its own for DNS."""

INSIDE_WORD: Final = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class LokiFound:
    """Lines, and what became of asking for them."""

    found: Found
    trouble: TroubleError | None = None
    note: str = ""


class LokiLines:
    """Log lines in Loki, read by one request."""

    def __init__(self, loki: Loki, choice: Choice, scope: LogScope) -> None:
        self._loki = loki
        self._choice = choice
        self._scope = scope
        self._ids = frozenset(spellings(scope.keys))

    async def lines(self, order: Order, after: Key | None, limit: int) -> LokiFound:
        """Return lines in order, from behind a place on: some ``limit`` of each query."""
        asked = self._choice.queries(self._scope.keys, self._scope.word)
        span, behind = self._span(order, after)
        if span.start_us >= span.end_us or not asked:
            return LokiFound(Found(), note=self._note())
        reader = _Reader(self._loki, asked, self._choice.jobs, span, order, after)
        wanted = min(limit + SLACK, self._choice.limit)
        taken = await reader.read(wanted)
        if taken.is_stuck and wanted < self._choice.limit:
            taken = await reader.read(self._choice.limit)
        note = STUCK if taken.is_stuck else self._note()
        lines = [line for line in taken.found.lines if self._is_wanted(line)]
        horizon = _first(order, [taken.found.horizon, behind])
        return LokiFound(Found(lines, horizon), taken.trouble, note)

    def _span(self, order: Order, after: Key | None) -> tuple[Period, Key | None]:
        """Return the period to ask for, and the place behind which it has no say."""
        start_us, end_us = self._scope.near.start_us, self._scope.near.end_us
        if order is Order.NEWEST:
            if after is not None:
                end_us = min(end_us, after.time_us + 1)
            edge_us = max(start_us, end_us - SPAN_US)
            horizon = Key(edge_us, BEFORE, 0, "") if edge_us > start_us else None
            return Period(edge_us, end_us), horizon
        if after is not None:
            start_us = max(start_us, after.time_us)
        edge_us = min(end_us, start_us + SPAN_US)
        return Period(start_us, edge_us), Key(edge_us, BEFORE, 0, "") if edge_us < end_us else None

    def _note(self) -> str:
        if self._scope.word:
            return ""
        return "The Call-ID is too short to look for it in the text of lines."

    def _is_wanted(self, line: Line) -> bool:
        """Return whether a line names the call, not one whose Call-ID this one is part of."""
        if line.labels.get("call_id") in self._ids or not self._scope.word:
            return True
        return any(self._stands_alone(line.text, *found.span()) for found in self._finds(line))

    def _finds(self, line: Line) -> Iterator[re.Match[str]]:
        return re.finditer(re.escape(self._scope.word), line.text)

    def _stands_alone(self, text: str, start: int, end: int) -> bool:
        # What follows a Call-ID that was cut is the rest of it.
        goes_on = INSIDE_WORD.match(text[end : end + 1]) and not self._scope.is_cut
        return not goes_on and not INSIDE_WORD.match(text[max(start - 1, 0) : start])


@dataclass(frozen=True, slots=True)
class _Taken:
    found: Found
    trouble: TroubleError | None
    is_stuck: bool
    """Whether a query did not get behind the moment at which it began."""


@dataclass(frozen=True, slots=True)
class _Reader:
    """A read of one span, as far as one question gets."""

    loki: Loki
    queries: Sequence[str]
    jobs: Sequence[str]
    span: Period
    order: Order
    after: Key | None

    async def read(self, limit: int) -> _Taken:
        span = self.span
        answers = await self.loki.ask(
            self.queries, span.start_us * 1000, span.end_us * 1000, limit=limit, order=self.order
        )
        lines: dict[Key, Line] = {}
        horizons: list[Key] = []
        is_stuck = False
        for entries in answers.entries:
            if entries is None:
                continue
            one = [self._line(entry) for entry in entries]
            lines |= {line.key: line for line in one if self._is_behind(line.key)}
            if len(one) < limit:
                continue
            horizon = self._horizon([line.key for line in one])
            if self.after is not None and not self._is_behind(horizon):
                is_stuck, horizon = True, _edge(self.after.time_us, self.order)
            horizons.append(horizon)
        is_newest = self.order is Order.NEWEST
        found = sorted(lines.values(), key=lambda line: line.key, reverse=is_newest)
        return _Taken(Found(found, _first(self.order, horizons)), answers.trouble, is_stuck)

    def _line(self, entry: Entry) -> Line:
        text = plain(entry.text)
        labels = entry.labels
        is_copy = labels.get("job") in self.jobs
        return Line(
            loki_key(entry.time_ns, text, labels),
            Source.LOKI,
            text,
            node=next((labels[name] for name in NODE_LABELS if labels.get(name)), ""),
            protocol_type=TYPES.get(labels.get("type", "")) if is_copy else None,
            labels=labels,
            is_copy=is_copy,
        )

    def _is_behind(self, key: Key) -> bool:
        if self.after is None:
            return True
        return key < self.after if self.order is Order.NEWEST else key > self.after

    def _horizon(self, keys: Sequence[Key]) -> Key:
        """Return the place before the last nanosecond of an answer that was cut: of that one,
        Loki may have more, in no order.
        """
        if self.order is Order.NEWEST:
            return min(keys)._replace(digest=AFTER_ALL)
        return max(keys)._replace(digest="")


def _edge(time_us: int, order: Order) -> Key:
    """Return the place behind all lines of a moment."""
    return Key(time_us if order is Order.NEWEST else time_us + 1, BEFORE, 0, "")


def _first(order: Order, keys: Iterable[Key | None]) -> Key | None:
    """Return the place that comes first in an order."""
    known = [key for key in keys if key is not None]
    if not known:
        return None
    return max(known) if order is Order.NEWEST else min(known)
