"""What the memory bus does beyond the contract: bounds, and starting where the store is."""

import asyncio

from hepscope_common.bus import DEAD_LETTER, SIGNALLING, TOPICS, MemoryBus, TopicPartition
from hepscope_common.bus.membership import range_assignment
from hepscope_common.bus.memory import UNREAD_BYTES

WHERE = TopicPartition(SIGNALLING, 0)


async def test_logs_start_at_the_offsets_of_the_store() -> None:
    """After a restart the first record gets the offset that the store wants next."""
    bus = MemoryBus(start_offsets={WHERE: 41}, groups=["writer"])
    assert bus.producer().offer(*WHERE, b"a", 1)
    async with bus.consumer("writer", TOPICS) as consumer:
        (record,) = await consumer.poll(max_bytes=100, timeout_seconds=1)
    assert record.offset == 41


async def test_a_full_bus_refuses_until_every_group_is_past() -> None:
    """Room comes back when the slowest group commits."""
    bus = MemoryBus(max_bytes=10, groups=["writer", "exporter"])
    producer = bus.producer()
    assert producer.offer(*WHERE, b"123456", 1)
    assert not producer.offer(*WHERE, b"123456", 1)
    async with bus.consumer("writer", TOPICS) as one, bus.consumer("exporter", TOPICS) as two:
        await one.poll(max_bytes=100, timeout_seconds=1)
        one.commit({WHERE: 1})
        assert not producer.offer(*WHERE, b"123456", 1)
        await two.poll(max_bytes=100, timeout_seconds=1)
        two.commit({WHERE: 1})
        assert producer.offer(*WHERE, b"123456", 1)


async def test_send_waits_for_room() -> None:
    """A producer that must not lose waits as long as the readers need."""
    bus = MemoryBus(max_bytes=10, groups=["writer"])
    producer = bus.producer()
    await producer.send(*WHERE, b"123456", 1)
    sending = asyncio.create_task(producer.send(*WHERE, b"abcdef", 1))
    async with bus.consumer("writer", TOPICS) as consumer:
        await consumer.poll(max_bytes=100, timeout_seconds=1)
        assert not sending.done()
        consumer.commit({WHERE: 1})
        async with asyncio.timeout(60):
            await sending
    assert bus.used_bytes == 6


async def test_an_empty_bus_takes_a_record_larger_than_its_bound() -> None:
    """A bound below one record would stop everything for ever."""
    bus = MemoryBus(max_bytes=3, groups=["writer"])
    assert bus.producer().offer(*WHERE, b"123456", 1)


async def test_a_group_named_at_the_start_gets_what_came_before_it_joined() -> None:
    """Ingest may start before the writer without losing a record."""
    bus = MemoryBus(groups=["writer"])
    bus.producer().offer(*WHERE, b"early", 1)
    async with bus.consumer("writer", TOPICS) as consumer:
        (record,) = await consumer.poll(max_bytes=100, timeout_seconds=1)
    assert record.value == b"early"


async def test_dead_letters_that_nobody_reads_keep_their_newest() -> None:
    """A flood of garbage stays within its bound and never fills the bus."""
    bus = MemoryBus(max_bytes=10, groups=["writer"])
    producer = bus.producer()
    value = bytes(UNREAD_BYTES // 8)
    for _ in range(20):
        assert producer.offer(DEAD_LETTER, 0, value, 1)
    log = bus.logs[TopicPartition(DEAD_LETTER, 0)]
    assert log.size_bytes <= UNREAD_BYTES
    assert log.end == 20
    assert producer.offer(*WHERE, b"123456", 1)


async def test_a_commit_of_a_partition_that_is_not_owned_counts_nothing() -> None:
    """A member that was fenced off cannot release what its successor still needs."""
    bus = MemoryBus(groups=["writer"])
    bus.producer().offer(*WHERE, b"a", 1)
    stranger = bus.consumer("writer", TOPICS)
    stranger.commit({WHERE: 1})
    assert bus.logs[WHERE].start == 0


def test_partitions_are_shared_in_contiguous_ranges() -> None:
    """The first members by name get one more when it does not come out even."""
    assert range_assignment(["b", "a", "c"], 8) == {
        "a": range(3),
        "b": range(3, 6),
        "c": range(6, 8),
    }
    assert range_assignment([], 8) == {}
    assert range_assignment(["a", "b", "c"], 2)["c"] == range(2, 2)
