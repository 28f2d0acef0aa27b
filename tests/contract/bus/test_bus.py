"""What every bus must do; each test runs over every implementation that can be had."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_common.bus import (
    DEAD_LETTER,
    MEDIA,
    SIGNALLING,
    TOPICS,
    Bus,
    Consumer,
    MemoryBus,
    Record,
    TopicPartition,
)
from hepscope_common.bus.protocol import MAX_RECORD_BYTES, MAX_RECORD_PACKETS, OffsetOutOfRange
from support.kafka import Kafka
from support.kafka_bus import PATIENT_SECONDS, fresh_bus

MANY = 1_000_000
SOON = 60.0
SHORT = 0.01


@pytest.fixture(params=["memory", "kafka"])
async def bus(request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    """A bus of four partitions with a reading group."""
    if request.param == "memory":
        yield MemoryBus(partitions=4, groups=["writer"])
        return
    kafka: Kafka = request.getfixturevalue("kafka")
    async with fresh_bus(kafka, partitions=4, session_seconds=PATIENT_SECONDS) as bus:
        yield bus


class Notes:
    """A listener that writes down what it is told and seeks where it is asked to."""

    def __init__(self) -> None:
        self.assigned: list[TopicPartition] = []
        self.revoked: list[TopicPartition] = []
        self.start: dict[TopicPartition, int] = {}
        self.consumer: Consumer | None = None

    async def on_assigned(self, partitions: Sequence[TopicPartition]) -> None:
        self.assigned += partitions
        for where in partitions:
            if where in self.start and self.consumer is not None:
                self.consumer.seek(*where, self.start[where])

    async def on_revoked(self, partitions: Sequence[TopicPartition]) -> None:
        self.revoked += partitions


async def drain(consumer: Consumer, wanted: int) -> list[Record]:
    """Poll until this many records came."""
    found: list[Record] = []
    async with asyncio.timeout(SOON):
        while len(found) < wanted:
            found += await consumer.poll(max_bytes=MANY, timeout_seconds=1)
    return found


async def join(*members: Consumer) -> None:
    """Poll in turns until each member owns partitions; nothing may have been sent yet."""
    async with asyncio.timeout(SOON):
        while not all(member.assignment for member in members):
            for member in members:
                assert await member.poll(max_bytes=MANY, timeout_seconds=SHORT) == []


async def test_a_record_comes_out_as_it_went_in(bus: Bus) -> None:
    """Topic, partition, value, packet count and headers are kept."""
    await bus.producer().send(SIGNALLING, 2, b"HEP3...", 3, (("reason", b"x"),))

    async with bus.consumer("writer", TOPICS) as consumer:
        (record,) = await drain(consumer, 1)

    assert record == Record(SIGNALLING, 2, 0, b"HEP3...", 3, (("reason", b"x"),))


async def test_offsets_count_records_of_a_partition_without_gaps(bus: Bus) -> None:
    """Each partition counts for itself, in the order of sending."""
    producer = bus.producer()
    for number in range(6):
        await producer.send(SIGNALLING, number % 2, b"%d" % number, 1)

    async with bus.consumer("writer", TOPICS) as consumer:
        records = await drain(consumer, 6)

    for partition in (0, 1):
        mine = [(r.offset, r.value) for r in records if r.partition == partition]
        assert mine == [(n, b"%d" % (2 * n + partition)) for n in range(3)]


async def test_two_groups_read_everything_each(bus: Bus) -> None:
    """A group's reading takes nothing from another group."""
    async with bus.consumer("writer", TOPICS) as one, bus.consumer("exporter", TOPICS) as two:
        await bus.producer().send(SIGNALLING, 0, b"a", 1)

        assert len(await drain(one, 1)) == 1
        assert len(await drain(two, 1)) == 1


