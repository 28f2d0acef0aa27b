"""The producer against brokers that die, hang and come back."""

import asyncio

from hepscope_common.bus import SIGNALLING
from hepscope_common.bus.kafka import KafkaBus
from integration.bus.traffic import PATIENCE_SECONDS, Numbered, read_all
from support.kafka import Kafka, KafkaServer
from support.kafka_bus import fresh_bus, running_bus, settings_of


async def settled(bus: KafkaBus) -> None:
    """Return when the broker acknowledged everything."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        await bus.producer().flush()


async def acknowledged_some(numbered: Numbered) -> None:
    """Return when traffic flows."""
    before = sum(map(len, numbered.acknowledged.values()))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while sum(map(len, numbered.acknowledged.values())) == before:
            await asyncio.sleep(0.01)


async def flow(numbered: Numbered, killed: asyncio.Event) -> None:
    """Send until a while after the kill, so that it hits traffic however late it comes."""
    left = 20
    while left:
        await numbered.send(30)
        await asyncio.sleep(0.01)
        left -= killed.is_set()


async def test_a_killed_broker_costs_nothing_that_was_acknowledged(
    mortal_kafka: KafkaServer,
) -> None:
    """Twice in the middle of traffic: order is kept, what is doubled says so."""
    async with fresh_bus(mortal_kafka, partitions=3) as bus:
        numbered = Numbered(bus, 3)
        for _ in range(2):
            killed = asyncio.Event()
            sending = asyncio.create_task(flow(numbered, killed))
            await acknowledged_some(numbered)
            mortal_kafka.kill()
            killed.set()
            await sending
            assert bus.producer().waiting_records
            mortal_kafka.launch()
            await asyncio.to_thread(mortal_kafka.wait_until_ready)
            await settled(bus)

        assert {n: len(told) for n, told in numbered.acknowledged.items()} == numbered.sent
        assert bus.producer().waiting_bytes == 0
        numbered.check(await read_all(bus))


async def test_a_producer_that_is_stuck_is_replaced_and_sends_again(
    mortal_kafka: KafkaServer,
) -> None:
    """A broker that hangs longer than the setting allows: new connections, same order."""
    async with fresh_bus(mortal_kafka, partitions=2, producer_stall_seconds=1) as bus:
        numbered = Numbered(bus, 2)
        await numbered.send(200)
        await settled(bus)

        mortal_kafka.pause()
        await numbered.send(400)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while bus.producer().replaced < 2:
                await asyncio.sleep(0.05)
        ready, reason = bus.ready()
        assert not ready
        assert reason
        mortal_kafka.resume()
        await numbered.send(200)
        await settled(bus)

        assert numbered.sent == {0: 400, 1: 400}
        numbered.check(await read_all(bus))
        assert bus.ready() == (True, "producing")


async def test_what_waits_is_bounded_in_bytes(mortal_kafka: KafkaServer) -> None:
    """While no broker answers, offers are refused at the bound, and taken again afterwards."""
    async with fresh_bus(mortal_kafka, producer_bytes=1024 * 1024) as bus:
        producer = bus.producer()
        mortal_kafka.pause()
        taken = 0
        while producer.offer(SIGNALLING, 0, bytes(10_000), 1):
            taken += 1
        assert 1024 * 1024 - 11_000 < producer.waiting_bytes <= 1024 * 1024
        waiting = asyncio.create_task(producer.send(SIGNALLING, 0, bytes(10_000), 1))
        await asyncio.sleep(0)
        assert not waiting.done()

        mortal_kafka.resume()
        await waiting
        await settled(bus)

        assert producer.acknowledged == taken + 1


async def test_what_is_not_acknowledged_at_the_end_is_told(mortal_kafka: KafkaServer) -> None:
    """An end in good order waits for the acknowledgement of what was taken."""
    settings = settings_of(mortal_kafka)
    async with running_bus(settings) as bus:
        numbered = Numbered(bus, 1)
        await numbered.send(500)
    async with running_bus(settings) as bus:
        assert len(await read_all(bus)) == 500


async def test_many_large_records_pass(kafka: Kafka) -> None:
    """Records near the bound of a record, several in one turn."""
    async with fresh_bus(kafka, partitions=1) as bus:
        numbered = Numbered(bus, 1)
        await numbered.send(8, size_bytes=899_992)
        await settled(bus)
        records = await read_all(bus)
    assert [len(record.value) for record in records] == [900_000] * 8
    assert numbered.check(records) == 0
