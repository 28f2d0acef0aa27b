"""An ingest with a spool before a real broker, its senders, and what a writer would store."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry

from hep import StreamDecoder, decode3, scan
from hepscope_common.bus import SIGNALLING, Record
from hepscope_common.bus.kafka import KafkaBus
from hepscope_common.bus.origins import numbering_of
from hepscope_common.runtime import Supervisor
from hepscope_common.settings import Listen
from hepscope_ingest.component import Ingest
from hepscope_ingest.settings import IngestSettings
from integration.bus.traffic import PATIENCE_SECONDS, read_all
from support.builders import make_packet, make_request

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


def numbered(seq: int) -> bytes:
    """Return a packet as a sender of ours writes it; calls take turns over the partitions."""
    return make_packet(make_request(call_id=f"{seq % 20}@x"), origin=ORIGIN, seq=seq)


def plain(number: int) -> bytes:
    """Return a packet that can be told from others by its call."""
    return make_packet(make_request(call_id=f"plain-{number}@x"))


async def acknowledged(reader: asyncio.StreamReader, wanted: int) -> None:
    """Read answers up to a number; they rise."""
    answers = Answers(reader)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while answers.last < wanted:
            await answers.read()


class Answers:
    """What ingest answers to a sender that numbers its packets."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self.last = -1
        self._reader = reader
        self._decoder = StreamDecoder()

    async def read(self) -> None:
        """Take what comes next; each number is above the one before. EOFError at the end."""
        data = await self._reader.read(65536)
        if not data:
            raise EOFError
        for packet in self._decoder.feed(data):
            ack = decode3(packet).ack
            assert ack is not None
            assert ack > self.last
            self.last = ack


async def stored(bus: KafkaBus, wanted: int) -> tuple[list[int], list[bytes]]:
    """Return what a writer stores: the numbers of ORIGIN, and the calls of plain senders.

    Nobody tells a plain sender what is safe: read again until there are so many calls.
    """
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            seqs, calls = judged(await read_all(bus))
            if len(calls) >= wanted:
                return seqs, calls


def judged(records: Sequence[Record]) -> tuple[list[int], list[bytes]]:
    """Return the numbers of ORIGIN and the calls of plain senders as a writer takes them.

    By partition it skips each number that is not above the highest of its origin. What ingest
    itself has to say of its nodes is in another topic.
    """
    seqs: list[int] = []
    calls: list[bytes] = []
    highest: dict[tuple[int, bytes], int] = {}
    for record in records:
        if record.topic != SIGNALLING:
            continue
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
