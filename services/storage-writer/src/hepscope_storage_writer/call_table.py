"""The table ``call``: its columns, their merges, their encoding from facts.

Addresses are stored as inet, empty text as null; ``status`` and ``reason`` are generated from
``finals``, and the worst_* columns belong to media reports.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from hepscope_common.calls import CallFacts
from hepscope_common.store import copy
from hepscope_storage_writer.columns import Column, FactTable, Merge
from hepscope_storage_writer.pieces import AddressPieces, ArrayPieces, FinalsPieces, TextPieces


class KeyedCall(NamedTuple):
    """Facts and the key_time of their row, microseconds since 1970."""

    key_us: int
    facts: CallFacts


_Piece = Callable[[KeyedCall], bytes]

# Memories of encoded values, bounded by themselves; what they hold never changes.
_NAMES: Final = TextPieces(copy.INDEXED_LIMIT)
_AGENTS: Final = TextPieces(copy.AGENT_LIMIT)
_ADDRESSES: Final = AddressPieces()
_NODES: Final = ArrayPieces()
_FINALS: Final = FinalsPieces()


def _time(read: Callable[[CallFacts], int | None]) -> _Piece:
    return lambda call: copy.timestamptz(read(call.facts))


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
    Column("origin_key", "bigint", _LEAST, lambda call: copy.int8(call.facts.origin_key)),
    Column("bytes", "bigint", _SUM, lambda call: copy.int8(call.facts.bytes)),
    Column("message_count", "int", _SUM, lambda call: copy.int4(call.facts.message_count)),
    Column("invite_count", "int", _SUM, lambda call: copy.int4(call.facts.invite_count)),
    Column("source_port", "int", _ORIGIN, lambda call: copy.int4(call.facts.source_port)),
    Column("destination_port", "int", _ORIGIN, lambda call: copy.int4(call.facts.destination_port)),
    Column("flags", "int", _OR, lambda call: copy.int4(call.facts.flags)),
    Column("methods", "int", _OR, lambda call: copy.int4(call.facts.methods)),
    Column("finals", "jsonb", Merge.FINALS, lambda call: _FINALS(call.facts.finals)),
    Column("call_id", "text", Merge.KEY, lambda call: copy.text(call.facts.call_id)),
    Column("method", "text", _ORIGIN, lambda call: _NAMES[call.facts.method]),
    Column("from_user", "text", _ORIGIN, lambda call: _NAMES[call.facts.from_user]),
    Column("from_domain", "text", _ORIGIN, lambda call: _NAMES[call.facts.from_domain]),
    Column("to_user", "text", _ORIGIN, lambda call: _NAMES[call.facts.to_user]),
    Column("to_domain", "text", _ORIGIN, lambda call: _NAMES[call.facts.to_domain]),
    Column("ruri_user", "text", _ORIGIN, lambda call: _NAMES[call.facts.ruri_user]),
    Column("ruri_domain", "text", _ORIGIN, lambda call: _NAMES[call.facts.ruri_domain]),
    Column("user_agent", "text", _ORIGIN, lambda call: _AGENTS[call.facts.user_agent]),
    Column("source", "inet", _ORIGIN, lambda call: _ADDRESSES[call.facts.source]),
    Column("destination", "inet", _ORIGIN, lambda call: _ADDRESSES[call.facts.destination]),
    Column(
        "nodes",
        "text[]",
        Merge.UNION,
        lambda call: _NODES[call.facts.nodes],
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
