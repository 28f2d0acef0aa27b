"""HTTP from clients that are wrong, slow, cut or too many: each is counted and holds nothing up."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from hepscope_common.runtime import Supervisor
from hepscope_ingest.listeners import requests
from hepscope_ingest.listeners.http import HttpListener
from hepscope_ingest.listeners.http_protocol import REQUEST_SECONDS
from hepscope_ingest.listeners.tcp import ConnectionLimits
from unit.ingest.conftest import ANY, PATIENCE_SECONDS, MakeRig, Rig
from unit.ingest.http_world import HEAD, PACKET, ended, flood, post, raw, reading, refused


@pytest.fixture
async def rig(make_rig: MakeRig) -> AsyncIterator[Rig]:
    """An ingest that serves HTTP."""
    async with make_rig(http=ANY) as made:
        yield made


async def test_too_many_bodies_at_once_are_503(rig: Rig) -> None:
    """Many large requests that never end must not fill the memory."""
    each = 8 * 1024 * 1024 - 1000
    async with asyncio.timeout(PATIENCE_SECONDS):
        waiting = [await _begun(rig, each) for _ in range(requests.MAX_HELD_BYTES // each)]
        taking = rig.ingest.http[0].requests
        await rig.until(lambda: taking.held_bytes == len(waiting) * (each - 1))
        answer = await post(rig, bytes(6_000_000))
        assert answer.status_code == 503
        assert "too many requests" in answer.json()["detail"]
        for writer in waiting:
            writer.transport.abort()
        await rig.until(lambda: rig.ingest.http[0].connections == 0)
        assert (await post(rig, bytes(6_000_000))).status_code == 400


async def _begun(rig: Rig, size: int) -> asyncio.StreamWriter:
    """Send a request but for its last byte."""
    address = rig.ingest.http[0].address
    _, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(HEAD + f"Content-Length: {size}\r\n\r\n".encode() + bytes(size - 1))
    await writer.drain()
    while writer.transport.get_write_buffer_size():
        await asyncio.sleep(0.001)
    return writer


async def test_a_request_that_is_cut_leaves_nothing_behind(rig: Rig) -> None:
    """Whole packets in it, too: its sender was never told that they are safe."""
    for head in (
        b"Content-Length: 99999\r\n\r\n" + PACKET,
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\nff\r\n" % (len(PACKET), PACKET),
    ):
        before = rig.count("refused_total", reason="cut_at_close")
        async with raw(rig) as (_, writer):
            writer.write(HEAD + head)
            await writer.drain()
            await rig.until(lambda: rig.ingest.http[0].connections == 1)
        await rig.until(_rises(rig, "cut_at_close", before))
    assert rig.on_bus() == []
    assert rig.count("received_total", transport="http") == 0


def _rises(rig: Rig, reason: str, before: float) -> Callable[[], bool]:
    return lambda: rig.count("refused_total", reason=reason) == before + 1


async def test_a_chunk_that_is_none_ends_the_request(rig: Rig) -> None:
    """And nothing of it is taken."""
    chunk = b"%x\r\n%s\r\n" % (len(PACKET), PACKET)
    async with raw(rig) as (reader, writer):
        writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk + b"nonsense\r\n")
        assert (await ended(reader)).startswith(b"HTTP/1.1 400")
    assert refused(rig, "bad_request")()
    assert rig.on_bus() == []


@pytest.mark.parametrize(
    "garbage",
    [
        PACKET + b"\r\n\r\n",
        b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + bytes(190) + b"\r\n\r\n",
        bytes(1000) + b"\r\n\r\n",
        b"POST /hep HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /hep HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000,
    ],
)
async def test_what_is_not_http_is_refused_with_a_hint(
    rig: Rig, caplog: pytest.LogCaptureFixture, garbage: bytes
) -> None:
    """Counted, closed, logged once."""
    with caplog.at_level(logging.WARNING):
        async with raw(rig) as (reader, writer):
            writer.write(garbage)
            await ended(reader)
        await rig.until(refused(rig, "bad_request"))
    assert caplog.text.count("does not speak HTTP") == 1
    assert len(caplog.records) == 1


@pytest.mark.parametrize("begun", [b"", HEAD, HEAD + b"Content-Length: 500\r\n\r\n" + PACKET[:50]])
async def test_a_request_that_does_not_end_is_cut(make_rig: MakeRig, begun: bytes) -> None:
    """However far it came, byte by byte; it holds its place for no longer."""
    async with make_rig() as rig, slow(rig) as listener:
        reader, writer = await asyncio.open_connection(listener.address.host, listener.address.port)
        writer.write(begun)
        async with asyncio.timeout(20):
            while not reader.at_eof() and reader.exception() is None:
                if begun:
                    writer.write(b"a")
                await asyncio.sleep(0.05)
        writer.transport.abort()
        reason = "cut_at_close" if b"Length" in begun else "idle"
        await rig.until(refused(rig, reason))


async def test_answers_that_nobody_reads_are_given_up(make_rig: MakeRig) -> None:
    """A peer that asks and never reads holds its connection for no longer, too."""
    asked = b"GET /hep HTTP/1.1\r\nHost: x\r\n\r\n" * 100
    async with make_rig() as rig, slow(rig) as listener:
        with socket.create_connection((listener.address.host, listener.address.port)) as client:
            await flood(client, asked, refused(rig, "idle"))
        await rig.until(lambda: listener.connections == 0)


async def test_paths_and_methods_that_are_not_served_are_counted(rig: Rig) -> None:
    """404 and 405 are problem details like every other refusal."""
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
        for method, path, status in (("GET", "/", 404), ("POST", "/x", 404), ("PUT", "/hep", 405)):
            answer = await client.request(method, f"http://{rig.http}{path}")
            assert (answer.status_code, answer.json()["status"]) == (status, status)
            assert "POST /hep" in answer.json()["detail"]
    assert rig.count("refused_total", reason="bad_request") == 3


@asynccontextmanager
async def slow(rig: Rig) -> AsyncIterator[HttpListener]:
    """A listener of the rig's that waits a fraction of a second for a request."""
    ingest = rig.ingest
    listener = HttpListener(
        ANY[0],
        ingest.intake,
        ingest.peers,
        ingest.metrics,
        Supervisor(),
        limits=ConnectionLimits(),
        requests=requests.RequestLimits(),
        request_seconds=0.3,
    )
    async with listener:
        yield listener


async def test_connections_beyond_the_limit_are_closed_and_counted(make_rig: MakeRig) -> None:
    """Those that are open go on."""
    async with (
        make_rig(http=ANY, tcp_connections=1) as rig,
        reading(rig),
        raw(rig) as (first, writer),
    ):
        await rig.until(lambda: rig.ingest.http[0].connections == 1)
        async with raw(rig) as (second, _):
            assert await ended(second) == b""
        assert refused(rig, "connection_limit")()
        writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % len(PACKET) + PACKET)
        assert (await first.readline()).startswith(b"HTTP/1.1 200")
        assert rig.count("tcp_connections", listen=rig.http) == 1


async def test_the_end_does_not_wait_for_what_has_not_come_whole(make_rig: MakeRig) -> None:
    """Nothing of it was taken."""
    async with asyncio.timeout(REQUEST_SECONDS / 2):
        async with make_rig(http=ANY) as rig:
            writer = await _begun(rig, 1000)
            await rig.until(lambda: rig.ingest.http[0].requests.held_bytes == 999)
        writer.transport.abort()
    assert refused(rig, "cut_at_close")()
