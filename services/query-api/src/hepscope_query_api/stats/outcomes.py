"""Counts calls by outcome over time, under the filters of the list of calls.

Reads the calls themselves, about half a second for a million. A range that holds more than
MAX_BYTES of them is counted by a sample of the pages, unless an index finds what is asked for.
"""

from typing import Final

from hepscope_common.calls.outcome import CallOutcome
from hepscope_query_api.calls.derived import outcome_sql
from hepscope_query_api.calls.selection import CallQuestion, Selection, select_calls
from hepscope_query_api.query.bind import Bind
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.kept import calls_kept_since
from hepscope_query_api.query.period import Period
from hepscope_query_api.stats.bins import Bins
from hepscope_query_api.stats.outcomes_schemas import OutcomeCounts, Outcomes
from hepscope_query_api.timestamps import format_time, from_us

MAX_BYTES: Final = 1 << 30
"""Some two million, counted in a second where they are in memory."""

_SIZE: Final = """
select coalesce(sum(pg_relation_size(('hepscope.' || quote_ident(leaf))::regclass)
  * extract(epoch from least(upper, $2) - greatest(lower, $1))
  / extract(epoch from upper - lower)), 0)::bigint
from hepscope.leaves('hepscope.call') where upper > $1 and lower < $2
"""
"""Bytes within a range, as if calls were spread evenly over their partitions."""


class OutcomeRepository:
    """Outcomes in the database, counted by one request."""

    def __init__(self, session: Session, max_bytes: int = MAX_BYTES) -> None:
        self._session = session
        self._max_bytes = max_bytes

    async def counts(self, question: CallQuestion, bins: Bins) -> Outcomes:
        """Return how many calls had each outcome, all in all and in each bin."""
        selection = await select_calls(self._session, question)
        share = 1.0 if selection.is_indexed else await self._share(question.period)
        found = {outcome: [0] * len(bins) for outcome in CallOutcome}
        bind = selection.bind()
        statement = _statement(selection, bind, question, bins, share)
        for row in await self._session.rows(statement, bind.values):
            found[CallOutcome(row["outcome"])][row["bin"]] = round(row["count"] / share)
        items = [
            OutcomeCounts(outcome=outcome, count=sum(counts), counts=counts)
            for outcome, counts in found.items()
        ]
        kept_since = await calls_kept_since(self._session)
        return Outcomes(
            step_s=bins.step_s,
            start=format_time(from_us(bins.start_us)),
            total=sum(item.count for item in items),
            kept_since=None if kept_since is None else format_time(kept_since),
            is_sampled=share < 1,
            items=items,
        )

    async def _share(self, period: Period) -> float:
        row = await self._session.row(_SIZE, [period.start, period.end])
        size = 0 if row is None else int(row[0])
        return 1.0 if size <= self._max_bytes else self._max_bytes / size


def _statement(
    selection: Selection, bind: Bind, question: CallQuestion, bins: Bins, share: float
) -> str:
    outcome = outcome_sql(f"{bind(from_us(question.now_us))}::timestamptz")
    origin = f"{bind(from_us(bins.start_us))}::timestamptz"
    bin_ = f"date_bin(interval '{bins.step_s} seconds', started_at, {origin})"
    # Repeatable: the same question has the same answer.
    sample = f"tablesample system ({share * 100:.6f}) repeatable (0)" if share < 1 else ""
    # The planner takes each moment for a bin of its own, unless it cannot see what a bin is: then
    # it would sort all calls instead of counting them in a table.
    seen = selection.seen(
        f"{bin_} as bin, {outcome} as outcome",
        selection.where(question.period, bind),
        table=f"hepscope.call {sample}",
    )
    return (
        f"select (extract(epoch from bin - {origin}) / {bins.step_s})::int as bin, outcome, "
        f"count(*) as count {seen} group by seen.bin, outcome"
    )
