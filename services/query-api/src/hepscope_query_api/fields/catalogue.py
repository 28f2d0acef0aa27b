"""The catalogue of fields: what each filter is called, means and takes.

Made from the filters' own tables, so that none can be missing: a field is every filter of calls,
messages or registrations; those of one name and kind are one field.
"""

from collections.abc import Mapping
from typing import Final

from hepscope_common.calls.outcome import CallOutcome
from hepscope_common.calls.registration import RegistrationState
from hepscope_common.calls.state import CallState
from hepscope_query_api.calls.parameters import DESCRIBED_FILTERS as OF_CALLS
from hepscope_query_api.fields.schemas import Field, FieldKind, ListName
from hepscope_query_api.fields.seen import SEEN
from hepscope_query_api.messages.parameters import DESCRIBED_FILTERS as OF_MESSAGES
from hepscope_query_api.messages.tables import TRANSPORTS
from hepscope_query_api.registrations.endpoints import DESCRIBED_FILTERS as OF_REGISTRATIONS

_LISTS: Final[Mapping[ListName, Mapping[str, str]]] = {
    ListName.CALLS: OF_CALLS,
    ListName.MESSAGES: OF_MESSAGES,
    ListName.REGISTRATIONS: OF_REGISTRATIONS,
}
_KINDS: Final[Mapping[str, FieldKind]] = {
    **dict.fromkeys(("source", "destination"), FieldKind.ADDRESS),
    **dict.fromkeys(("time", "received_at", "capture_time"), FieldKind.TIME),
    **dict.fromkeys(("started_at", "answered_at", "ended_at"), FieldKind.TIME),
    **dict.fromkeys(("registered_at", "last_at"), FieldKind.TIME),
    **dict.fromkeys(("status", "message_count", "node_id"), FieldKind.NUMBER),
    **dict.fromkeys(("pdd_ms", "duration_s", "expires_s"), FieldKind.NUMBER),
    **dict.fromkeys(("worst_mos", "worst_loss", "worst_jitter_ms"), FieldKind.NUMBER),
    **dict.fromkeys(("state", "outcome", "transport"), FieldKind.ENUM),
}
_VALUES: Final[Mapping[tuple[ListName, str], list[str]]] = {
    (ListName.CALLS, "state"): list(CallState),
    (ListName.CALLS, "outcome"): list(CallOutcome),
    (ListName.MESSAGES, "transport"): [name for name in TRANSPORTS if name],
    (ListName.REGISTRATIONS, "state"): list(RegistrationState),
}


def all_fields() -> list[Field]:
    """Return every field; one whose values differ from list to list, once for each."""
    fields: list[Field] = []
    for of, described in _LISTS.items():
        for name, description in described.items():
            values = _VALUES.get((of, name))
            same = [field for field in fields if (field.name, field.values) == (name, values)]
            if same:
                same[0].of.append(of)
                continue
            fields.append(
                Field(
                    name=name,
                    of=[of],
                    kind=_KINDS.get(name, FieldKind.TEXT),
                    description=description,
                    values=values,
                    has_values=of is ListName.CALLS and name in SEEN,
                )
            )
    return fields
