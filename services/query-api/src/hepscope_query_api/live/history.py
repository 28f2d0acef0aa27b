"""What the calls were like in the last minutes: for whoever begins to follow."""

from hepscope_common.calls.outcome import CallOutcome
from hepscope_common.calls.state import SETUP_TIMEOUT_US
from hepscope_query_api.calls.derived import ENDED, outcome_sql
from hepscope_query_api.calls.filters import call_filters
from hepscope_query_api.live.calls import MINUTE_US, filters_of_calls, newest_calls
from hepscope_query_api.live.shapes import Failures, History, Step
from hepscope_query_api.live.statement import Filters
from hepscope_query_api.query.bind import Bind, all_of
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.filters import apply
from hepscope_query_api.timestamps import format_time, from_us, to_us

STEP_US = 15_000_000
STEPS = 40
"""Ten minutes."""

COUNTED = 5_000
"""Calls that are looked at, each for every step."""


async def history(session: Session, filters: Filters, now_us: int) -> History:
    """Return the steps that the newest calls cover wholly; raises ProblemError."""
    rows = await session.rows(*_statement(filters_of_calls(filters), now_us))
    return History(
        step_s=STEP_US // 1_000_000,
        items=[
            Step(
                time=format_time(row["at"]),
                now=row["now"],
                starting_per_s=round(row["starting"] * 1_000_000 / STEP_US, 2),
                failures=Failures(**{name: row[name] for name in Failures.model_fields}),
            )
            for row in rows
            if row["counted"] < COUNTED or to_us(row["at"]) - to_us(row["oldest"]) > MINUTE_US
        ],
    )


def _statement(filters: Filters, now_us: int) -> tuple[str, list[object]]:
    bind = Bind()
    now = f"{bind(from_us(now_us))}::timestamptz"
    wanted = all_of(apply(filters, call_filters(from_us(now_us)), bind))
    # Of a call without an end that is not under way any more, the end is when it was given up.
    ended = (
        f"case when outcome <> '{CallOutcome.IN_PROGRESS}' then "
        f"coalesce(ended, started_at + {_interval(SETUP_TIMEOUT_US)}) end"
    )
    judged = [
        "started_at",
        f"({wanted}) is true as is_wanted",
        f"{outcome_sql(now)} as outcome",
        f"{ENDED} as ended",
    ]
    calls = newest_calls(", ".join(judged), now_us, bind, limit=COUNTED)

    def began(within_us: int, until_us: int = 0) -> str:
        last = f"at - {_interval(until_us)}"
        return f"started_at > {last} - {_interval(within_us)} and started_at <= {last}"

    def failed(outcome: CallOutcome, until_us: int = 0) -> str:
        when = began(MINUTE_US, until_us)
        return f"count(*) filter (where outcome = '{outcome}' and {when}) as {outcome}"

    columns = [
        "count(*) filter (where started_at <= at and (ends is null or ends > at)) as now",
        f"count(*) filter (where {began(STEP_US)}) as starting",
        failed(CallOutcome.FAULT),
        failed(CallOutcome.REJECTED),
        failed(CallOutcome.NO_REPLY, SETUP_TIMEOUT_US),
    ]
    first, step = f"{now} - {_interval(STEP_US * STEPS)}", _interval(STEP_US)
    statement = (
        f"with newest as materialized ({calls}), judged as materialized "
        f"(select started_at, outcome, {ended} as ends from newest where is_wanted) "
        "select at, (select count(*) from newest) as counted, "
        f"(select min(started_at) from newest) as oldest, {', '.join(columns)} "
        f"from generate_series({first}, {now}, {step}) at "
        "left join judged on true group by at order by at"
    )
    return statement, bind.values


def _interval(micros: int) -> str:
    return f"interval '{micros} microseconds'"
