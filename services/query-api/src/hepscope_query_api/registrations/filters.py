"""Filters of the list of registrations."""

from collections.abc import Mapping
from datetime import datetime

from hepscope_common.calls.registration import REGISTER_TIMEOUT_US, RegistrationState
from hepscope_query_api.calls.filters import call_id_field
from hepscope_query_api.query.bind import Bind
from hepscope_query_api.query.predicates import (
    Predicate,
    code_field,
    endpoint_field,
    list_field,
    number_field,
    text_field,
    time_field,
)


def state_sql(now: str) -> str:
    """Return the SQL of a registration's state at the moment whose SQL is now."""
    return (
        f"case when status is null then case when {now} - last_at > "
        f"interval '{REGISTER_TIMEOUT_US} microseconds' then 'failed' else 'pending' end "
        f"when status in (401, 407) then 'challenged' when status >= 300 then 'failed' "
        f"when expires is null or registered_at is null then 'registered' "
        f"when {now} >= registered_at + expires * interval '1 second' "
        f"then 'unregistered' else 'registered' end"
    )


def state_field(now: datetime) -> Predicate:
    """A state, as it is at a moment."""

    def predicate(value: str, bind: Bind) -> str:
        if value not in set(RegistrationState):
            raise ValueError(f"expected one of {', '.join(RegistrationState)}")
        return f"({state_sql(f'{bind(now)}::timestamptz')}) = '{value}'"

    return predicate


def registration_filters(now: datetime) -> Mapping[str, Predicate]:
    """Return the filters of registrations, by parameter; states are those of the moment now."""
    texts = ("aor_user", "aor_domain", "contact", "reason", "user_agent")
    return {
        "call_id": call_id_field("call_id"),
        **{name: text_field(name) for name in texts},
        "state": state_field(now),
        "status": code_field("status"),
        "expires_s": number_field("expires"),
        "registered_at": time_field("registered_at"),
        "started_at": time_field("started_at"),
        "last_at": time_field("last_at"),
        "message_count": number_field("message_count"),
        "source": endpoint_field("source"),
        "destination": endpoint_field("destination"),
        "nodes": list_field("nodes"),
    }
