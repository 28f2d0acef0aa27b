"""The media of a batch, with the place of everything: rows, offers, sums, what is left to join.

Made before the storing transaction, from what is committed; written in it.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Final

import asyncpg

from hep.media import codecs
from hepscope_common.store import copy, media_minutes
from hepscope_common.store.media_minutes import Figures, MinuteKey, MinuteSums, minute_of
from hepscope_common.store.partitions import LeafCache
from hepscope_storage_writer import media_offers, media_queue, media_row
from hepscope_storage_writer.lru import Lru
from hepscope_storage_writer.media_join import VALID_US, join
from hepscope_storage_writer.media_queue import Left
from hepscope_storage_writer.media_reading import MediaBatch
from hepscope_storage_writer.media_row import MediaRow
from hepscope_storage_writer.times import MINUTE_US

OFFERS_ROOT: Final = "media_address"
RENEWED_US: Final = 3_600_000_000
"""An offer that is repeated is stored again after so long: calls may outlast a day."""

KNOWN_OFFERS: Final = 50_000
"""Offers remembered as stored; copies at other hops come within seconds."""

JOINED_WAYS: Final = ("report", "correlation", "address", "none")
"""How the call of a report was known when it was stored."""

KnownOffers = Lru[bytes, int]


@dataclass(slots=True)
class MediaPlan:
    """What one transaction writes of media."""

    tables: dict[str, list[bytes]] = field(default_factory=dict)
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    sums: MinuteSums = field(default_factory=MinuteSums)
    left: Left = field(default_factory=Left)
    offers: dict[bytes, int] = field(default_factory=dict)
    joined: Counter[str] = field(default_factory=Counter)
    expired: int = 0


async def plan_media(
    connection: asyncpg.Connection,
    side: asyncpg.Connection,
    batch: MediaBatch,
    leaves: LeafCache,
    known: KnownOffers,
    *,
    now_us: int,
) -> MediaPlan:
    """Return where the media of a batch goes; makes the leaves that are missing."""
    plan = MediaPlan()
    minutes: defaultdict[int, list[bytes]] = defaultdict(list)
    for offer, time_us in batch.offers.items():
        stored_us = known.get(offer)
        if stored_us is None or not 0 <= time_us - stored_us < RENEWED_US:
            start = media_offers.start(time_us, time_us + VALID_US, now_us)
            minutes[time_us // MINUTE_US].append(start + offer)
            plan.offers[offer] = time_us
    for minute, rows in minutes.items():
        first_us = minute * MINUTE_US
        leaf = await leaves.ensure(side, OFFERS_ROOT, first_us, now_us=now_us)
        if leaf.name is None:
            plan.expired += len(rows)
            continue
        plan.tables.setdefault(leaf.name, []).extend(rows)
        plan.columns[leaf.name] = media_offers.COLUMNS
        plan.left.batches = {now_us}
        plan.left.widen(first_us, first_us + MINUTE_US + VALID_US)
    missing = {id(row) for row in await join(connection, batch.rows)}
    for row in batch.rows:
        if await _place(plan, side, row, leaves, now_us) and id(row) in missing:
            plan.left.add_missing(row)
    return plan


async def write_media(connection: asyncpg.Connection, plan: MediaPlan) -> None:
    """Write a plan, in the storing transaction."""
    for table, rows in sorted(plan.tables.items()):
        await copy.copy_rows(connection, table, plan.columns[table], b"".join(rows))
    await media_queue.put(connection, plan.left)
    await media_minutes.add(connection, plan.sums.changes())


def count(sums: MinuteSums, row: MediaRow, sign: int = 1) -> None:
    """Count a row into the sums, or with sign -1 out.

    Under the codec that the E-model knows: a report may name its codec as it likes.
    """
    known = codecs.by_name(row.codec) if row.codec else None
    codec = known.name if known else ""
    key = MinuteKey(minute_of(row.time), row.node, row.way, codec, row.context or "")
    figures = Figures(row.mos, row.r, row.loss, row.jitter_ms, row.round_trip_ms)
    sums.add(key, figures, sign)


async def _place(
    plan: MediaPlan, side: asyncpg.Connection, row: MediaRow, leaves: LeafCache, now_us: int
) -> bool:
    leaf = await leaves.ensure(side, media_row.ROOT, row.time, now_us=now_us)
    minute = await leaves.ensure(side, media_minutes.ROOT, row.time, now_us=now_us)
    if leaf.name is None or minute.name is None:
        plan.expired += 1
        return False
    plan.tables.setdefault(leaf.name, []).append(media_row.encode(row))
    plan.columns[leaf.name] = media_row.COLUMNS
    count(plan.sums, row)
    plan.joined[row.joined_by or "none"] += 1
    if row.call_id:
        plan.left.add_worst(row)
    return True
