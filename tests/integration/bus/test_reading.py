"""Readers that share a group, lose their broker, their partitions or their place in the log."""

import asyncio
import gc

import pytest
from aiokafka import TopicPartition as WireTopicPartition
from aiokafka.admin import RecordsToDelete

from hepscope_common.bus import SIGNALLING, TOPICS, Record, TopicPartition
from hepscope_common.bus.kafka_consumer import KafkaConsumer
from hepscope_common.bus.protocol import OffsetOutOfRange
from integration.bus.traffic import MANY, PATIENCE_SECONDS, Notes, Numbered, drain, join, read_all
from support.kafka import Kafka, KafkaServer
from support.kafka_bus import PATIENT_SECONDS, admin_of, fresh_bus, running_bus, settings_of

WHERE = TopicPartition(SIGNALLING, 0)


async def pull(consumer: KafkaConsumer, found: list[Record], *, commits: bool = True) -> None:
    """Read and commit until cancelled."""
    while True:
        records = await consumer.poll(max_bytes=MANY, timeout_seconds=0.2)
        found += records
        if commits:
            consumer.commit({TopicPartition(r.topic, r.partition): r.offset + 1 for r in records})


def different(found: list[Record]) -> int:
    """Return how many records came, each counted once however often it was sent or read."""
    return len({(record.partition, record.value[:8]) for record in found})


async def until(found: list[Record], count: int) -> None:
    """Return when this many different records came."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while different(found) < count:
            await asyncio.sleep(0.02)


async def drain_all(consumer: KafkaConsumer, found: list[Record], count: int) -> None:
    """Poll until this many different records came; whoever joins anew may get some again."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while different(found) < count:
            found += await consumer.poll(max_bytes=MANY, timeout_seconds=0.5)


async def test_a_member_that_leaves_under_load_leaves_nothing_unread(kafka: Kafka) -> None:
    """The other one goes on where the one that left had committed."""
    async with fresh_bus(kafka, partitions=4, session_seconds=PATIENT_SECONDS) as bus:
        numbered = Numbered(bus, 4)
        found: list[Record] = []
        stays, leaves = bus.consumer("writer", TOPICS), bus.consumer("writer", TOPICS)
        async with stays:
            async with leaves:
                await join(stays, leaves)
                both = [asyncio.create_task(pull(one, found)) for one in (stays, leaves)]
                await numbered.send(2000)
                await until(found, 1000)
                both[1].cancel()
                await asyncio.wait([both[1]])
            assert leaves.assignment == frozenset()
            await numbered.send(400)
            await until(found, 2400)
            both[0].cancel()
            await asyncio.wait([both[0]])
            assert len(stays.assignment) == 12

        log = {(r.partition, r.offset): r for r in found}
        assert len(log) == 2400
        assert len(found) == 2400


async def test_who_leaves_while_it_connects_leaves_no_connection_open(kafka: Kafka) -> None:
    """However far it has come; Python complains of what is left, which is an error here."""
    async with fresh_bus(kafka, partitions=1) as bus:
        for number in range(60):
            async with bus.consumer("writer", TOPICS):
                await asyncio.sleep(number / 4000)
    gc.collect()


async def test_revoked_partitions_are_given_up_before_another_owns_them(kafka: Kafka) -> None:
    """The group waits for on_revoked, however long the reader takes to poll."""
    async with fresh_bus(kafka, partitions=2, session_seconds=PATIENT_SECONDS) as bus:
        old, new = Notes(), Notes()
        async with bus.consumer("writer", TOPICS, old) as one:
            await join(one)
            async with bus.consumer("writer", TOPICS, new) as two:
                # As long as the first one does not poll, the second one gets nothing.
                assert await two.poll(max_bytes=MANY, timeout_seconds=2.5) == []
                assert new.told == []
                assert [what for what, _ in old.told] == ["assigned"]
                await join(one, two)

        assert [what for what, _ in old.told] == ["assigned", "revoked", "assigned", "revoked"]
        assert len(old.told[0][1]) == 6
        assert not old.told[2][1] & new.told[0][1]


async def test_readers_go_on_after_the_broker_was_killed(mortal_kafka: KafkaServer) -> None:
    """Also with what was sent while it was away."""
    async with fresh_bus(mortal_kafka, partitions=2) as bus:
        numbered = Numbered(bus, 2)
        async with bus.consumer("writer", TOPICS) as consumer:
            await numbered.send(100)
            found = await drain(consumer, 100)
            mortal_kafka.kill()
            await numbered.send(100)
            assert await consumer.poll(max_bytes=MANY, timeout_seconds=0.5) == []
            mortal_kafka.launch()
            await asyncio.to_thread(mortal_kafka.wait_until_ready)
            await drain_all(consumer, found, 200)
        assert numbered.check(found) == len(found) - 200


