"""A batch is kept until the database gave a verdict that ends it.

Committed: done. Busy (away, out of space, too slow): repeated for ever, with pauses, on a new
session, nothing lost. Refused for its data: the bad packets are found and leave for the dead
letters. Stale: what the database says about positions or origins is believed. A leaf that went
away: asked for again. Every other error is raised and ends the process, and the bus replays.
"""

import asyncio
import random
from enum import Enum, auto
from typing import Final

from hepscope_common.bus.protocol import TopicPartition
from hepscope_common.logs import Throttle, get_logger
from hepscope_common.store import origins
from hepscope_common.store.positions import read
from hepscope_common.store.verdicts import Verdict, is_missing_leaf, verdict_of
from hepscope_storage_writer.batch import Batch
from hepscope_storage_writer.decode import Decoder
from hepscope_storage_writer.metrics import Outcome
from hepscope_storage_writer.ownership import Ownership
from hepscope_storage_writer.sieve import Sieve
from hepscope_storage_writer.surroundings import Surroundings
from hepscope_storage_writer.tally import Tally
from hepscope_storage_writer.transaction import (
    LeafGoneError,
    StaleOriginsError,
    StalePositionsError,
    Storing,
)

MAX_SEARCHES: Final = 3
"""Searches for bad packets in one batch. A search that finds none and a commit that is refused
again contradict each other; going on would never end."""

MAX_READINGS: Final = 3
"""Readings of the origins of one batch. Nobody else moves them, so what was read holds when it is
compared, but for an expiry in between."""

_log = get_logger("writer")


class _Remedy(Enum):
    """What has to be done before a batch is tried again."""

    NOTHING = auto()
    READ_POSITIONS = auto()
    READ_ORIGINS = auto()
    READ_POLICIES = auto()
    FIND_POISON = auto()


