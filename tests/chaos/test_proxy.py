"""The proxy passes bytes, cuts, stalls and restores, and says so to nobody by accident."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from chaos.proxy import Proxy
from support.kafka import free_port

PATIENCE = 60.0

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send back everything, then close."""
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


@asynccontextmanager
async def proxied(serve: Serve = echo, *, source: str | None = None) -> AsyncIterator[Proxy]:
    """A proxy before a server."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    upstream = server.sockets[0].getsockname()[1]
    async with server, Proxy(free_port(), upstream, source=source) as proxy:
        yield proxy


async def read_some(reader: asyncio.StreamReader, seconds: float = PATIENCE) -> bytes:
    """Return what comes next. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        return await reader.read(65_536)


async def read_all(reader: asyncio.StreamReader) -> bytes:
    """Return everything up to the end."""
    async with asyncio.timeout(PATIENCE):
        return await reader.read()


async def test_passes_both_ways_and_the_end_of_a_stream() -> None:
    """A megabyte comes back whole although the client closed its half before reading."""
    sent = bytes(range(256)) * 4096
    async with proxied() as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        reading = asyncio.create_task(read_all(reader))
        writer.write(sent)
        writer.write_eof()
        assert await reading == sent
        writer.close()


async def test_last_bytes_before_a_close_arrive() -> None:
    """What the server wrote before it closed reaches the client."""

    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x" * 300_000)
        writer.close()

    async with proxied(speak) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        assert len(await read_all(reader)) == 300_000
        writer.close()


async def test_comes_from_the_address_it_was_given() -> None:
    """The server sees the source address of the proxy, by which lanes are told apart."""
    seen: list[str] = []

    async def look(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(writer.get_extra_info("peername")[0])
        writer.close()

    async with proxied(look, source="127.0.0.12") as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        assert await read_all(reader) == b""
        writer.close()
    assert seen == ["127.0.0.12"]


async def test_a_cut_resets_connections_and_refuses_new_ones() -> None:
    """Both sides see the end at once; after the restoration a new connection works."""
    async with proxied() as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"before")
        assert await read_some(reader) == b"before"
        await proxy.cut()
        with pytest.raises(ConnectionResetError):
            await read_some(reader)
        assert proxy.connections == 0
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.close()
        await proxy.restore()
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"after")
        assert await read_some(reader) == b"after"
        writer.close()


async def test_a_stall_holds_bytes_back_and_loses_none() -> None:
    """Nothing passes while stalled; what waited passes afterwards, in order."""
    async with proxied() as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"1")
        assert await read_some(reader) == b"1"
        proxy.stall()
        writer.write(b"2")
        with pytest.raises(TimeoutError):
            await read_some(reader, 0.2)
        writer.write(b"3")
        await proxy.restore()
        heard = b""
        while len(heard) < 2:
            heard += await read_some(reader)
        assert heard == b"23"
        writer.close()


async def test_a_connection_made_during_a_stall_is_served_after_it() -> None:
    """A new connection is taken and answered once the network is back."""
    async with proxied() as proxy:
        proxy.stall()
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"hello")
        with pytest.raises(TimeoutError):
            await read_some(reader, 0.2)
        await proxy.restore()
        assert await read_some(reader) == b"hello"
        writer.close()


async def test_a_cut_ends_stalled_connections_too() -> None:
    """Who waits behind a stall sees the reset."""
    async with proxied() as proxy:
        proxy.stall()
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"hello")
        with pytest.raises(TimeoutError):
            await read_some(reader, 0.1)
        await proxy.cut()
        with pytest.raises(ConnectionResetError):
            await read_some(reader)
        writer.close()


async def test_a_dead_server_resets_the_client() -> None:
    """Nobody listening behind the proxy looks like a broken connection, not like silence."""
    async with Proxy(free_port(), free_port()) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        with pytest.raises(ConnectionResetError):
            await read_some(reader)
        writer.close()
