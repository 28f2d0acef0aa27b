"""The calls under way, those that begin, and those that fail, as of now.

Both statements walk ``call_started`` from its newest end and stop at COUNTED calls, so that what
they cost does not grow with the calls that are kept.
"""

from hepscope_common.calls.outcome import CallOutcome
from hepscope_common.calls.sessions import SESSION_US
from hepscope_common.calls.state import SETUP_TIMEOUT_US
from hepscope_query_api.calls.derived import outcome_sql
from hepscope_query_api.calls.filters import call_filters
from hepscope_query_api.calls.rows import COLUMNS, facts_of_row
from hepscope_query_api.live.shapes import Calls, Failures, live_call
from hepscope_query_api.live.statement import Filters
from hepscope_query_api.query.bind import Bind, all_of
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.filters import apply
from hepscope_query_api.query.period import AHEAD_US
from hepscope_query_api.timestamps import from_us

COUNTED = 20_000
LISTED = 200

STARTING_S = 10
SETTLED_US = 1_000_000
"""Younger calls may not be committed yet."""

MINUTE_US = 60_000_000

ALSO_OF_CALLS = {
    **{name: name for name in ("call_id", "from_user", "from_domain", "to_user", "to_domain")},
    **{name: name for name in ("ruri_user", "ruri_domain", "user_agent", "source", "destination")},
    "node": "nodes",
}
"""Filters of messages that calls have too, under the name that they have there."""


async def calls_now(session: Session, filters: Filters, now_us: int) -> Calls:
    """Return the calls as of now; raises ProblemError."""
    of_calls = filters_of_calls(filters)
    counts = await session.row(*_counts(of_calls, now_us))
    listed = await session.rows(*_listed(of_calls, now_us))
    assert counts is not None
    return Calls(
        now=counts["now"],
        is_at_least=counts["counted"] >= COUNTED,
        starting_per_s=counts["starting"] / STARTING_S,
        failures=Failures(
            fault=counts["fault"], rejected=counts["rejected"], no_reply=counts["no_reply"]
        ),
        items=[live_call(facts_of_row(row), now_us) for row in listed],
    )


def filters_of_calls(filters: Filters) -> Filters:
    """Return those filters of messages that calls have, as these name them."""
    return [(ALSO_OF_CALLS[name], text) for name, text in filters if name in ALSO_OF_CALLS]


def newest_calls(columns: str, now_us: int, bind: Bind, *, limit: int = COUNTED) -> str:
    """Return the SQL of the newest calls of the last day, before any filter."""
    since = bind(from_us(now_us - SESSION_US))
    return (
        f"select {columns} from hepscope.call where (started_at, call_id) >= ({since}, '') "
        f"and started_at < {bind(from_us(now_us + AHEAD_US))} and key_time >= {since} "
        f"and method = 'INVITE' order by started_at desc limit {limit}"
    )


def _counts(filters: Filters, now_us: int) -> tuple[str, list[object]]:
    bind = Bind()

    def began(first_us: int, last_us: int) -> str:
        first, last = bind(from_us(now_us - first_us)), bind(from_us(now_us - last_us))
        return f"started_at >= {first} and started_at < {last}"

    def failed(outcome: CallOutcome, began_within: str) -> str:
        return f"count(*) filter (where outcome = '{outcome}' and {began_within}) as {outcome}"

    starting = began(STARTING_S * 1_000_000 + SETTLED_US, SETTLED_US)
    last_minute = began(MINUTE_US, -AHEAD_US)
    judged_minute = began(MINUTE_US + SETUP_TIMEOUT_US, SETUP_TIMEOUT_US)
    columns = [
        "count(*) as counted",
        f"count(*) filter (where is_wanted and outcome = '{CallOutcome.IN_PROGRESS}') as now",
        f"count(*) filter (where is_wanted and {starting}) as starting",
        failed(CallOutcome.FAULT, f"is_wanted and {last_minute}"),
        failed(CallOutcome.REJECTED, f"is_wanted and {last_minute}"),
        failed(CallOutcome.NO_REPLY, f"is_wanted and {judged_minute}"),
    ]
    wanted = all_of(apply(filters, call_filters(from_us(now_us)), bind))
    outcome = outcome_sql(f"{bind(from_us(now_us))}::timestamptz")
    newest = newest_calls(
        f"started_at, ({wanted}) is true as is_wanted, {outcome} as outcome", now_us, bind
    )
    return f"select {', '.join(columns)} from ({newest}) newest", bind.values


def _listed(filters: Filters, now_us: int) -> tuple[str, list[object]]:
    bind = Bind()
    outcome = outcome_sql(f"{bind(from_us(now_us))}::timestamptz")
    where = [
        f"{outcome} = '{CallOutcome.IN_PROGRESS}'",
        *apply(filters, call_filters(from_us(now_us)), bind),
    ]
    statement = (
        f"select {COLUMNS} from ({newest_calls('*', now_us, bind)}) newest where {all_of(where)} "
        f"order by started_at desc limit {LISTED}"
    )
    return statement, bind.values
