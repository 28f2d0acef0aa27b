"""The storing transaction: rows, facts and bus positions, together or not at all.

Before it, in autocommit on another session: leaves and parties, which all writers share. Before
it on its own session: the rows of known calls. In it: the positions first, which fails before
any work if another writer took over, and locks in one order; the origins; then COPY, then the
upserts. After it, and only then, the caches.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import asyncpg

from hepscope_common.calls import CallFacts
from hepscope_common.calls.registration import RegistrationFacts
from hepscope_common.clock import Clock
from hepscope_common.store import copy, node_reports, origins
from hepscope_common.store.node_reports import ReportedNodes
from hepscope_common.store.partitions import Leaf, LeafCache
from hepscope_common.store.positions import Advance, compare_and_set
from hepscope_common.store.transaction import transaction
from hepscope_storage_writer import measure_queue, parties
from hepscope_storage_writer.batch import Batch
from hepscope_storage_writer.call_table import CALLS, KeyedCall
from hepscope_storage_writer.expiry import Expiry
from hepscope_storage_writer.fact_writer import write_facts
from hepscope_storage_writer.key_times import (
    CallKey,
    Known,
    assign,
    look_up,
    missing,
    newest_of,
)
from hepscope_storage_writer.lru import Lru
from hepscope_storage_writer.media_plan import (
    KNOWN_OFFERS,
    KnownOffers,
    MediaPlan,
    plan_media,
    write_media,
)
from hepscope_storage_writer.parties import Parties
from hepscope_storage_writer.placement import Placement, place
from hepscope_storage_writer.registration_table import REGISTRATIONS
from hepscope_storage_writer.session import Session


class StalePositionsError(Exception):
    """A position is not as this writer left it: another one took over, or a commit was unknown."""


class StaleOriginsError(Exception):
    """More or less is stored of an origin than the batch was decoded with; decode it again."""


class LeafGoneError(Exception):
    """Retention dropped the leaf of a call since the policies were read; read them again."""


class _RehearsedError(Exception):
    """Rolls a rehearsal back."""


@dataclass(slots=True)
class Shared:
    """What the workers of a process have in common."""

    side: Session
    leaves: LeafCache
    parties: Parties
    expiry: Expiry
    now_us: Clock
    silence_us: int


@dataclass(slots=True)
class Plan:
    """A batch with the place of everything in it."""

    placement: Placement
    reported: ReportedNodes
    rows: dict[CallKey, CallFacts] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)
    calls: dict[str, list[tuple[int, KeyedCall]]] = field(default_factory=dict)
    registrations: dict[str, list[tuple[int, RegistrationFacts]]] = field(default_factory=dict)
    media: MediaPlan = field(default_factory=MediaPlan)
    parties_written: int = 0
    expired_facts: int = 0


class Storing:
    """Stores the batches of one worker on its own session."""

    def __init__(self, session: Session, shared: Shared, *, bus_id: str, call_cache: int) -> None:
        self.session = session
        self.cache: Lru[str, Known] = Lru(call_cache)
        self.offers: KnownOffers = Lru(KNOWN_OFFERS)
        self._shared = shared
        self._bus_id = bus_id

    async def store(self, batch: Batch, advances: Sequence[Advance]) -> Plan:
        """Commit a batch and its positions; returns what went where.

        Raises StalePositionsError, StaleOriginsError and LeafGoneError, nothing stored then, and
        what the database raises; whether that hit before or after the commit, the next attempt's
        positions tell.
        """
        async with self.session.hold() as connection:
            plan = await self._plan(connection, batch)
            async with transaction(connection):
                if not await compare_and_set(connection, self._bus_id, advances):
                    raise StalePositionsError
                if not await origins.store(connection, self._bus_id, batch.rises()):
                    raise StaleOriginsError
                await _write(connection, plan, self._bus_id)
        self.cache.update(newest_of(plan.rows, plan.known).items())
        self.offers.update(plan.media.offers.items())
        return plan

    async def rehearse(self, batch: Batch) -> None:
        """Do everything but commit; raises what the database finds wrong with the batch."""
        async with self.session.hold() as connection:
            plan = await self._plan(connection, batch)
            with suppress(_RehearsedError):
                async with transaction(connection):
                    await _write(connection, plan, self._bus_id)
                    raise _RehearsedError

    async def _plan(self, connection: asyncpg.Connection, batch: Batch) -> Plan:
        facts = list(batch.call_facts())
        known = {found.call_id: row for found in facts if (row := self.cache.get(found.call_id))}
        unknown = missing(known, facts)
        if unknown:
            known |= await look_up(connection, unknown, silence_us=self._shared.silence_us)
        rows = assign(
            facts,
            known,
            silence_us=self._shared.silence_us,
            floor_us=self._shared.expiry.call_floor_us,
        )
        async with self._shared.side.hold() as side:
            placement = await place(batch, self._shared.leaves, side, now_us=self._shared.now_us())
            plan = Plan(placement, batch.reported, rows, known)
            for (_, key_us), found in rows.items():
                leaf = await self._call_leaf(side, key_us)
                plan.calls.setdefault(leaf, []).append((key_us, KeyedCall(key_us, found)))
            for registration in batch.registrations.values():
                await self._place_registration(side, plan, registration)
            plan.parties_written = await self._write_parties(side, batch, facts)
            plan.media = await plan_media(
                connection,
                side,
                batch.media,
                self._shared.leaves,
                self.offers,
                now_us=self._shared.now_us(),
            )
        return plan

    async def _call_leaf(self, side: asyncpg.Connection, key_us: int) -> str:
        leaf = await self._leaf(side, CALLS.root, key_us)
        if leaf.name is None:
            raise LeafGoneError
        return leaf.name

    async def _place_registration(
        self, side: asyncpg.Connection, plan: Plan, facts: RegistrationFacts
    ) -> None:
        leaf = await self._leaf(side, REGISTRATIONS.root, facts.day_us)
        if leaf.name is None:
            plan.expired_facts += 1
        else:
            plan.registrations.setdefault(leaf.name, []).append((facts.day_us, facts))

    async def _leaf(self, side: asyncpg.Connection, root: str, time_us: int) -> Leaf:
        shared = self._shared
        return await shared.leaves.ensure(side, root, time_us, now_us=shared.now_us())

    async def _write_parties(
        self, side: asyncpg.Connection, batch: Batch, facts: Sequence[CallFacts]
    ) -> int:
        unseen = self._shared.parties.unseen(facts, batch.registrations.values())
        if unseen:
            await side.execute(parties.UPSERT, list(unseen), list(unseen.values()))
            self._shared.parties.remember(unseen)
        return len(unseen)


async def _write(connection: asyncpg.Connection, plan: Plan, bus_id: str) -> None:
    for table, rows in sorted(plan.placement.tables.items()):
        await copy.copy_rows(connection, table, plan.placement.columns[table], b"".join(rows))
    await write_facts(connection, CALLS, plan.calls)
    await write_facts(connection, REGISTRATIONS, plan.registrations)
    await measure_queue.put(connection, plan.rows, plan.registrations)
    await write_media(connection, plan.media)
    await node_reports.store(connection, bus_id, plan.reported)
