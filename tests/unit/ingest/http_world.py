"""Clients of an ingest that serves HTTP: requests, raw connections, and a reader of its bus."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx

from hep import HepPacket, decode3, scan
from hepscope_common.bus import TOPICS, TopicPartition
from support.builders import make_packet, make_request
from unit.ingest.conftest import PATIENCE_SECONDS, Rig

PACKET = make_packet(make_request())
OCTETS = {"Content-Type": "application/octet-stream"}
HEAD = b"POST /hep HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\n"


@asynccontextmanager
async def reading(rig: Rig) -> AsyncIterator[list[HepPacket]]:
    """Read and commit all the time, as a writer does."""
    found: list[HepPacket] = []
    task = asyncio.create_task(_read(rig, found))
    yield found
    task.cancel()
    await asyncio.wait([task])


async def _read(rig: Rig, found: list[HepPacket]) -> None:
    async with rig.bus.consumer("writer", TOPICS) as reader:
        while True:
            for record in await reader.poll(max_bytes=1 << 20, timeout_seconds=1.0):
                found += [decode3(data) for data in scan(record.value)]
                reader.commit({TopicPartition(record.topic, record.partition): record.offset + 1})


async def post(
    rig: Rig, body: bytes | AsyncIterator[bytes], headers: dict[str, str] | None = None
) -> httpx.Response:
    """Send one request."""
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
        url = f"http://{rig.http}/hep"
        return await client.post(url, content=body, headers={**OCTETS, **(headers or {})})


@asynccontextmanager
async def raw(rig: Rig) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection on which the test writes what it likes; it ends without a word."""
    address = rig.ingest.http[0].address
    reader, writer = await asyncio.open_connection(address.host, address.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def ended(reader: asyncio.StreamReader) -> bytes:
    """Return what is sent until the connection is closed."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        try:
            return await reader.read()
        except ConnectionError:
            return b""


async def flood(client: socket.socket, data: bytes, is_over: Callable[[], bool]) -> None:
    """Send the same again and again and read nothing, until something is so or the peer ends it."""
    client.setblocking(False)
    left = data
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not is_over():
            with contextlib.suppress(BlockingIOError, ConnectionError):
                left = left[client.send(left) :] or data
            await asyncio.sleep(0)


def refused(rig: Rig, reason: str) -> Callable[[], bool]:
    """Tell whether exactly one refusal of this reason was counted."""
    return lambda: rig.count("refused_total", reason=reason) == 1
