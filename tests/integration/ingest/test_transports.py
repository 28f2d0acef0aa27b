"""Recordings of real agents by every transport: what reaches the bus is the same as by UDP."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry
from websockets.asyncio.client import connect

from hep import HepPacket, decode3, scan
from hepscope_common.bus import TOPICS, MemoryBus, TopicPartition
from hepscope_common.runtime import Supervisor
from hepscope_common.settings import Listen
from hepscope_ingest.component import Ingest
from hepscope_ingest.settings import IngestSettings
from support.corpus_replay import HEP3_RECORDINGS, HEP_RECORDINGS, hep_recording

pytestmark = pytest.mark.corpus

ANY = (Listen(host="127.0.0.1", port=0),)
CUT_BYTES = 777
"""Streams are cut at places that mean nothing."""


class Served:
    """An ingest with every transport, and what a reader has got of it."""

    def __init__(self, folder: Path) -> None:
        self.registry, self.supervisor = CollectorRegistry(), Supervisor()
        self.bus = MemoryBus(groups=["writer"])
        values = dict.fromkeys(("udp", "tcp", "tls", "http"), ANY)
        settings = IngestSettings.model_validate({**values, "tls_directory": folder})
        self.ingest = Ingest(settings, self.bus, self.registry, self.supervisor)
        self.certificate = folder / "ingest.crt"
        self.stored: list[HepPacket] = []

    async def read(self) -> None:
        """Read and commit all the time, as a writer does."""
        async with self.bus.consumer("writer", TOPICS) as reader:
            while True:
                for record in await reader.poll(max_bytes=1 << 20, timeout_seconds=1.0):
                    self.stored += [decode3(data) for data in scan(record.value)]
                    at = TopicPartition(record.topic, record.partition)
                    reader.commit({at: record.offset + 1})

    def received(self, transport: str) -> float:
        """Return how many packets came by a transport so far."""
        labels = {"transport": transport}
        count = self.registry.get_sample_value("hepscope_ingest_received_total", labels)
        assert count is not None
        return count

    async def taken(self, wanted: int) -> list[HepPacket]:
        """Return what was stored since the last call, once it is so many packets."""
        async with asyncio.timeout(60):
            while len(self.stored) < wanted:
                await asyncio.sleep(0.001)
        found, self.stored = self.stored, []
        return found

    async def by_udp(self, packets: Sequence[bytes]) -> None:
        """Each packet the datagram that it was."""
        listen = self.ingest.udp[0].address
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for packet in packets:
                sender.sendto(packet, (listen.host, listen.port))

    async def by_tcp(self, packets: Sequence[bytes]) -> None:
        """One connection."""
        await self._stream(self.ingest.tcp[0].address, packets, None)

    async def by_tls(self, packets: Sequence[bytes]) -> None:
        """One connection, our own certificate verified by name."""
        context = ssl.create_default_context(cafile=self.certificate)
        await self._stream(self.ingest.tls[0].address, packets, context)

    async def by_http(self, packets: Sequence[bytes]) -> None:
        """All in one request, in chunks; safe when it is answered."""

        async def chunks() -> AsyncIterator[bytes]:
            for piece in pieces(packets):
                yield piece

        url = f"http://{self.ingest.http[0].address}/hep"
        headers = {"Content-Type": "application/octet-stream"}
        async with httpx.AsyncClient(timeout=60) as client:
            answer = await client.post(url, content=chunks(), headers=headers)
        assert answer.json() == {"accepted": len(packets), "refused": 0, "reasons": {}}
        assert len(self.stored) == len(packets)

    async def by_ws(self, packets: Sequence[bytes]) -> None:
        """Each packet a message."""
        async with connect(f"ws://{self.ingest.http[0].address}/ws") as client:
            for packet in packets:
                await client.send(packet)

    async def _stream(
        self, listen: Listen, packets: Sequence[bytes], context: ssl.SSLContext | None
    ) -> None:
        _, writer = await asyncio.open_connection(listen.host, listen.port, ssl=context)
        for piece in pieces(packets):
            writer.write(piece)
            await writer.drain()
        writer.close()
        await writer.wait_closed()


def pieces(packets: Sequence[bytes]) -> list[bytes]:
    """Return the bytes of packets, cut elsewhere."""
    data = b"".join(packets)
    return [data[at : at + CUT_BYTES] for at in range(0, len(data), CUT_BYTES)]


def told(packets: Sequence[HepPacket]) -> list[HepPacket]:
    """Return packets as their agent sent them, in an order that partitions cannot change."""
    return sorted((replace(one, received_at_us=0, peer=b"") for one in packets), key=repr)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Served]:
    """Serve, and read until the end."""
    served = Served(folder)
    reading = asyncio.create_task(served.read())
    async with served.ingest:
        yield served
    reading.cancel()
    await asyncio.wait([reading])
    assert served.supervisor.failure is None


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """Every transport at once."""
    async with running(tmp_path) as made:
        yield made


@pytest.mark.parametrize("name", HEP3_RECORDINGS)
async def test_every_transport_gives_what_udp_gives(
    served: Served, corpus: Path, name: str
) -> None:
    """Each packet once, each of its bytes; only arrival and peer differ."""
    packets = hep_recording(corpus, name).packets
    ways: dict[str, Callable[[Sequence[bytes]], Awaitable[None]]] = {
        "tcp": served.by_tcp,
        "tls": served.by_tls,
        "http": served.by_http,
        "ws": served.by_ws,
    }
    await served.by_udp(packets)
    by_udp = told(await served.taken(len(packets)))
    for transport, send in ways.items():
        await send(packets)
        assert told(await served.taken(len(packets))) == by_udp, transport
        assert served.received(transport) == len(packets)


@pytest.mark.parametrize("name", sorted({*HEP_RECORDINGS} - {*HEP3_RECORDINGS}))
async def test_old_versions_come_by_whatever_delimits_them(
    served: Served, corpus: Path, name: str
) -> None:
    """A datagram, a WebSocket message, a request."""
    packets = hep_recording(corpus, name).packets
    await served.by_udp(packets)
    by_udp = told(await served.taken(len(packets)))
    await served.by_ws(packets)
    assert told(await served.taken(len(packets))) == by_udp
    # A request each waits for its acknowledgement each: some are enough.
    first = packets[0]
    await served.by_http([first])
    assert told(await served.taken(1))[0] in by_udp


async def test_many_senders_of_all_kinds_share_one_ingest(served: Served, corpus: Path) -> None:
    """At the same time; nothing is lost and nothing doubled."""
    packets = hep_recording(corpus, "kam_v3_udp").packets
    streams = (served.by_tcp, served.by_tls, served.by_ws)
    await asyncio.gather(*(send(packets) for send in streams for _ in range(5)))
    stored = told(await served.taken(15 * len(packets)))
    assert len(stored) == 15 * len(packets)
    assert stored == told([one for one in stored[::15] for _ in range(15)])
