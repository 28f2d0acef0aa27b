"""Filters of the list of calls: parameter and SQL."""

from collections.abc import Mapping
from datetime import datetime

from hepscope_common.calls.bounds import stored_call_id
from hepscope_common.calls.outcome import CallOutcome
from hepscope_common.calls.state import CallState
from hepscope_query_api.calls.derived import DURATION, ENDED, PDD, outcome_sql, state_sql
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


def outcome_field(now: datetime) -> Predicate:
    """An outcome, as it is at a moment."""

    def predicate(value: str, bind: Bind) -> str:
        if value not in set(CallOutcome):
            raise ValueError(f"expected one of {', '.join(CallOutcome)}")
        sql = f"({outcome_sql(f'{bind(now)}::timestamptz')}) = '{value}'"
        # As above: the index of failed calls.
        return f"{sql} and status >= 500" if value == CallOutcome.FAULT else sql

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
        "outcome": outcome_field(now),
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
