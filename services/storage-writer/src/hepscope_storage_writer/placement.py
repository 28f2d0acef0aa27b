"""Where the rows of a batch go: the leaf of their time, or the stray table of their kind.

Leaves are made on a session other than the storing one, in autocommit, before the transaction
begins.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import asyncpg

from hepscope_common.store.partitions import LeafCache
from hepscope_storage_writer import packet_rows, sip_rows
from hepscope_storage_writer.batch import Batch

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = dict.fromkeys(
    sip_rows.ROOTS.values(), sip_rows.COLUMNS
) | dict.fromkeys(packet_rows.ROOTS.values(), packet_rows.COLUMNS)

STRAYS: Final[Mapping[str, str]] = dict.fromkeys(
    sip_rows.ROOTS.values(), sip_rows.STRAY
) | dict.fromkeys(packet_rows.ROOTS.values(), packet_rows.STRAY)


@dataclass(slots=True)
class Placement:
    """Rows by table, with the columns of each table, and how many of them are strays."""

    tables: dict[str, list[bytes]] = field(default_factory=dict)
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    strays: Counter[str] = field(default_factory=Counter)


async def place(
    batch: Batch, leaves: LeafCache, connection: asyncpg.Connection, *, now_us: int
) -> Placement:
    """Return where each row of a batch goes; makes the leaves that are missing."""
    placement = Placement()
    for group, rows in batch.groups():
        leaf = await leaves.ensure(connection, group.root, group.time_us, now_us=now_us)
        if leaf.name is None:
            placement.strays[STRAYS[group.root]] += len(rows)
        table = leaf.name or STRAYS[group.root]
        placement.tables.setdefault(table, []).extend(rows)
        placement.columns[table] = COLUMNS[group.root]
    return placement