async def test_members_of_a_group_share_partitions_and_own_the_same_numbers_of_all_topics(
    bus: Bus,
) -> None:
    """Partition n of every topic has one owner, and every partition has one."""
    async with bus.consumer("writer", TOPICS) as one, bus.consumer("writer", TOPICS) as two:
        async with asyncio.timeout(SOON):
            # The first to join may have everything until the other one is there.
            while len(one.assignment) != 2 * len(TOPICS) or len(two.assignment) != 2 * len(TOPICS):
                await one.poll(max_bytes=MANY, timeout_seconds=SHORT)
                await two.poll(max_bytes=MANY, timeout_seconds=SHORT)

        assert not one.assignment & two.assignment
        for member in (one, two):
            numbers = {at.partition for at in member.assignment}
            assert len(numbers) == 2
            assert member.assignment == {TopicPartition(t, n) for t in TOPICS for n in numbers}


async def test_a_member_that_leaves_hands_its_partitions_over(bus: Bus) -> None:
    """What a member had not committed is given to the one who follows."""
    notes = Notes()
    await bus.producer().send(SIGNALLING, 3, b"a", 1)
    async with bus.consumer("writer", TOPICS, notes) as one:
        await drain(one, 1)

    async with bus.consumer("writer", TOPICS) as two:
        records = await drain(two, 1)

    assert sorted(notes.revoked) == sorted(notes.assigned)
    assert [record.value for record in records] == [b"a"]


async def test_a_partition_has_one_owner_at_any_time(bus: Bus) -> None:
    """A new member gets a partition only after the old one was told that it left."""
    old, new = Notes(), Notes()
    async with bus.consumer("writer", TOPICS, old) as one:
        await join(one)
        async with bus.consumer("writer", TOPICS, new) as two:
            await two.poll(max_bytes=MANY, timeout_seconds=SHORT)
            assert set(new.assigned) <= set(old.revoked)
            async with asyncio.timeout(SOON):
                while not new.assigned:
                    await one.poll(max_bytes=MANY, timeout_seconds=SHORT)
                    await two.poll(max_bytes=MANY, timeout_seconds=SHORT)
            assert set(new.assigned) <= set(old.revoked)


async def test_committed_positions_are_where_the_next_owner_starts(bus: Bus) -> None:
    """A commit names the next record wanted."""
    producer = bus.producer()
    for value in (b"a", b"b"):
        await producer.send(SIGNALLING, 1, value, 1)
    async with bus.consumer("writer", TOPICS) as one:
        await drain(one, 2)
        one.commit({TopicPartition(SIGNALLING, 1): 1})

    async with bus.consumer("writer", TOPICS) as two:
        records = await drain(two, 1)

    assert [record.value for record in records] == [b"b"]


async def test_a_listener_may_seek_when_partitions_come(bus: Bus) -> None:
    """The position in the reader's own store wins over what the group committed."""
    producer = bus.producer()
    for value in (b"a", b"b", b"c"):
        await producer.send(SIGNALLING, 1, value, 1)
    notes = Notes()
    notes.start = {TopicPartition(SIGNALLING, 1): 2}
    consumer = bus.consumer("writer", TOPICS, notes)
    notes.consumer = consumer

    async with consumer:
        records = await drain(consumer, 1)

    assert [record.value for record in records] == [b"c"]


class Unready(Notes):
    """A listener that fails the first time that partitions come."""

    async def on_assigned(self, partitions: Sequence[TopicPartition]) -> None:
        await super().on_assigned(partitions)
        if len(self.assigned) == len(partitions):
            raise ConnectionError("no database")


async def test_no_record_comes_before_the_listener_was_ready_for_it(bus: Bus) -> None:
    """One that failed is asked again; it is never told to give up what it did not take."""
    await bus.producer().send(SIGNALLING, 1, b"a", 1)
    unready = Unready()
    async with bus.consumer("writer", TOPICS, unready) as consumer:
        with pytest.raises(ConnectionError, match="no database"):
            await drain(consumer, 1)
        assert consumer.assignment == frozenset()
        first, unready.revoked = list(unready.assigned), []

        assert [record.value for record in await drain(consumer, 1)] == [b"a"]

        assert unready.assigned == first * 2
    assert sorted(unready.revoked) == sorted(first)


