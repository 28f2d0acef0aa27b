"""The numbers in the database: rows of messages, call records, and how far it has stored.

Numbers are read from the stored payload and from the column call_id, and compared.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import asyncpg

from chaos.numbers import (
    CALL_ID_PATTERN,
    Number,
    call_id_of,
    number_of_call_id,
    number_of_payload,
)

PREFETCH = 5000
CONNECT_SECONDS = 30.0

_ROWS = """
select call_id, payload from hepscope.sip where call_id like $1
union all select call_id, payload from hepscope.sip_stray where call_id like $1
"""
_CALLS = "select call_id, message_count from hepscope.call where call_id like $1"
_POSITIONS = "select partition, next_offset from hepscope.bus_position where topic = $1"
_ANY = """
select exists (select from hepscope.sip where call_id = any($1::text[]))
  or exists (select from hepscope.sip_stray where call_id = any($1::text[]))
"""


@dataclass(slots=True)
class StoredContent:
    """Rows and counted messages of each number."""

    rows: Counter[Number] = field(default_factory=Counter)
    calls: Counter[Number] = field(default_factory=Counter)
    garbled: int = 0

    def add_row(self, call_id: str, payload: bytes) -> None:
        """Take a row of a message."""
        number = number_of_payload(payload)
        if number is None or number != number_of_call_id(call_id):
            self.garbled += 1
        else:
            self.rows[number] += 1

    def add_call(self, call_id: str, messages: int) -> None:
        """Take a call record; several of one call add up."""
        number = number_of_call_id(call_id)
        if number is not None:
            self.calls[number] += messages


async def read_stored(dsn: str) -> StoredContent:
    """Return all rows of chaos runs."""
    content = StoredContent()
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            async for row in connection.cursor(_ROWS, CALL_ID_PATTERN, prefetch=PREFETCH):
                content.add_row(row["call_id"], row["payload"] or b"")
            async for row in connection.cursor(_CALLS, CALL_ID_PATTERN, prefetch=PREFETCH):
                content.add_call(row["call_id"], row["message_count"])
    finally:
        await connection.close()
    return content


async def read_positions(dsn: str, topic: str) -> dict[int, int]:
    """Return the next offset to store of each partition of a topic."""
    connection = await asyncpg.connect(dsn, timeout=CONNECT_SECONDS)
    try:
        rows = await connection.fetch(_POSITIONS, topic)
    finally:
        await connection.close()
    return {row["partition"]: row["next_offset"] for row in rows}


async def has_any(dsn: str, groups: Sequence[Iterable[Number]]) -> bool:
    """Whether at least one number of each group is stored."""
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        for group in groups:
            call_ids = [call_id_of(number) for number in group]
            if not await connection.fetchval(_ANY, call_ids, timeout=10):
                return False
    finally:
        await connection.close()
    return True