async def test_readers_whose_session_expired_join_again(mortal_kafka: KafkaServer) -> None:
    """A pause longer than the session: partitions are revoked and assigned, nothing is lost."""
    async with fresh_bus(mortal_kafka, partitions=2, session_seconds=1) as bus:
        numbered, notes = Numbered(bus, 2), Notes()
        async with bus.consumer("writer", TOPICS, notes) as consumer:
            await numbered.send(100)
            found = await drain(consumer, 100)
            consumer.commit({TopicPartition(SIGNALLING, n): 50 for n in range(2)})
            await asyncio.sleep(1.5)
            mortal_kafka.pause()
            await consumer.poll(max_bytes=MANY, timeout_seconds=3)
            mortal_kafka.resume()
            await numbered.send(100)
            await drain_all(consumer, found, 200)
        assert numbered.check(found) == len(found) - 200


async def test_a_paused_reader_stays_a_member_and_learns_its_lag(kafka: Kafka) -> None:
    """While the database is away a reader pauses and polls; monitors see what waits."""
    async with fresh_bus(kafka, partitions=1, session_seconds=PATIENT_SECONDS) as bus:
        numbered, notes = Numbered(bus, 1), Notes()
        async with bus.consumer("writer", TOPICS, notes) as consumer:
            await join(consumer)
            consumer.pause([WHERE])
            await numbered.send(30)
            async with asyncio.timeout(PATIENCE_SECONDS):
                while consumer.lag()[WHERE] != 30:
                    assert await consumer.poll(max_bytes=MANY, timeout_seconds=0.2) == []
            assert [what for what, _ in notes.told] == ["assigned"]

            consumer.resume([WHERE])
            await drain(consumer, 30)

            assert consumer.lag()[WHERE] == 0


async def test_a_position_that_the_log_has_forgotten_is_an_error_of_poll(kafka: Kafka) -> None:
    """It names the range that is left, and goes on when the reader has sought there."""
    settings = settings_of(kafka, partitions=1)
    wire = WireTopicPartition(settings.topic_prefix + SIGNALLING, 0)
    async with running_bus(settings) as bus:
        await Numbered(bus, 1).send(20)
        async with bus.consumer("writer", TOPICS) as consumer:
            await drain(consumer, 20)
            async with admin_of(kafka) as admin:
                await admin.delete_records({wire: RecordsToDelete(before_offset=15)})
            consumer.seek(*WHERE, 5)
            with pytest.raises(OffsetOutOfRange) as gone:
                await drain(consumer, 1)
            assert (gone.value.where, gone.value.offset) == (WHERE, 5)
            assert (gone.value.start, gone.value.end) == (15, 20)
            with pytest.raises(OffsetOutOfRange):
                consumer.seek(*WHERE, 5)

            consumer.seek(*WHERE, gone.value.start)

            assert [record.offset for record in await drain(consumer, 5)] == [*range(15, 20)]


async def test_a_listener_learns_that_its_stored_position_is_gone(kafka: Kafka) -> None:
    """Seeking in on_assigned is refused with the range, and poll raises it."""
    settings = settings_of(kafka, partitions=1)
    wire = WireTopicPartition(settings.topic_prefix + SIGNALLING, 0)
    async with running_bus(settings) as bus:
        numbered = Numbered(bus, 1)
        await numbered.send(20)
        await bus.producer().flush()
        async with admin_of(kafka) as admin:
            await admin.delete_records({wire: RecordsToDelete(before_offset=15)})

        class Stored(Notes):
            """A reader that stores positions."""

            async def on_assigned(self, partitions: object) -> None:
                assert partitions
                consumer.seek(*WHERE, 3)

        consumer = bus.consumer("writer", TOPICS, Stored())
        async with consumer:
            with pytest.raises(OffsetOutOfRange) as gone:
                await drain(consumer, 1)
        assert (gone.value.offset, gone.value.start, gone.value.end) == (3, 15, 20)


async def test_without_a_store_a_group_begins_at_what_is_left(kafka: Kafka) -> None:
    """A committed offset that the log has forgotten is logged and passed over."""
    settings = settings_of(kafka, partitions=1)
    wire = WireTopicPartition(settings.topic_prefix + SIGNALLING, 0)
    async with running_bus(settings) as bus:
        await Numbered(bus, 1).send(20)
        async with bus.consumer("exporter", TOPICS) as consumer:
            await drain(consumer, 20)
            consumer.commit({WHERE: 4})
        async with admin_of(kafka) as admin:
            await admin.delete_records({wire: RecordsToDelete(before_offset=15)})

        records = await read_all(bus, group="exporter")

    assert [record.offset for record in records] == [*range(15, 20)]


async def test_a_restart_with_a_lasting_name_moves_no_partition(kafka: Kafka) -> None:
    """Static membership: the others are not told of a member that is back within the session."""
    settings = settings_of(kafka, partitions=4, session_seconds=PATIENT_SECONDS)
    others = settings.model_copy(update={"group_instance_id": "other-{hostname}"})
    ours = settings.model_copy(update={"group_instance_id": "ours-{hostname}"})
    notes = Notes()
    async with running_bus(others) as bus, bus.consumer("writer", TOPICS, notes) as other:
        async with running_bus(ours) as first, first.consumer("writer", TOPICS) as member:
            await join(member, other)
            owned = member.assignment
        told = list(notes.told)
        async with running_bus(ours) as second, second.consumer("writer", TOPICS) as member:
            await join(member, other)

            assert member.assignment == owned
            assert notes.told == told