async def test_a_listener_learns_where_it_begins_and_what_came_before(bus: Bus) -> None:
    """So a reader can go back to rebuild what it keeps in memory; never past a time or the log."""
    where = TopicPartition(SIGNALLING, 1)
    producer = bus.producer()
    for value in (b"0", b"1", b"2"):
        await producer.send(*where, value, 1)
    await producer.flush()
    consumer = bus.consumer("writer", TOPICS)
    async with consumer:
        records = await drain(consumer, 3)
        assert [record.offset for record in records] == [0, 1, 2]
        assert consumer.positions[where] == 3
        assert await consumer.offsets_at(1_000_000, [where]) == {where: 0}


async def test_seeking_outside_of_the_log_is_refused(bus: Bus) -> None:
    """What has not come yet cannot be read."""
    await bus.producer().send(SIGNALLING, 1, b"a", 1)
    async with bus.consumer("writer", TOPICS) as consumer:
        await drain(consumer, 1)
        consumer.commit({TopicPartition(SIGNALLING, 1): 1})

        with pytest.raises(OffsetOutOfRange) as beyond:
            consumer.seek(SIGNALLING, 1, 2)

    assert (beyond.value.offset, beyond.value.end) == (2, 1)


async def test_seeking_in_a_partition_of_another_is_an_error(bus: Bus) -> None:
    """A reader that lost a partition must not move its successor."""
    async with bus.consumer("writer", TOPICS) as consumer:
        with pytest.raises(KeyError):
            consumer.seek(SIGNALLING, 1, 0)


