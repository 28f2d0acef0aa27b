"""Ingest before a real broker that goes away: the disk takes over, and the order stays."""

import asyncio
from pathlib import Path

from hep import encode_hello
from integration.bus.traffic import PATIENCE_SECONDS
from integration.ingest.rig import (
    ORIGIN,
    Answers,
    acknowledged,
    ingest_before,
    numbered,
    plain,
    stored,
)
from support.kafka import KafkaServer
from support.kafka_bus import fresh_bus, running_bus, settings_of


def files(directory: Path) -> list[Path]:
    """Return the files of a spool."""
    return list(directory.glob("*.spool"))


async def test_a_broker_that_is_away_for_a_while_costs_nothing(
    mortal_kafka: KafkaServer, tmp_path: Path
) -> None:
    """Senders go on meanwhile, the spool drains, and the last answer comes once all is safe."""
    async with (
        fresh_bus(mortal_kafka, partitions=3) as bus,
        ingest_before(bus, tmp_path) as rig,
    ):
        reader, writer = await rig.connect()
        _, other = await rig.connect()
        writer.write(encode_hello(ORIGIN))
        for seq in range(1, 1001):
            writer.write(numbered(seq))
            other.write(plain(seq))
        await acknowledged(reader, 1000)
        mortal_kafka.pause()
        for seq in range(1001, 4001):
            writer.write(numbered(seq))
            other.write(plain(seq))
            if not seq % 50:
                await asyncio.sleep(0.02)
        await rig.until("spooled_total", 20)
        assert rig.ingest.ready()[0]
        mortal_kafka.resume()
        await acknowledged(reader, 4000)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while rig.count("spool_bytes"):
                await asyncio.sleep(0.02)
        assert rig.count("spool_drained_total") > 0
        writer.close()
        other.close()
        seqs, calls = await stored(bus, 4000)
    assert sorted(seqs) == list(range(1, 4001))
    assert sorted(calls) == sorted(b"plain-%d@x" % number for number in range(1, 4001))


async def test_an_end_without_a_broker_leaves_everything_to_the_next_start(
    mortal_kafka: KafkaServer, tmp_path: Path
) -> None:
    """What was accepted of plain senders lies on disk, what the client library held included."""
    async with fresh_bus(mortal_kafka, partitions=3) as bus:
        async with ingest_before(bus, tmp_path) as rig:
            _, other = await rig.connect()
            mortal_kafka.pause()
            for number in range(1000):
                other.write(plain(number))
            other.close()
            await other.wait_closed()
            async with asyncio.timeout(PATIENCE_SECONDS):
                while rig.ingest.tcp[0].connections:
                    await asyncio.sleep(0.02)
        assert files(tmp_path)
        mortal_kafka.resume()
        async with ingest_before(bus, tmp_path) as rig:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while files(tmp_path):
                    await asyncio.sleep(0.02)
        _, calls = await stored(bus, 1000)
    assert sorted(calls) == sorted(b"plain-%d@x" % number for number in range(1000))


async def test_a_start_without_a_broker_takes_what_comes_to_the_disk(
    mortal_kafka: KafkaServer, tmp_path: Path
) -> None:
    """Nothing is called safe before the broker is there, and then everything is."""
    mortal_kafka.kill()
    async with (
        running_bus(settings_of(mortal_kafka, partitions=3), waits=False) as bus,
        ingest_before(bus, tmp_path) as rig,
    ):
        assert not bus.ready()[0]
        reader, writer = await rig.connect()
        writer.write(encode_hello(ORIGIN))
        for seq in range(1, 1001):
            writer.write(numbered(seq))
            writer.write(plain(seq))
        await rig.until("spooled_total", 20)
        answers = Answers(reader)
        await answers.read()
        assert answers.last == 0

        mortal_kafka.launch()
        await asyncio.to_thread(mortal_kafka.wait_until_ready)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while answers.last < 1000:
                await answers.read()
        writer.close()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while files(tmp_path):
                await asyncio.sleep(0.02)
        assert bus.bus_id
        seqs, calls = await stored(bus, 1000)
    assert sorted(seqs) == list(range(1, 1001))
    assert sorted(calls) == sorted(b"plain-%d@x" % number for number in range(1, 1001))
