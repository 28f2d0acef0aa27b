"""One life of a client that produces, from its connection to the error that ends it.

Batches of a partition follow each other with at most one on the wire and one behind it. The
producer is idempotent: the broker refuses a batch whose predecessor it does not have, so a failed
one is never overtaken. Errors that waiting mends are retried by the client for ever; any other
one, or a stall, ends the session, and whoever owns the lanes begins the next one with them.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import NoReturn, cast

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaTimeoutError, ProducerClosed

from hepscope_common.bus.kafka_batch import FastBatch
from hepscope_common.bus.kafka_lane import Lane, Pending
from hepscope_common.bus.kafka_link import Link, end_within
from hepscope_common.bus.protocol import MAX_RECORD_BYTES

BATCH_BYTES = 256 * 1024
"""Records of a partition sent together; a longer record goes alone."""

REQUEST_BYTES = 1024 * 1024
"""Above the longest record with its headers."""

END_SECONDS = 2.0

assert REQUEST_BYTES > MAX_RECORD_BYTES


class SessionEndedError(Exception):
    """Why a session ended; what it had not delivered is to be sent again."""


class Session:
    """Sends what comes into the lanes until something is wrong."""

    def __init__(
        self,
        link: Link,
        lanes: Sequence[Lane],
        *,
        stall_seconds: float,
        delivered: Callable[[Lane, Sequence[Pending]], None],
    ) -> None:
        """Make a session; ``delivered`` is told of records in the order of each lane."""
        self._link = link
        self._lanes = lanes
        self._stall_seconds = stall_seconds
        self._tell = delivered
        self._loop = asyncio.get_running_loop()
        self._failure: asyncio.Future[None] = self._loop.create_future()
        self.is_connected = False

    async def run(self) -> NoReturn:
        """Send for ever; raises SessionEndedError, and leaves nothing open behind it."""
        producer = AIOKafkaProducer(
            **self._link.options(),
            enable_idempotence=True,
            acks="all",
            max_request_size=REQUEST_BYTES,
        )
        try:
            async with asyncio.timeout(self._stall_seconds):
                await producer.start()
            self.is_connected = True
            await self._send_all(producer)
        except Exception as error:
            # Of whatever class: what waits must outlive any failure of the library.
            raise SessionEndedError(f"{type(error).__name__}: {error}") from error
        finally:
            self.is_connected = False
            # From here on no delivery counts: what is unacknowledged belongs to the next one.
            self._failure.cancel()
            await end_within(_abandon(producer), END_SECONDS)
        raise AssertionError("sending ended without a reason")

    async def _send_all(self, producer: AIOKafkaProducer) -> None:
        feeding = [asyncio.create_task(self._feed(producer, lane)) for lane in self._lanes]
        watching = asyncio.create_task(self._watch())
        try:
            done, _ = await asyncio.wait(
                [*feeding, watching, self._failure], return_when=asyncio.FIRST_COMPLETED
            )
            for ended in done:
                ended.result()
        finally:
            for task in (*feeding, watching):
                task.cancel()
            await asyncio.gather(*feeding, watching, return_exceptions=True)

    async def _feed(self, producer: AIOKafkaProducer, lane: Lane) -> None:
        while True:
            await lane.wait()
            batch = FastBatch(BATCH_BYTES)
            count = lane.hand_over(batch)
            future = await self._submit(producer, lane, batch)
            future.add_done_callback(partial(self._delivered, lane, count))

    async def _submit(
        self, producer: AIOKafkaProducer, lane: Lane, batch: FastBatch
    ) -> asyncio.Future[object]:
        """Return the future of a batch once the one before it is on its way."""
        topic = self._link.wire_topic(lane.where.topic)
        while True:
            with suppress(KafkaTimeoutError):
                future = await producer.send_batch(batch, topic, partition=lane.where.partition)
                return cast("asyncio.Future[object]", future)

    def _delivered(self, lane: Lane, count: int, future: asyncio.Future[object]) -> None:
        if future.cancelled():
            return
        error = future.exception()
        if self._failure.done():
            return
        if error is not None:
            self._failure.set_exception(error)
        else:
            self._tell(lane, lane.delivered(count, self._loop.time()))

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._stall_seconds / 4)
            limit = self._loop.time() - self._stall_seconds
            for lane in self._lanes:
                if len(lane) and lane.moved_at < limit:
                    at = f"{lane.where.topic}[{lane.where.partition}]"
                    raise TimeoutError(f"nothing acknowledged in {at} for too long")


async def _abandon(producer: AIOKafkaProducer) -> None:
    """End a client without delivering what it holds; its own end would wait for just that."""
    sender = producer._sender.sender_task  # noqa: SLF001 - the library has no other way
    batches = producer._message_accumulator  # noqa: SLF001 - likewise
    batches.fail_all(ProducerClosed())
    if sender is not None:
        sender.cancel()
    try:
        await producer.stop()
    finally:
        await producer.client.close()
