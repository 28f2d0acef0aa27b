"""One life of a client that reads for a group, from joining to its end."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as WireTopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import IllegalStateError

from hepscope_common.bus.kafka_handover import Handover
from hepscope_common.bus.kafka_link import Link, end_within
from hepscope_common.bus.protocol import TopicPartition

FETCH_RECORDS = 16
"""Unpacked at once: about 1 MB of usual records."""

FETCH_BYTES = 8 * 1024 * 1024
PARTITION_FETCH_BYTES = 1024 * 1024
FETCH_WAIT_MS = 250
"""How long a broker holds back an answer without records; a partition that was resumed waits as
long for its first."""

REBALANCE_SECONDS = 60.0
"""How long the group waits for a member to give up what it holds."""

HEARTBEATS_IN_SESSION = 15
END_SECONDS = 5.0


class Member:
    """The library's consumer with our choices, and the handover that it tells."""

    def __init__(
        self,
        link: Link,
        group: str,
        topics: Sequence[str],
        *,
        instance_id: str | None,
        session_seconds: float,
        changed: asyncio.Event,
    ) -> None:
        self._link = link
        self._topics = [link.wire_topic(topic) for topic in topics]
        self.client = AIOKafkaConsumer(
            **link.options(),
            group_id=link.prefix + group,
            group_instance_id=instance_id,
            partition_assignment_strategy=[RangePartitionAssignor],
            session_timeout_ms=int(session_seconds * 1000),
            heartbeat_interval_ms=int(session_seconds * 1000 / HEARTBEATS_IN_SESSION),
            rebalance_timeout_ms=int(max(REBALANCE_SECONDS, session_seconds) * 1000),
            enable_auto_commit=False,
            auto_offset_reset="none",
            fetch_max_bytes=FETCH_BYTES,
            max_partition_fetch_bytes=PARTITION_FETCH_BYTES,
            fetch_max_wait_ms=FETCH_WAIT_MS,
        )
        self.handover = Handover(self._pause_wire, changed)
        self._starting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect and ask to join; raises the library's error."""
        self._starting = asyncio.create_task(self.client.start(), name="bus: start of a member")
        # Cut short, the library would leave its first connection open.
        await asyncio.shield(self._starting)
        # Not before the start, which would wait for the group, and the group may wait for us.
        self.client.subscribe(self._topics, listener=self.handover)

    async def stop(self) -> None:
        """Leave the group and close, without waiting long for a broker that does not answer."""
        self.handover.close()
        await end_within(_end(self.client, self._starting), END_SECONDS)

    def seek(self, where: TopicPartition, offset: int) -> None:
        """Read on from there, if the partition is still assigned."""
        with suppress(IllegalStateError, AssertionError):
            self.client.seek(self._link.wire(where), offset)

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        """Stop reading partitions that are still assigned."""
        self._pause_wire([self._link.wire(where) for where in partitions])

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        """Read partitions that are still assigned."""
        assigned = self.client.assignment()
        for where in partitions:
            if self._link.wire(where) in assigned:
                self.client.resume(self._link.wire(where))

    def high_water(self, where: TopicPartition) -> int | None:
        """Return the end of a log as the last fetch told it."""
        at = self._link.wire(where)
        if at not in self.client.assignment():
            return None
        end: int | None = self.client.highwater(at)
        return end

    def _pause_wire(self, partitions: Iterable[WireTopicPartition]) -> None:
        assigned = self.client.assignment()
        for at in partitions:
            if at in assigned:
                self.client.pause(at)


async def _end(client: AIOKafkaConsumer, starting: asyncio.Task[None] | None) -> None:
    """Close a client once it has started or failed to.

    One whose group failed would else leave its connections open.
    """
    if starting is not None:
        # Whom its error concerns has got it, or has gone.
        await asyncio.gather(starting, return_exceptions=True)
    try:
        await client.stop()
    finally:
        fetcher = client._fetcher  # noqa: SLF001 - the library has no other way
        if fetcher is not None:
            await fetcher.close()
        await client._client.close()  # noqa: SLF001 - likewise
