"""Ingest before a real broker that goes away: the disk takes over, and the order stays."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry

from hep import StreamDecoder, decode3, encode_hello, scan
from hepscope_common.bus.kafka import KafkaBus
from hepscope_common.bus.origins import numbering_of
from hepscope_common.runtime import Supervisor
from hepscope_common.settings import Listen
from hepscope_ingest.component import Ingest
from hepscope_ingest.settings import IngestSettings
from integration.bus.traffic import PATIENCE_SECONDS, read_all
from support.builders import make_packet, make_request
from support.kafka import KafkaServer
from support.kafka_bus import fresh_bus

ORIGIN = bytes(range(16))
ANY = (Listen(host="127.0.0.1", port=0),)


class Rig:
    """An ingest with a spool, and what can be asked of it."""

    def __init__(self, ingest: Ingest, registry: CollectorRegistry) -> None:
        self.ingest = ingest
        self._registry = registry

    def count(self, name: str) -> float:
        """Return the value of a metric now."""
        return self._registry.get_sample_value(f"hepscope_ingest_{name}") or 0.0

    async def until(self, name: str, least: float) -> None:
        """Return once a metric has reached something."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.count(name) < least:
                await asyncio.sleep(0.02)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection to it."""
        address = self.ingest.tcp[0].address
        return await asyncio.open_connection(address.host, address.port)


@asynccontextmanager
async def ingest_before(bus: KafkaBus, directory: Path) -> AsyncIterator[Rig]:
    """Run an ingest that loses patience soon."""
    registry, supervisor = CollectorRegistry(), Supervisor()
    settings = IngestSettings(
        udp=(),
        tcp=ANY,
        tls=(),
        http=(),
        spool_dir=directory,
        spool_after_ms=300,
        record_bytes=4096,
    )
    async with Ingest(settings, bus, registry, supervisor) as ingest:
        yield Rig(ingest, registry)
    assert supervisor.failure is None


def files(directory: Path) -> list[Path]:
    """Return the files of a spool."""
    return list(directory.glob("*.spool"))


def numbered(seq: int) -> bytes:
    """Return a packet as a sender of ours writes it; calls take turns over the partitions."""
    return make_packet(make_request(call_id=f"{seq % 20}@x"), origin=ORIGIN, seq=seq)


def plain(number: int) -> bytes:
    """Return a packet that can be told from others by its call."""
    return make_packet(make_request(call_id=f"plain-{number}@x"))


async def acknowledged(reader: asyncio.StreamReader, wanted: int) -> None:
    """Read answers up to a number; they rise."""
    decoder, last = StreamDecoder(), -1
    async with asyncio.timeout(PATIENCE_SECONDS):
        while last < wanted:
            for packet in decoder.feed(await reader.read(65536)):
                ack = decode3(packet).ack
                assert ack is not None
                assert ack > last
                last = ack


async def stored(bus: KafkaBus) -> tuple[list[int], list[bytes]]:
    """Return what a writer stores: the numbers of ORIGIN, and the calls of plain senders.

    By partition it skips each number that is not above the highest of its origin.
    """
    seqs: list[int] = []
    calls: list[bytes] = []
    highest: dict[tuple[int, bytes], int] = {}
    for record in await read_all(bus):
        numbering = numbering_of(record.headers)
        assert numbering is not None
        for index, data in enumerate(scan(record.value)):
            packet = decode3(data)
            seq = packet.seq if numbering.first_seq is None else numbering.first_seq + index
            assert seq is not None
            where = (record.partition, numbering.origin)
            if seq <= highest.get(where, 0):
                continue
            highest[where] = seq
            if numbering.origin == ORIGIN:
                seqs.append(seq)
            else:
                calls.append(packet.routing_key)
    return seqs, calls


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
        seqs, calls = await stored(bus)
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
        _, calls = await stored(bus)
    assert sorted(calls) == sorted(b"plain-%d@x" % number for number in range(1000))
