"""The calls that filters and words choose, as one predicate over ``call``: to count them.

What is counted are the rows of the list of calls: an orphan that is shown as part of an earlier
call (see ``rows``) is none of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hepscope_common.calls.facts import FLAG_INITIAL
from hepscope_query_api.calls.filters import call_filters
from hepscope_query_api.calls.search import Search, use_parties
from hepscope_query_api.query.bind import Bind, all_of
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.filters import apply, wanted
from hepscope_query_api.query.parameters import Order
from hepscope_query_api.query.period import Period
from hepscope_query_api.timestamps import from_us

INDEXED = ("call_id", "from_user", "to_user", "source")
"""Filters whose exact values an index of ``call`` finds."""

_ORPHAN = f"case when flags & {FLAG_INITIAL} = 0 then call_id end as orphan_id, key_time"
_IS_HEAD = (
    "orphan_id is null or not exists (select from hepscope.call earlier "
    "where earlier.call_id = orphan_id and earlier.key_time < seen.key_time)"
)


@dataclass(frozen=True, slots=True)
class CallQuestion:
    """Which calls are meant: those of a range that fit filters and words."""

    period: Period
    filters: Sequence[tuple[str, str]]
    q: str | None
    now_us: int


@dataclass(frozen=True, slots=True)
class Selection:
    """The predicates of a question without its range, and their values."""

    predicates: Sequence[str]
    values: Sequence[object]
    is_indexed: bool
    """Whether an index finds these calls, however long the range is."""

    def bind(self) -> Bind:
        """Return the bind of a new statement that has this selection in it."""
        bind = Bind()
        bind.values += self.values
        return bind

    def where(self, period: Period, bind: Bind) -> str:
        """Return the predicate of the calls within a range, orphans included."""
        return all_of([*self.predicates, *within(period, bind)])

    def seen(self, columns: str, where: str, *, table: str = "hepscope.call") -> str:
        """Return ``from ... where ...`` over the calls that a predicate chooses, as ``seen``.

        It has the columns given. On two levels: where orphans are looked for in one with the
        rest, the planner takes every row for a dear one, and goes long ways round to read fewer.
        """
        return (
            f"from (select {columns}, {_ORPHAN} from {table} where {where} offset 0) seen "
            f"where ({_IS_HEAD})"
        )


async def select_calls(session: Session, question: CallQuestion) -> Selection:
    """Return the selection of a question; raises ProblemError where it cannot be read."""
    search = Search(Order.NEWEST, 0)
    bind = search.bind
    search.predicates += apply(question.filters, call_filters(from_us(question.now_us)), bind)
    await use_parties(search, session, question.filters, question.q)
    if search.parties is None:
        return Selection(search.predicates, bind.values, _has_exact(question.filters))
    parties = bind(search.parties)
    ways = [f"{column} = any({parties}::text[])" for column in search.by_party] + search.direct
    return Selection([*search.predicates, " or ".join(ways)], bind.values, is_indexed=True)


def within(period: Period, bind: Bind) -> list[str]:
    """Return the predicates of a range of times; the last one leaves out older partitions."""
    start = bind(period.start)
    return [f"started_at >= {start}", f"started_at < {bind(period.end)}", f"key_time >= {start}"]


def _has_exact(filters: Sequence[tuple[str, str]]) -> bool:
    asked = wanted(filters)
    return any(
        asked[name].any_of and all(_is_exact(value) for value in asked[name].any_of)
        for name in INDEXED
        if name in asked
    )


def _is_exact(value: str) -> bool:
    return bool(value) and "*" not in value and "/" not in value
