"""The media of a batch, with the place of everything: rows, offers, sums, what is left to join.

Made before the storing transaction, from what is committed; written in it.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import asyncpg

from hepscope_common.store import copy, media_minutes
from hepscope_common.store.media_minutes import Figures, MinuteKey, MinuteSums, minute_of
from hepscope_common.store.partitions import LeafCache
from hepscope_storage_writer import media_queue, media_row
from hepscope_storage_writer.lru import Lru
from hepscope_storage_writer.media_join import VALID_US, address_text, join
from hepscope_storage_writer.media_offers import Offer
from hepscope_storage_writer.media_queue import Left
from hepscope_storage_writer.media_reading import MediaBatch
from hepscope_storage_writer.media_row import MediaRow

OFFERS_ROOT: Final = "media_address"
OFFER_COLUMNS: Final = (
    "valid_from",
    "valid_to",
    "port",
    "rtcp_port",
    "medium",
    "codecs",
    "call_id",
    "address",
)

RENEWED_US: Final = 3_600_000_000
"""An offer that is repeated is stored again after so long: calls may outlast a day."""

KNOWN_OFFERS: Final = 50_000
"""Offers remembered as stored; copies at other hops come within seconds."""

JOINED_WAYS: Final = ("report", "correlation", "address", "none")
"""How the call of a report was known when it was stored."""

KnownOffers = Lru[tuple[str, Offer], int]


@dataclass(slots=True)
class MediaPlan:
    """What one transaction writes of media."""

    tables: dict[str, list[bytes]] = field(default_factory=dict)
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    sums: MinuteSums = field(default_factory=MinuteSums)
    left: Left = field(default_factory=Left)
    offers: dict[tuple[str, Offer], int] = field(default_factory=dict)
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
    for (call_id, offer), time_us in batch.offers.items():
        stored_us = known.get((call_id, offer))
        if stored_us is not None and 0 <= time_us - stored_us < RENEWED_US:
            continue
        leaf = await leaves.ensure(side, OFFERS_ROOT, time_us, now_us=now_us)
        if leaf.name is None:
            plan.expired += 1
            continue
        _put(plan, leaf.name, OFFER_COLUMNS, _offer_row(call_id, offer, time_us))
        plan.offers[call_id, offer] = time_us
        _note_offer(plan.left, call_id, offer, time_us)
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
    """Count a row into the sums, or with sign -1 out."""
    key = MinuteKey(minute_of(row.time), row.node, row.way, row.codec or "", row.context or "")
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
    _put(plan, leaf.name, media_row.COLUMNS, media_row.encode(row))
    count(plan.sums, row)
    plan.joined[row.joined_by or "none"] += 1
    if row.call_id:
        plan.left.add_worst(row)
    return True


def _put(plan: MediaPlan, table: str, columns: tuple[str, ...], row: bytes) -> None:
    plan.tables.setdefault(table, []).append(row)
    plan.columns[table] = columns


def _note_offer(left: Left, call_id: str, offer: Offer, time_us: int) -> None:
    address = address_text(offer.address)
    if address is not None:
        left.endpoints.update(((address, offer.port), (address, offer.rtcp_port)))
    left.calls.add(call_id)
    left.widen(time_us, time_us + VALID_US)


def _offer_row(call_id: str, offer: Offer, time_us: int) -> bytes:
    return b"".join(
        (
            copy.row(len(OFFER_COLUMNS)),
            copy.timestamptz(time_us),
            copy.timestamptz(time_us + VALID_US),
            copy.int4(offer.port),
            copy.int4(offer.rtcp_port),
            copy.text(offer.medium),
            copy.text(offer.codecs),
            copy.text(call_id),
            copy.inet(offer.address),
        )
    )
