"""What the brokers have for a reader: put with what it holds, and errors kept for its next poll."""

import asyncio

from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError

from hepscope_common.bus.kafka_bounds import Bounds
from hepscope_common.bus.kafka_holding import Holding
from hepscope_common.bus.kafka_link import Link
from hepscope_common.bus.kafka_member import FETCH_RECORDS, Member
from hepscope_common.bus.kafka_records import record_of
from hepscope_common.bus.kafka_trouble import Trouble

NOT_TAKEN_OVER_SECONDS = 1.0
"""How long nothing is fetched while partitions come that have no position yet."""


class Fetching:
    """Fetches for one reader."""

    def __init__(self, link: Link, bounds: Bounds, holding: Holding, trouble: Trouble) -> None:
        self.broken: KafkaError | None = None
        """An error that the library cannot mend."""
        self._link = link
        self._bounds = bounds
        self._holding = holding
        self._trouble = trouble

    async def fetch(self, member: Member, timeout_seconds: float) -> bool:
        """Keep what arrives in time; returns whether something did."""
        try:
            found = await member.client.getmany(
                timeout_ms=int(timeout_seconds * 1000), max_records=FETCH_RECORDS
            )
        except NoOffsetForPartitionError:
            # Of a partition that was not taken over yet, where nobody ever committed.
            await asyncio.sleep(min(timeout_seconds, NOT_TAKEN_OVER_SECONDS))
            return False
        except OffsetOutOfRangeError as error:
            await self._stray(member, error)
            return False
        except KafkaError as error:
            self.broken = error
            return False
        for at, records in found.items():
            where = self._link.unwire(at)
            self._holding.put(where, [record_of(where, record) for record in records])
        return bool(found)

    async def _stray(self, member: Member, error: OffsetOutOfRangeError) -> None:
        """Note that a position is outside of its log, with the range of the log now."""
        ((at, offset),) = error.args[0].items()
        where = self._link.unwire(at)
        try:
            await self._bounds.ask(member.client, [where])
        except (KafkaError, TimeoutError) as failure:
            self._trouble.note("positions", failure)
            return
        self._holding.stray(where, offset)
