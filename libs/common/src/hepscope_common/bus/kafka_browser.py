"""Looking at the logs of a Kafka cluster: a client without a group, which commits nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as WireTopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    NodeNotReadyError,
    OffsetOutOfRangeError,
)

from hepscope_common.bus.browsing import LogRange, Taken
from hepscope_common.bus.kafka_link import Link, link_of, relay_logs
from hepscope_common.bus.kafka_records import record_of
from hepscope_common.bus.protocol import OffsetOutOfRange, TopicPartition
from hepscope_common.bus.settings import BusSettings
from hepscope_common.bus.topics import DEAD_LETTER, TOPICS
from hepscope_common.runtime import StartupError

ANSWER_SECONDS = 20.0
"""How long the brokers may take to answer before a command gives up."""

RETRY_SECONDS = 0.2
"""Before another broker is asked."""

FETCH_BYTES = 1024 * 1024
"""Taken of a partition at a time; one record is smaller."""

FETCH_RECORDS = 64

Answer = TypeVar("Answer")


@asynccontextmanager
async def browse(settings: BusSettings) -> AsyncIterator["KafkaBrowser"]:
    """Lend a browser; raises StartupError when the brokers do not answer, then and later."""
    link = link_of(settings)
    client = AIOKafkaConsumer(
        **link.options(),
        enable_auto_commit=False,
        auto_offset_reset="none",
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    admin = AIOKafkaAdminClient(**link.options())
    try:
        async with _answering():
            await admin.start()
            cluster_id = str((await _any_of(admin.describe_cluster))["cluster_id"])
            await client.start()
        bus_id = f"{cluster_id}/{link.prefix}" if link.prefix else cluster_id
        yield KafkaBrowser(link, client, admin, bus_id)
    finally:
        await client.stop()
        await admin.close()


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    relay = relay_logs()
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            yield
    except (KafkaError, OSError) as error:
        reason = relay.take_refusal() or str(error) or type(error).__name__
        raise StartupError(f"Kafka does not answer: {reason}") from error


async def _any_of(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Ask until a broker answers: the library asks any, and of several one may be dead."""
    while True:
        try:
            return await ask()
        except (KafkaConnectionError, NodeNotReadyError):
            await asyncio.sleep(RETRY_SECONDS)


class KafkaBrowser:
    """Reads any part of the topics of one installation."""

    def __init__(
        self, link: Link, client: AIOKafkaConsumer, admin: AIOKafkaAdminClient, bus_id: str
    ) -> None:
        self.bus_id = bus_id
        self._link = link
        self._client = client
        self._admin = admin

    async def ranges(self) -> Mapping[TopicPartition, LogRange]:
        """Return what each log holds at present; topics that do not exist have none."""
        async with _answering():
            wire = await self._partitions()
            starts = await self._client.beginning_offsets(wire)
            ends = await self._client.end_offsets(wire)
        return {self._link.unwire(at): LogRange(starts[at], ends[at]) for at in wire}

    async def _partitions(self) -> list[WireTopicPartition]:
        """Return every partition of our topics, as the cluster has them."""
        ours = {self._link.wire_topic(topic) for topic in (*TOPICS, DEAD_LETTER)}
        # All topics are asked for: a question that names one may create it.
        return [
            WireTopicPartition(topic["topic"], partition["partition"])
            for topic in await _any_of(self._admin.describe_topics)
            if topic["topic"] in ours
            for partition in topic["partitions"]
        ]

    async def offsets_at(
        self, time_us: int, partitions: Iterable[TopicPartition]
    ) -> Mapping[TopicPartition, int]:
        """Return the first offset of each log from a time on, its end if there is none."""
        wire = [self._link.wire(where) for where in partitions]
        async with _answering():
            found = await self._client.offsets_for_times(dict.fromkeys(wire, time_us // 1000))
            ends = await self._client.end_offsets(wire)
        return {
            self._link.unwire(at): ends[at] if at_time is None else at_time.offset
            for at, at_time in found.items()
        }

    async def read(self, where: TopicPartition, offset: int, *, max_bytes: int) -> list[Taken]:
        """Return records from an offset on; raises OffsetOutOfRange."""
        at = self._link.wire(where)
        async with _answering():
            start = (await self._client.beginning_offsets([at]))[at]
            end = (await self._client.end_offsets([at]))[at]
            if not start <= offset <= end:
                raise OffsetOutOfRange(where, offset, start, end)
            if self._client.assignment() != {at}:
                self._client.assign([at])
            self._client.seek(at, offset)
            try:
                return await self._read(where, offset, end, max_bytes)
            except OffsetOutOfRangeError as error:
                # The log lost its beginning just now.
                raise OffsetOutOfRange(where, offset, offset + 1, end) from error

    async def _read(
        self, where: TopicPartition, offset: int, end: int, max_bytes: int
    ) -> list[Taken]:
        at, found, size = self._link.wire(where), list[Taken](), 0
        while offset < end and size < max_bytes:
            got = await self._client.getmany(at, timeout_ms=1000, max_records=FETCH_RECORDS)
            for wire in got.get(at, ()):
                record = record_of(where, wire)
                size += len(record.value)
                if found and size > max_bytes:
                    return found
                found.append(Taken(record, wire.timestamp * 1000))
                offset = record.offset + 1
        return found