async def test_a_poll_stops_before_its_bound_and_gives_at_least_one_record(bus: Bus) -> None:
    """Memory of a reader is bounded by what it asks for, and a large record still passes."""
    large = bytes(range(256)) * (MAX_RECORD_BYTES // 256)
    producer = bus.producer()
    for value in (b"a" * 100, large, b"b" * 100, b"c" * 100):
        await producer.send(SIGNALLING, 1, value, 1)
    sizes: list[list[int]] = []
    async with bus.consumer("writer", TOPICS) as consumer:
        async with asyncio.timeout(SOON):
            while sum(sum(found) for found in sizes) < len(large) + 300:
                records = await consumer.poll(max_bytes=150, timeout_seconds=1)
                sizes.append([len(record.value) for record in records])

    assert [found for found in sizes if found] == [[100], [len(large)], [100], [100]]


async def test_seeking_back_gives_records_again(bus: Bus) -> None:
    """A reader that rolls back reads what it had read."""
    producer = bus.producer()
    for value in (b"a", b"b", b"c"):
        await producer.send(SIGNALLING, 1, value, 1)
    async with bus.consumer("writer", TOPICS) as consumer:
        await drain(consumer, 3)

        consumer.seek(SIGNALLING, 1, 1)

        assert [record.value for record in await drain(consumer, 2)] == [b"b", b"c"]


async def test_a_poll_that_is_cut_short_loses_nothing(bus: Bus) -> None:
    """Whoever gives up waiting gets the records in the next poll."""
    producer = bus.producer()
    found: list[Record] = []
    async with bus.consumer("writer", TOPICS) as consumer:
        await join(consumer)
        async with asyncio.timeout(SOON):
            for number in range(20):
                await producer.send(SIGNALLING, 1, b"%d" % number, 1)
            while len(found) < 20:
                try:
                    async with asyncio.timeout(0.003):
                        found += await consumer.poll(max_bytes=1, timeout_seconds=60)
                except TimeoutError:
                    continue

    assert [record.value for record in found] == [b"%d" % number for number in range(20)]


async def test_paused_partitions_give_nothing_and_stay_assigned(bus: Bus) -> None:
    """A pause holds records back without losing the partition."""
    where = TopicPartition(SIGNALLING, 1)
    async with bus.consumer("writer", TOPICS) as consumer:
        await join(consumer)
        consumer.pause([where])
        await bus.producer().send(*where, b"a", 1)
        await bus.producer().send(MEDIA, 1, b"m", 1)
        assert [record.topic for record in await drain(consumer, 1)] == [MEDIA]
        assert where in consumer.assignment

        consumer.resume([where])

        assert [record.value for record in await drain(consumer, 1)] == [b"a"]


async def test_lag_counts_records_not_read_yet(bus: Bus) -> None:
    """Lag falls to nothing as records are read."""
    producer = bus.producer()
    await producer.send(SIGNALLING, 0, b"a", 1)
    await producer.send(SIGNALLING, 0, b"b", 1)
    await producer.flush()
    async with bus.consumer("writer", TOPICS) as consumer:
        first = await consumer.poll(max_bytes=1, timeout_seconds=SOON)
        assert len(first) == 1
        assert consumer.lag()[TopicPartition(SIGNALLING, 0)] == 1
        await drain(consumer, 1)
        assert consumer.lag()[TopicPartition(SIGNALLING, 0)] == 0


async def test_a_poll_ends_when_nothing_comes(bus: Bus) -> None:
    """An empty bus gives an empty list."""
    async with bus.consumer("writer", TOPICS) as consumer:
        assert await consumer.poll(max_bytes=MANY, timeout_seconds=SHORT) == []


async def test_a_waiting_poll_is_woken_by_a_record(bus: Bus) -> None:
    """A reader need not wait for its time-out."""
    async with bus.consumer("writer", TOPICS) as consumer:
        await join(consumer)
        async with asyncio.timeout(SOON):
            polling = asyncio.create_task(consumer.poll(max_bytes=MANY, timeout_seconds=60))
            await asyncio.sleep(0)
            await bus.producer().send(SIGNALLING, 0, b"a", 1)
            assert [record.value for record in await polling] == [b"a"]


async def test_the_dead_letter_topic_has_one_partition_of_its_own(bus: Bus) -> None:
    """Whoever reads dead letters gets them all."""
    async with bus.consumer("reader", [DEAD_LETTER]) as consumer:
        await bus.producer().send(DEAD_LETTER, 0, b"junk", 1, (("reason", b"not_hep"),))
        (record,) = await drain(consumer, 1)
    assert (record.partition, record.headers) == (0, (("reason", b"not_hep"),))


@pytest.mark.parametrize("packets", [0, MAX_RECORD_PACKETS + 1])
async def test_a_record_outside_of_its_bounds_is_refused(bus: Bus, packets: int) -> None:
    """A stored id has ten bits for the index of a packet."""
    with pytest.raises(ValueError, match="a record of"):
        bus.producer().offer(SIGNALLING, 0, b"a", packets)


@given(sends=st.lists(st.tuples(st.integers(0, 3), st.binary(min_size=1, max_size=40))))
@settings(max_examples=50, deadline=None)
def test_everything_sent_is_read_once_in_order(sends: list[tuple[int, bytes]]) -> None:
    """Whatever is sent, and however small the polls, each partition reads as it was written."""

    async def run() -> list[Record]:
        bus = MemoryBus(partitions=4, groups=["writer"])
        producer = bus.producer()
        for partition, value in sends:
            assert producer.offer(SIGNALLING, partition, value, 1)
        found: list[Record] = []
        async with bus.consumer("writer", TOPICS) as consumer:
            while len(found) < len(sends):
                found += await consumer.poll(max_bytes=30, timeout_seconds=0)
        return found

    found = asyncio.run(run())

    for partition in range(4):
        mine = [record.value for record in found if record.partition == partition]
        assert mine == [value for at, value in sends if at == partition]


async def test_a_record_is_acknowledged_once_it_cannot_be_lost(bus: Bus) -> None:
    """The callback comes once; at the latest when the reading group is done with the record."""
    told: list[int] = []
    producer = bus.producer()
    for number in range(3):
        await producer.send(
            SIGNALLING, 1, b"%d" % number, 1, acknowledged=partial(told.append, number)
        )

    async with bus.consumer("writer", TOPICS) as consumer:
        await drain(consumer, 3)
        consumer.commit({TopicPartition(SIGNALLING, 1): 3})
        await producer.flush()

    assert told == [0, 1, 2]


async def test_a_topic_that_nobody_reads_acknowledges_too(bus: Bus) -> None:
    """Dead letters have no reader that could be done with them."""
    told: list[str] = []
    producer = bus.producer()

    await producer.send(DEAD_LETTER, 0, b"junk", 1, acknowledged=partial(told.append, "x"))
    await producer.flush()

    assert told == ["x"]
