"""WebSocket clients that want our memory: each can make us hold a bounded amount, then is cut."""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hepscope_ingest.listeners.http_protocol import MAX_FRAGMENTS, MAX_UNREAD_BYTES
from unit.ingest.conftest import ANY, PATIENCE_SECONDS, MakeRig, Rig
from unit.ingest.http_world import PACKET, ended, flood, raw, refused

UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
BINARY, CONTINUED, PING, FINAL = 0x02, 0x00, 0x09, 0x80

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def rig(make_rig: MakeRig) -> AsyncIterator[Rig]:
    """An ingest that serves WebSocket."""
    async with make_rig(http=ANY) as made:
        yield made


@asynccontextmanager
async def upgraded(rig: Rig) -> AsyncIterator[Streams]:
    """A connection behind its handshake, on which the test writes frames."""
    async with raw(rig) as (reader, writer):
        writer.write(UPGRADE)
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 101")
        yield reader, writer


def frame(first: int, payload: bytes = b"") -> bytes:
    """A masked frame of less than 126 bytes; the mask changes nothing."""
    return bytes((first, 0x80 | len(payload), 0, 0, 0, 0)) + payload


async def test_a_message_of_empty_fragments_is_cut(rig: Rig) -> None:
    """They never add up to the longest message, and would be kept without end."""
    async with upgraded(rig) as (reader, writer):
        writer.write(frame(BINARY, PACKET[:50]) + frame(CONTINUED) * (MAX_FRAGMENTS + 1))
        await ended(reader)
    assert refused(rig, "bad_request")()
    await rig.until(lambda: rig.ingest.http[0].connections == 0)


async def test_a_message_of_many_fragments_is_taken(rig: Rig) -> None:
    """Up to the bound."""
    pieces = [PACKET[at : at + 1] for at in range(len(PACKET))]
    async with upgraded(rig) as (_, writer):
        writer.write(frame(BINARY))
        for piece in pieces:
            writer.write(frame(CONTINUED, piece))
        writer.write(frame(FINAL | CONTINUED))
        await rig.until(lambda: len(rig.on_bus()) == 1)


async def test_pings_whose_answers_nobody_reads_end(rig: Rig) -> None:
    """Answers wait in our memory once the network is full of them."""
    address = rig.ingest.http[0].address
    with socket.create_connection((address.host, address.port)) as client:
        client.sendall(UPGRADE)
        await rig.until(lambda: rig.ingest.http[0].connections == 1)
        pings = frame(FINAL | PING, os.urandom(125)) * 1000
        await flood(client, pings, refused(rig, "bad_request"))
    await rig.until(lambda: rig.ingest.http[0].connections == 0)


async def test_pings_whose_answers_are_read_are_answered(rig: Rig) -> None:
    """However many, more than what may lie unread."""
    pings = 2 * MAX_UNREAD_BYTES // 127
    async with upgraded(rig) as (reader, writer), asyncio.timeout(PATIENCE_SECONDS):
        answer = bytes((FINAL | 0x0A, 125)) + bytes(125)
        for _ in range(pings):
            writer.write(frame(FINAL | PING, bytes(125)))
            assert await reader.readexactly(127) == answer


async def test_text_that_is_no_utf8_leaves_no_trace_in_the_log(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody fills our log from outside: it is one more text message, counted and closed."""
    async with upgraded(rig) as (reader, writer):
        writer.write(frame(FINAL | 0x01, b"\xff\xfe"))
        async with asyncio.timeout(PATIENCE_SECONDS):
            said = await reader.readuntil(b"only binary messages are taken")
        assert bytes.fromhex("03eb") in said
    assert refused(rig, "bad_request")()
    assert [line for line in caplog.records if line.levelno >= logging.ERROR] == []


async def test_an_upgrade_that_is_none_is_counted(rig: Rig) -> None:
    """Without a key, or of another version."""
    async with raw(rig) as (reader, writer):
        writer.write(UPGRADE.replace(b"Sec-WebSocket-Key", b"X"))
        assert (await ended(reader)).startswith(b"HTTP/1.1 400")
    assert refused(rig, "bad_request")()


async def test_a_silent_connection_is_closed_where_a_setting_says_so(make_rig: MakeRig) -> None:
    """Pings are no packets."""
    async with make_rig(http=ANY, tcp_idle_seconds=1) as rig:
        async with upgraded(rig) as (reader, writer):
            writer.write(frame(FINAL | PING))
            async with asyncio.timeout(PATIENCE_SECONDS):
                said = await reader.readuntil(b"silent for too long")
            assert said.endswith(bytes.fromhex("8815 03e9") + b"silent for too long")
        assert refused(rig, "idle")()
