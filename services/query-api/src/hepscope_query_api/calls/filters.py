"""Filters of the list of calls: parameter, description, and SQL.

The SQL of state, ended_at, pdd_ms and duration_s states once more what
``hepscope_common.calls`` computes; a test compares both over random facts.
"""

from collections.abc import Mapping
from datetime import datetime

from hepscope_common.calls.bounds import stored_call_id
from hepscope_common.calls.keys import EPOCH_2000_US, LOW_BITS, RANK_SHIFT, TIME_MAX, FinalRank
from hepscope_common.calls.state import RINGING_TIMEOUT_US, SETUP_TIMEOUT_US, CallState
from hepscope_query_api.query.bind import Bind
from hepscope_query_api.query.pattern import MAX_LENGTH, parse_pattern, stored_text
from hepscope_query_api.query.predicates import (
    Predicate,
    code_field,
    endpoint_field,
    list_field,
    number_field,
    text_field,
    time_field,
)
from hepscope_query_api.timestamps import from_us

ANSWERED = "(answered_at is not null or coalesce(status between 200 and 299, false))"
PENDING = (
    "(status is null or (status in (401, 407) "
    "and (ringing_at is not null or cancelled_at is not null)))"
)

PDD = (
    "case when invite_at is not null and coalesce(progress_at, answered_at) is not null then "
    "greatest(extract(epoch from least(progress_at, answered_at) - invite_at) * 1000, 0) end"
)

DURATION = (
    "case when answered_at is not null and bye_at is not null "
    "then greatest(extract(epoch from bye_at - answered_at), 0) end"
)

_KEY = "(finals -> method ->> 0)::bigint"
_KEY_TIME = f"({_KEY} >> {LOW_BITS} & {TIME_MAX})"
FINAL_TIME = (
    f"(timestamptz '{from_us(EPOCH_2000_US):%Y-%m-%d %H:%M:%S}+00' + interval '1 microsecond' * "
    f"case when {_KEY} >> {RANK_SHIFT} = {int(FinalRank.SUCCESS)} "
    f"then {TIME_MAX} - {_KEY_TIME} else {_KEY_TIME} end)"
)

ENDED = (
    "case when bye_at is not null then bye_at when method = 'INVITE' then "
    "case when coalesce(status between 200 and 299, false) then null "
    "when cancelled_at is not null then cancelled_at "
    f"when {PENDING} then null else {FINAL_TIME} end else {FINAL_TIME} end"
)


def state_sql(now: str) -> str:
    """Return the SQL of a call's state at the moment whose SQL is now."""
    return (
        f"case when method is distinct from 'INVITE' then 'other' "
        f"when {ANSWERED} then case when bye_at is null then 'answered' else 'completed' end "
        f"when {PENDING} then case when cancelled_at is not null then 'cancelled' "
        f"when ringing_at is not null then case when {now} - ringing_at > "
        f"interval '{RINGING_TIMEOUT_US} microseconds' then 'timeout' else 'ringing' end "
        f"when {now} - coalesce(invite_at, started_at) > "
        f"interval '{SETUP_TIMEOUT_US} microseconds' then 'timeout' else 'setup' end "
        f"when status = 487 then 'cancelled' when status = 408 then 'timeout' else 'failed' end"
    )


def call_id_field(column: str) -> Predicate:
    """A Call-ID, brought to the form in which it is stored."""
    as_text = text_field(column)

    def predicate(value: str, bind: Bind) -> str:
        # A Call-ID may be longer than other values: what is stored then is a cut form of it.
        exact = parse_pattern(value).exact if len(value) <= MAX_LENGTH else value
        if not exact:
            return as_text(value, bind)
        return f"{column} = {bind(stored_call_id(stored_text(exact)))}"

    return predicate


def state_field(now: datetime) -> Predicate:
    """A state, as it is at a moment."""

    def predicate(value: str, bind: Bind) -> str:
        if value not in set(CallState):
            raise ValueError(f"expected one of {', '.join(CallState)}")
        sql = f"({state_sql(f'{bind(now)}::timestamptz')}) = '{value}'"
        # Says the same once more where the planner can see it.
        return f"{sql} and status >= 300" if value == CallState.FAILED else sql

    return predicate


def call_filters(now: datetime) -> Mapping[str, Predicate]:
    """Return the filters of calls, by parameter; states are those of the moment now."""
    texts = [
        *("method", "reason", "from_user", "from_domain", "to_user", "to_domain"),
        *("ruri_user", "ruri_domain", "user_agent"),
    ]
    return {
        "call_id": call_id_field("call_id"),
        **{name: text_field(name) for name in texts},
        "status": code_field("status"),
        "state": state_field(now),
        "started_at": time_field("started_at"),
        "answered_at": time_field("answered_at"),
        "ended_at": time_field(f"({ENDED})"),
        "pdd_ms": number_field(f"({PDD})"),
        "duration_s": number_field(f"({DURATION})"),
        "message_count": number_field("message_count"),
        "worst_mos": number_field("round(worst_mos::numeric, 2)"),
        "worst_loss": number_field("round(worst_loss::numeric, 4)"),
        "worst_jitter_ms": number_field("round(worst_jitter::numeric, 1)"),
        "source": endpoint_field("source"),
        "destination": endpoint_field("destination"),
        "nodes": list_field("nodes"),
    }
