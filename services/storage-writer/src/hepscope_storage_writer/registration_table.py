"""The table ``registration``: its columns, their merges, their encoding from facts."""

from collections.abc import Callable
from typing import Final

from hepscope_common.calls.registration import RegistrationFacts
from hepscope_common.store import copy
from hepscope_storage_writer.columns import Column, FactTable, Merge

_Piece = Callable[[RegistrationFacts], bytes]


def _time(read: Callable[[RegistrationFacts], int | None]) -> _Piece:
    return lambda facts: copy.timestamptz(read(facts))


def _text(read: Callable[[RegistrationFacts], str], limit: int = copy.INDEXED_LIMIT) -> _Piece:
    return lambda facts: copy.text(read(facts) or None, limit)


_ORIGIN = Merge.ORIGIN

_COLUMNS: Final[tuple[Column[RegistrationFacts], ...]] = (
    Column("day", "timestamptz", Merge.KEY, _time(lambda facts: facts.day_us)),
    Column("started_at", "timestamptz", Merge.LEAST, _time(lambda facts: facts.started_us)),
    Column("last_at", "timestamptz", Merge.GREATEST, _time(lambda facts: facts.last_us)),
    Column(
        "registered_at", "timestamptz", Merge.GREATEST, _time(lambda facts: facts.registered_us)
    ),
    Column("origin_key", "bigint", Merge.LEAST, lambda facts: copy.int8(facts.origin_key)),
    Column("message_count", "int", Merge.SUM, lambda facts: copy.int4(facts.message_count)),
    Column("expires", "int", Merge.BINDING, lambda facts: copy.int4(facts.expires)),
    Column("source_port", "int", _ORIGIN, lambda facts: copy.int4(facts.source_port)),
    Column("destination_port", "int", _ORIGIN, lambda facts: copy.int4(facts.destination_port)),
    Column("finals", "jsonb", Merge.FINALS, lambda facts: copy.jsonb(facts.finals)),
    Column("call_id", "text", Merge.KEY, lambda facts: copy.text(facts.call_id)),
    Column("aor_user", "text", _ORIGIN, _text(lambda facts: facts.aor_user)),
    Column("aor_domain", "text", _ORIGIN, _text(lambda facts: facts.aor_domain)),
    Column("contact", "text", _ORIGIN, _text(lambda facts: facts.contact, copy.AGENT_LIMIT)),
    Column("user_agent", "text", _ORIGIN, _text(lambda facts: facts.user_agent, copy.AGENT_LIMIT)),
    Column("source", "inet", _ORIGIN, lambda facts: copy.inet(facts.source)),
    Column("destination", "inet", _ORIGIN, lambda facts: copy.inet(facts.destination)),
    Column(
        "nodes",
        "text[]",
        Merge.UNION,
        lambda facts: copy.text_array(facts.nodes, copy.INDEXED_LIMIT),
    ),
)

REGISTRATIONS: Final = FactTable(
    "registration",
    _COLUMNS,
    time_key="day",
    ties=(
        "source",
        "source_port",
        "destination",
        "destination_port",
        "aor_user",
        "aor_domain",
        "contact",
        "user_agent",
    ),
)
