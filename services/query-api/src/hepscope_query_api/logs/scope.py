"""What belongs to a call, as far as its logs go: ids, and two periods.

Agents name the call of a log line by its Call-ID, or by whatever they put into chunk 17 of its
SIP messages: a Call-ID with a suffix, a channel, a number of their own. Lines named by the
Call-ID are the call's whenever they were written, up to its neighbours of the same Call-ID;
what only looks like the call's must be written about the time of the call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hepscope_common.calls.bounds import is_cut_call_id, stored_call_id
from hepscope_query_api.calls.scope import Scope
from hepscope_query_api.messages.identity import Root
from hepscope_query_api.messages.tables import tables_of
from hepscope_query_api.query.bind import Bind
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.period import AHEAD_US, ALWAYS, DAY_US, Period
from hepscope_query_api.timestamps import to_us

MAX_OTHERS: Final = 8
MAX_MESSAGES: Final = 10_000
"""Messages looked at for correlation ids; a client that uses one Call-ID for ever has more."""

UNSTORED_DAYS: Final = 92
"""So far back Loki is asked where nothing tells when a call was."""

MIN_CHARS: Final = 8
"""What is shorter names a call only among few: a number stands in half of all lines."""


@dataclass(frozen=True, slots=True)
class LogScope:
    """Which lines are a call's.

    ``wide`` holds those named by ``call_id``, ``near`` those named by one of ``others`` and all
    of Loki's; both are empty (start = end) where nothing can be.
    """

    call_id: str
    others: Sequence[str]
    wide: Period
    near: Period

    @property
    def keys(self) -> list[str]:
        """All ids, the Call-ID first."""
        return [self.call_id, *self.others]

    @property
    def is_cut(self) -> bool:
        """Whether the Call-ID was too long to store, and ends with a hash of ours."""
        return is_cut_call_id(self.call_id)

    @property
    def word(self) -> str:
        """What lines are searched for that nobody marked; "" if that would find anything."""
        word = self.call_id.rpartition("…")[0] if self.is_cut else self.call_id
        return word if len(word) >= MIN_CHARS else ""


async def log_scope(session: Session, scope: Scope, *, within: Period, margin_us: int) -> LogScope:
    """Return what belongs to a call; the period is one of those around its messages.

    ``within`` is what was asked for, of which ``scope`` already has the part of the call.
    """
    begin_us, end_us = await _life(session, scope)
    wide = scope.period
    if scope.call is not None and wide.start_us == begin_us:
        # The call before this one ends where this one begins: logs may be a little earlier.
        wide = _part(Period(begin_us - margin_us, wide.end_us), within)
    near = _part(Period(begin_us - margin_us, end_us + margin_us + 1), wide)
    return LogScope(scope.call_id, await _others(session, scope), wide, near)


def scope_without_call(call_id: str, *, at_us: int | None, within: Period, now_us: int) -> LogScope:
    """Return what of Loki's may belong to a call of which nothing is stored, as after retention.

    That is a day around the moment that is asked for, else the last quarter of a year.
    """
    if at_us is not None:
        near = Period(at_us - DAY_US, at_us + DAY_US)
    else:
        near = Period(now_us - UNSTORED_DAYS * DAY_US, now_us + AHEAD_US)
    near = _part(near, within)
    return LogScope(call_id, (), Period(near.start_us, near.start_us), near)


async def _life(session: Session, scope: Scope) -> tuple[int, int]:
    """Return when the first and the last message of a call came."""
    if scope.call is not None:
        return scope.call.started_us, scope.call.last_us
    bind = Bind()
    where = f"call_id = {bind(scope.call_id)}"
    selects = [
        f"select min(time) as first, max(time) as last from {table} where {where}"
        for root in Root
        for table in tables_of(root, payload=False)
    ]
    row = await session.row(
        f"select min(first) as first, max(last) as last from ({' union all '.join(selects)}) found",
        bind.values,
    )
    if row is None or row["first"] is None:
        return scope.period.start_us, scope.period.start_us
    return to_us(row["first"]), to_us(row["last"])


async def _others(session: Session, scope: Scope) -> list[str]:
    bind = Bind()
    where = f"call_id = {bind(scope.call_id)} and correlation_id <> ''"
    if scope.period != ALWAYS:
        where += f" and time >= {bind(scope.period.start)} and time < {bind(scope.period.end)}"
    selects = [
        f"(select correlation_id from {table} where {where} limit {MAX_MESSAGES})"
        for table in tables_of(Root.SIP, payload=False)
    ]
    rows = await session.rows(
        f"select correlation_id from ({' union all '.join(selects)}) found"
        f" where correlation_id <> {bind(scope.call_id)} and length(correlation_id) >= {MIN_CHARS}"
        f" group by 1 order by count(*) desc, 1 limit {MAX_OTHERS}",
        bind.values,
    )
    return [stored_call_id(row["correlation_id"]) for row in rows]


def _part(period: Period, of: Period) -> Period:
    """Return what two periods share; empty where they share nothing."""
    start_us = max(period.start_us, of.start_us)
    return Period(start_us, max(min(period.end_us, of.end_us), start_us))
