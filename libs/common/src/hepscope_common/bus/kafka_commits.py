"""Committed offsets: a hint for lag monitors and for readers without a store of their own.

The reader's store holds the positions that count, so a commit that fails is counted and logged,
and the next one says more.
"""

import asyncio
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from hepscope_common.bus.kafka_link import Link
from hepscope_common.bus.protocol import TopicPartition
from hepscope_common.logs import Throttle, get_logger

COMMIT_SECONDS = 5.0

_log = get_logger("bus.kafka")


class Commits:
    """The offsets to be committed next."""

    def __init__(self, link: Link) -> None:
        self.failures = 0
        self._link = link
        self._noted: dict[TopicPartition, int] = {}
        self._throttle = Throttle(_log)

    def note(self, positions: Mapping[TopicPartition, int]) -> None:
        """Commit these with the next ``send``."""
        self._noted.update(positions)

    def clear(self) -> None:
        """Forget what was not sent."""
        self._noted.clear()

    async def send(self, client: AIOKafkaConsumer) -> None:
        """Commit what was noted since the last time."""
        if not self._noted:
            return
        offsets = {self._link.wire(where): offset for where, offset in self._noted.items()}
        self._noted = {}
        try:
            async with asyncio.timeout(COMMIT_SECONDS):
                await client.commit(offsets)
        except (KafkaError, TimeoutError) as error:
            self.failures += 1
            self._throttle.warning("commit", "offsets not committed: %s", str(error) or "too slow")
