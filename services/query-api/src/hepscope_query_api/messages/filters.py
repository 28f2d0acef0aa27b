"""Filters of lists of messages, and the protocol types that they hold."""

import re
from collections.abc import Mapping

from hepscope_query_api.calls.filters import call_id_field
from hepscope_query_api.messages.identity import Root
from hepscope_query_api.messages.tables import SIP, TRANSPORTS
from hepscope_query_api.problems import invalid
from hepscope_query_api.query.predicates import (
    Predicate,
    choice_field,
    code_field,
    endpoint_field,
    number_field,
    text_field,
    time_field,
)

MAX_TYPES = 32
TYPES = re.compile(r"\d{1,5}(,\d{1,5})*", re.ASCII)

TEXTS = (
    *("correlation_id", "method", "reason", "from_user", "from_domain", "from_tag"),
    *("to_user", "to_domain", "to_tag", "ruri_user", "ruri_domain", "user_agent"),
    *("via_branch", "node", "fault"),
)

MESSAGE_FILTERS: Mapping[str, Predicate] = {
    "call_id": call_id_field("call_id"),
    **{name: text_field(name) for name in TEXTS},
    "status": code_field("status"),
    "cseq": text_field("(cseq || ' ' || coalesce(cseq_method, ''))"),
    "node_id": number_field("node_id"),
    "transport": choice_field(
        {name: f"transport = {code}" for code, name in enumerate(TRANSPORTS) if name}
    ),
    "source": endpoint_field("source"),
    "destination": endpoint_field("destination"),
    "time": time_field("time"),
    "received_at": time_field("received_at"),
    "capture_time": time_field("capture_time"),
}


def roots_of(types: str | None) -> dict[Root, list[int] | None]:
    """Return which tables hold the protocol types asked for, with the types to keep.

    ``protocol_type`` is a number, several by comma, or ``*``; SIP when left out. None keeps
    all types of a table. Raises Problem.
    """
    if types is None:
        return {Root.SIP: None}
    if types == "*":
        return {Root.SIP: None, Root.PACKET: None}
    if not TYPES.fullmatch(types) or types.count(",") >= MAX_TYPES:
        raise invalid(
            "protocol_type",
            "protocol_type: expected HEP protocol types as 5 or 5,100, or * for all.",
            expected=["5", "5,100", "*"],
        )
    numbers = {int(number) for number in types.split(",")}
    roots: dict[Root, list[int] | None] = {}
    if SIP in numbers:
        roots[Root.SIP] = None
    if others := sorted(numbers - {SIP}):
        roots[Root.PACKET] = others
    return roots
