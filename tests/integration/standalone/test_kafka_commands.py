"""The commands about a bus, on a real Kafka: what they find, move and send again."""

import argparse
import json
import secrets
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry

from hep import admit, partition_of
from hepscope_common.bus.browsing import LogRange, Taken
from hepscope_common.bus.kafka import KafkaBus
from hepscope_common.bus.kafka_browser import browse
from hepscope_common.bus.protocol import OffsetOutOfRange, TopicPartition
from hepscope_common.bus.settings import BusSettings
from hepscope_common.bus.topics import DEAD_LETTER, SIGNALLING
from hepscope_common.clock import wall_clock_us
from hepscope_common.runtime import StartupError, Supervisor
from hepscope_standalone import dead_letters, replay
from hepscope_standalone.console import utc_text
from integration.storage_writer.rig import SETTINGS, fetch
from support.builders import make_call
from support.kafka import Kafka
from support.sinks import TcpSink, closed_port

pytestmark = pytest.mark.database

PARTITIONS = 2
HOUR_US = 3_600_000_000


@pytest.fixture
def settings(kafka: Kafka) -> BusSettings:
    """A bus of its own on the broker."""
    return BusSettings(
        bootstrap_servers=(kafka.bootstrap,),
        partitions=PARTITIONS,
        topic_prefix=f"commands-{secrets.token_hex(4)}.",
    )


@asynccontextmanager
async def running(settings: BusSettings) -> AsyncIterator[KafkaBus]:
    """Lend the bus, its topics made."""
    async with KafkaBus(settings, CollectorRegistry(), Supervisor()) as bus:
        yield bus


async def put_calls(bus: KafkaBus, count: int) -> None:
    """Put calls on the bus, a packet a record."""
    producer = bus.producer()
    for number in range(count):
        for packet in make_call(f"call-{number}"):
            admitted = admit(packet, received_at_us=wall_clock_us(), peer=bytes(6))
            partition = partition_of(admitted.routing_key, PARTITIONS)
            await producer.send(SIGNALLING, partition, admitted.packet, 1)
    await producer.flush()


def parse(module: object, words: Sequence[str]) -> argparse.Namespace:
    """Return the options of a command line."""
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)  # type: ignore[attr-defined]  # a command's module
    return parser.parse_args(words)


async def test_logs_are_browsed(settings: BusSettings) -> None:
    """Their ranges, offsets by time, records with theirs, and offsets that they do not hold."""
    began = wall_clock_us()
    async with running(settings) as bus:
        await put_calls(bus, 20)
        async with browse(settings) as browser:
            assert browser.bus_id == bus.bus_id
            ranges = await browser.ranges()
            where = TopicPartition(SIGNALLING, 0)
            log = ranges[where]
            found: list[Taken] = []
            while len(found) < log.end:
                found += await browser.read(where, len(found), max_bytes=10_000)
            early = await browser.offsets_at(began - HOUR_US, [where])
            late = await browser.offsets_at(began + HOUR_US, [where])
            assert await browser.read(where, log.end, max_bytes=1) == []
            with pytest.raises(OffsetOutOfRange):
                await browser.read(where, log.end + 1, max_bytes=1)

    assert sum(at.end for at in ranges.values()) == 140
    assert ranges[TopicPartition(DEAD_LETTER, 0)] == LogRange(0, 0)
    assert [one.record.offset for one in found] == list(range(log.end))
    assert all(began // 1000 * 1000 <= one.time_us <= wall_clock_us() for one in found)
    assert (early, late) == ({where: 0}, {where: log.end})


async def test_dead_letters_are_listed_and_put_back(
    settings: BusSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each once, into the topic that they came from."""
    async with running(settings) as bus, browse(settings) as browser:
        headers = (("reason", b"refused_by_database"), ("partition", b"1"))
        await bus.producer().send(DEAD_LETTER, 0, make_call()[0], 1, headers)
        await bus.producer().flush()

        await dead_letters.list_letters(parse(dead_letters, ["list", "--json"]), browser)
        options = parse(dead_letters, ["replay", "0", "--to", SIGNALLING])
        out = json.loads(capsys.readouterr().out)
        await dead_letters.put_letters(options, browser, bus.producer(), PARTITIONS)

        (taken,) = await browser.read(TopicPartition(SIGNALLING, 1), 0, max_bytes=1)

    assert [one["reason"] for one in out["dead_letters"]] == ["refused_by_database"]
    assert taken.record.value == make_call()[0]


async def test_a_range_is_replayed_into_a_database_and_to_a_server(
    settings: BusSettings, database: str
) -> None:
    """The same packets, with the ids of their places on the bus."""
    began = utc_text(wall_clock_us())
    async with running(settings) as bus, browse(settings) as browser:
        await put_calls(bus, 20)
        options = parse(replay, ["--from", began, "--into", database])
        assert await replay.replay(options, browser, SETTINGS) == 0
        with TcpSink() as sink:
            options = parse(replay, ["--from", began, "--into", f"tcp://127.0.0.1:{sink.port}"])
            assert await replay.replay(options, browser, SETTINGS) == 0
            assert sink.wait_for_connections(1)
            assert len(sink.packets) == 140

    (row,) = await fetch(database, "select count(*), count(distinct id) from hepscope.sip")
    assert tuple(row) == (140, 140)


async def test_a_broker_that_is_away_is_one_line() -> None:
    """Commands do not wait for ever."""
    port = closed_port(socket.SOCK_STREAM)
    settings = BusSettings(bootstrap_servers=(f"127.0.0.1:{port}",))
    with pytest.raises(StartupError, match="Kafka does not answer"):
        async with browse(settings):
            pass