class Keeper:
    """Stores the batches of one worker, one after the other.

    ``trouble`` says what is wrong at present, ``last_verdict`` is when the database last
    answered in whatever way, by the clock of the event loop.
    """

    def __init__(
        self, storing: Storing, decoder: Decoder, ownership: Ownership, around: Surroundings
    ) -> None:
        self.trouble = ""
        self.last_verdict = 0.0
        self._storing = storing
        self._decoder = decoder
        self._ownership = ownership
        self._around = around
        self._settings = around.settings
        self._remedy = _Remedy.NOTHING
        self._searches = 0
        self._readings = 0
        self._throttle = Throttle(_log)
        self._tally = Tally(around.metrics, self._throttle)
        self._sieve = Sieve(storing, decoder, around.settings)

    async def keep(self, batch: Batch) -> None:
        """Return once nothing of a batch is left to store here.

        Raises what repeating cannot mend; the batch is then still on the bus.
        """
        self._remedy = _Remedy.NOTHING
        self._searches = self._readings = 0
        pause = self._settings.retry_min_ms / 1000
        while batch.records:
            try:
                batch = await self._attempt(batch)
            # Every error has a verdict; what has none is raised again by it.
            except Exception as error:  # noqa: BLE001
                self._judge(error)
            else:
                self.trouble = ""
            self.last_verdict = asyncio.get_running_loop().time()
            if self.trouble:
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
                pause = min(pause * 2, self._settings.retry_max_ms / 1000)

    async def check(self) -> None:
        """Compare what is owned with what the database says; call it with no batch at work.

        A database that was restored while nothing came would be noticed by the next batch alone,
        and until then lack what the bus still holds. One that is away is left to the next batch.
        """
        try:
            async with asyncio.timeout(self._settings.batch_timeout_seconds):
                async with self._storing.session.hold() as connection:
                    found = await read(connection, self._around.bus_id)
            stored = {TopicPartition(*where): position for where, position in found.items()}
            batch = self._new_batch()
            batch.spans = self._ownership.doubtful(stored)
            if batch.spans:
                await self._settle(batch)
        except Exception as error:
            if verdict_of(error) is not Verdict.BUSY:
                raise

    async def _attempt(self, batch: Batch) -> Batch:
        """Return what is left to store: an empty batch, or one to be tried again."""
        if self._remedy is _Remedy.READ_POSITIONS:
            return await self._settle(batch)
        if not self._ownership.holds(batch):
            return self._part_of(batch)
        if self._remedy in (_Remedy.READ_ORIGINS, _Remedy.FIND_POISON):
            return await self._mend(batch)
        if self._remedy is _Remedy.READ_POLICIES:
            await self._read_policies()
        self._remedy = _Remedy.NOTHING
        await self._commit(batch)
        return self._new_batch()

    async def _mend(self, batch: Batch) -> Batch:
        """Return a batch that was refused for what it holds, in a form that will be taken."""
        is_poisoned = self._remedy is _Remedy.FIND_POISON
        mend = self._sieve.without_poison if is_poisoned else self._with_origins
        mended = await mend(batch)
        # Not before: what fails here is done again.
        self._remedy = _Remedy.NOTHING
        return mended

    async def _commit(self, batch: Batch) -> None:
        async with asyncio.timeout(self._settings.batch_timeout_seconds):
            letters = batch.dead_letters[batch.letters_sent :]
            self._tally.letters_dropped(await self._around.outbox.send(letters))
            batch.letters_sent = len(batch.dead_letters)
            plan = await self._storing.store(batch, self._ownership.advances(batch))
        self._tally.plan(plan)
        self._finish(batch, Outcome.COMMITTED)

    def _finish(self, batch: Batch, outcome: Outcome) -> None:
        self._ownership.committed(batch)
        self._tally.batch(batch, outcome)
        self._around.nodes.add(batch.nodes)
        self._around.committed(batch.next_offsets())

    # Verdicts and remedies

    def _judge(self, error: Exception) -> None:
        """Choose the remedy for an error; raises it if there is none."""
        if isinstance(error, StalePositionsError):
            self._remedy = _Remedy.READ_POSITIONS
            self._tally.attempt(Outcome.STALE)
        elif isinstance(error, StaleOriginsError) and self._readings < MAX_READINGS:
            self._remedy = _Remedy.READ_ORIGINS
            self._readings += 1
            self._tally.attempt(Outcome.STALE_ORIGINS)
        elif isinstance(error, LeafGoneError) or is_missing_leaf(error):
            self._remedy = _Remedy.READ_POLICIES
            self._tally.attempt(Outcome.LEAF_GONE)
            self._around.shared.leaves.forget()
            self.trouble = "a partition was dropped while rows for it were under way"
        elif verdict_of(error) is Verdict.POISON and self._searches < MAX_SEARCHES:
            self._remedy = _Remedy.FIND_POISON
            self._searches += 1
            self._tally.attempt(Outcome.POISON)
        elif verdict_of(error) is Verdict.BUSY:
            is_late = isinstance(error, TimeoutError)
            self._tally.attempt(Outcome.TIMEOUT if is_late else Outcome.BUSY)
            self._around.shared.leaves.forget()
            self.trouble = f"database: {_describe(error)}"
            self._throttle.warning("busy", "%s; the batch is kept", self.trouble)
        else:
            raise error

    async def _settle(self, batch: Batch) -> Batch:
        async with asyncio.timeout(self._settings.batch_timeout_seconds):
            async with self._storing.session.hold() as connection:
                found = await read(connection, self._around.bus_id)
                known = await origins.read_newest(
                    connection,
                    self._around.bus_id,
                    list(batch.spans),
                    limit=self._settings.origin_cache,
                )
        self._remedy = _Remedy.NOTHING
        stored = {TopicPartition(*where): position for where, position in found.items()}
        # Some of what it knows may never have been committed, or not be true any more.
        self._storing.cache.clear()
        self._storing.offers.clear()
        settlement = self._ownership.settle(batch, stored, known)
        if settlement.is_committed:
            self._finish(batch, Outcome.ALREADY)
            return self._new_batch()
        if settlement.lost:
            self._throttle.warning(
                "stale", "another writer owns %s", ", ".join(map(_name, settlement.lost))
            )
        if settlement.went_back:
            self._throttle.warning("back", "the database went back; reading again what it lacks")
            self._around.shared.parties.forget()
            self._around.shared.leaves.forget()
        self._around.settled(settlement)
        return self._new_batch()

    async def _with_origins(self, batch: Batch) -> Batch:
        """Return the batch without what the database says is stored of its origins."""
        asked = list(batch.origins)
        async with asyncio.timeout(self._settings.batch_timeout_seconds):
            async with self._storing.session.hold() as connection:
                stored = await origins.read(connection, self._around.bus_id, asked)
        self._ownership.origins.correct(asked, stored)
        return self._part_of(batch)

    async def _read_policies(self) -> None:
        shared = self._around.shared
        async with asyncio.timeout(self._settings.batch_timeout_seconds):
            async with shared.side.hold() as side:
                await shared.expiry.read(side)

    def _part_of(self, batch: Batch) -> Batch:
        """Return what of a batch is still to be stored here, decoded with what is known now."""
        part = self._new_batch()
        for record in batch.records:
            if self._ownership.expects(part, record):
                self._decoder.add(part, record)
        return part

    def _new_batch(self) -> Batch:
        return Batch(self._around.shared.silence_us)


def _name(where: TopicPartition) -> str:
    return f"{where.topic}[{where.partition}]"


def _describe(error: Exception) -> str:
    text = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
