"""The table ``call``: its columns, their merges, their encoding from facts.

Addresses are stored as inet, empty text as null; ``status`` and ``reason`` are generated from
``finals``, and the worst_* columns belong to media reports.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from hepscope_common.calls import CallFacts
from hepscope_common.store import copy
from hepscope_storage_writer.columns import Column, FactTable, Merge


class KeyedCall(NamedTuple):
    """Facts and the key_time of their row, microseconds since 1970."""

    key_us: int
    facts: CallFacts


_Piece = Callable[[KeyedCall], bytes]


def _time(read: Callable[[CallFacts], int | None]) -> _Piece:
    return lambda call: copy.timestamptz(read(call.facts))


def _text(read: Callable[[CallFacts], str], limit: int = copy.INDEXED_LIMIT) -> _Piece:
    return lambda call: copy.text(read(call.facts) or None, limit)


def _int4(read: Callable[[CallFacts], int]) -> _Piece:
    return lambda call: copy.int4(read(call.facts))


def _int8(read: Callable[[CallFacts], int]) -> _Piece:
    return lambda call: copy.int8(read(call.facts))


def _inet(read: Callable[[CallFacts], bytes]) -> _Piece:
    return lambda call: copy.inet(read(call.facts))


_LEAST, _ORIGIN, _SUM, _OR = Merge.LEAST, Merge.ORIGIN, Merge.SUM, Merge.OR

_COLUMNS: Final[tuple[Column[KeyedCall], ...]] = (
    Column("key_time", "timestamptz", Merge.KEY, lambda call: copy.timestamptz(call.key_us)),
    Column("started_at", "timestamptz", _LEAST, _time(lambda facts: facts.started_us)),
    Column("last_at", "timestamptz", Merge.GREATEST, _time(lambda facts: facts.last_us)),
    Column("invite_at", "timestamptz", _LEAST, _time(lambda facts: facts.invite_us)),
    Column("ringing_at", "timestamptz", _LEAST, _time(lambda facts: facts.ringing_us)),
    Column("progress_at", "timestamptz", _LEAST, _time(lambda facts: facts.progress_us)),
    Column("answered_at", "timestamptz", _LEAST, _time(lambda facts: facts.answered_us)),
    Column("cancelled_at", "timestamptz", _LEAST, _time(lambda facts: facts.cancelled_us)),
    Column("bye_at", "timestamptz", _LEAST, _time(lambda facts: facts.bye_us)),
    Column("origin_key", "bigint", _LEAST, _int8(lambda facts: facts.origin_key)),
    Column("bytes", "bigint", _SUM, _int8(lambda facts: facts.bytes)),
    Column("message_count", "int", _SUM, _int4(lambda facts: facts.message_count)),
    Column("invite_count", "int", _SUM, _int4(lambda facts: facts.invite_count)),
    Column("source_port", "int", _ORIGIN, _int4(lambda facts: facts.source_port)),
    Column("destination_port", "int", _ORIGIN, _int4(lambda facts: facts.destination_port)),
    Column("flags", "int", _OR, _int4(lambda facts: facts.flags)),
    Column("methods", "int", _OR, _int4(lambda facts: facts.methods)),
    Column("finals", "jsonb", Merge.FINALS, lambda call: copy.jsonb(call.facts.finals)),
    Column("call_id", "text", Merge.KEY, lambda call: copy.text(call.facts.call_id)),
    Column("method", "text", _ORIGIN, _text(lambda facts: facts.method)),
    Column("from_user", "text", _ORIGIN, _text(lambda facts: facts.from_user)),
    Column("from_domain", "text", _ORIGIN, _text(lambda facts: facts.from_domain)),
    Column("to_user", "text", _ORIGIN, _text(lambda facts: facts.to_user)),
    Column("to_domain", "text", _ORIGIN, _text(lambda facts: facts.to_domain)),
    Column("ruri_user", "text", _ORIGIN, _text(lambda facts: facts.ruri_user)),
    Column("ruri_domain", "text", _ORIGIN, _text(lambda facts: facts.ruri_domain)),
    Column("user_agent", "text", _ORIGIN, _text(lambda facts: facts.user_agent, copy.AGENT_LIMIT)),
    Column("source", "inet", _ORIGIN, _inet(lambda facts: facts.source)),
    Column("destination", "inet", _ORIGIN, _inet(lambda facts: facts.destination)),
    Column(
        "nodes",
        "text[]",
        Merge.UNION,
        lambda call: copy.text_array(call.facts.nodes, copy.INDEXED_LIMIT),
    ),
)

CALLS: Final = FactTable(
    "call",
    _COLUMNS,
    time_key="key_time",
    ties=(
        "method",
        "source",
        "source_port",
        "destination",
        "destination_port",
        "from_user",
        "from_domain",
        "to_user",
        "to_domain",
        "ruri_user",
        "ruri_domain",
        "user_agent",
    ),
)
