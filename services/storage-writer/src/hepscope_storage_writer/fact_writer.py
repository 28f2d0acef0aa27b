"""Merging facts into their table: COPY to a temporary table, one upsert per leaf.

Cheaper than one statement a row by far, and new and known rows need not be told apart. Rows are
sorted by Call-ID, so that two writers could not deadlock even if they shared calls.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

import asyncpg

from hepscope_common.store import copy
from hepscope_storage_writer.columns import FactTable

_Facts = TypeVar("_Facts")

PIECE: Final = 256
"""Facts encoded before other tasks get their turn."""


class LostFactsError(RuntimeError):
    """An upsert touched fewer rows than it was given, which would lose facts in silence."""


async def write_facts(
    connection: asyncpg.Connection,
    table: FactTable[_Facts],
    by_leaf: Mapping[str, Sequence[tuple[int, _Facts]]],
) -> int:
    """Merge facts, given with their time key, into the leaves; returns how many.

    Call it in a transaction, whose end empties the temporary table.
    """
    count = sum(map(len, by_leaf.values()))
    if not count:
        return 0
    rows = await _encoded([facts for found in by_leaf.values() for _, facts in found], table)
    await copy.copy_rows(connection, table.staging, table.names, rows)
    for leaf, facts_of in sorted(by_leaf.items()):
        keys = [key_us - copy.EPOCH_US for key_us, _ in facts_of]
        status = await connection.execute(table.upsert(leaf), min(keys), max(keys))
        if int(status.rpartition(" ")[2]) != len(facts_of):
            raise LostFactsError(f"{leaf}: {status} for {len(facts_of)} facts")
    return count


async def _encoded(facts: Sequence[_Facts], table: FactTable[_Facts]) -> bytes:
    """Return all COPY rows, made in pieces of a few milliseconds with a turn for others between."""
    row = table.row
    pieces: list[bytes] = []
    for start in range(0, len(facts), PIECE):
        pieces += map(row, facts[start : start + PIECE])
        await asyncio.sleep(0)
    return b"".join(pieces)
