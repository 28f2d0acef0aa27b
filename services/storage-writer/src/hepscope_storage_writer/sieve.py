"""Sieve: takes the packets that the database refuses out of a batch.

They leave it as dead letters, and the rest is decoded anew: what they brought to the facts of
their calls must not stay.
"""

import asyncio
from collections.abc import Mapping, Sequence

from hepscope_storage_writer.batch import Batch, DeadLetter
from hepscope_storage_writer.dead_letters import REFUSED
from hepscope_storage_writer.decode import Decoder, split
from hepscope_storage_writer.poison import PacketAt, find_poison
from hepscope_storage_writer.settings import WriterSettings
from hepscope_storage_writer.transaction import Storing


class Sieve:
    """Rehearses parts of a batch on the session of one worker, to find what is refused."""

    def __init__(self, storing: Storing, decoder: Decoder, settings: WriterSettings) -> None:
        self._storing = storing
        self._decoder = decoder
        self._settings = settings

    async def without_poison(self, batch: Batch) -> Batch:
        """Return the batch without the packets that the database refuses, as dead letters there.

        Raises TooMuchPoisonError, and what the database raises for other reasons than the data.
        """
        packets = [
            PacketAt(number, index)
            for number, record in enumerate(batch.records)
            for index in range(len(split(record)[0]))
            if index not in batch.skipped.get(number, ())
        ]

        async def rehearse(part: Sequence[PacketAt]) -> None:
            async with asyncio.timeout(self._settings.batch_timeout_seconds):
                await self._storing.rehearse(self._only(batch, part))

        found = await find_poison(packets, rehearse, limit=self._settings.poison_limit)
        return self._without(batch, found)

    def _only(self, batch: Batch, part: Sequence[PacketAt]) -> Batch:
        chosen: dict[int, set[int]] = {}
        for at in part:
            chosen.setdefault(at.record, set()).add(at.index)
        some = Batch(batch.silence_us)
        for number, indexes in chosen.items():
            self._decoder.add_packets(some, batch.records[number], indexes)
        return some

    def _without(self, batch: Batch, refused: Mapping[PacketAt, str]) -> Batch:
        rest = Batch(batch.silence_us)
        for number, record in enumerate(batch.records):
            states = {at.index: state for at, state in refused.items() if at.record == number}
            self._decoder.add(rest, record, leave_out=states)
            if states:
                packets, _ = split(record)
                rest.dead_letters += [
                    DeadLetter(record, index, packets[index], REFUSED, state)
                    for index, state in states.items()
                ]
        return rest
