"""The HTTP server as a component: starts, fails and ends like every other."""

import asyncio
import socket

import pytest
from starlette.types import Receive, Scope, Send

from hepscope_common import http
from hepscope_common.http import HttpServer
from hepscope_common.runtime import StartupError, Supervisor
from hepscope_common.settings import Listen

ANY_PORT = Listen(host="127.0.0.1", port=0)
FLOOD = 16 << 20


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer every request with a word."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


async def refusing(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI
    """An application that cannot start."""
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})


async def hanging(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI
    """An application whose start never ends."""
    await asyncio.Event().wait()


def is_free(port: int) -> bool:
    """Whether nobody listens at a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


async def ask(port: int) -> bytes:
    """Return the answer to one request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return answer


async def test_it_serves_until_it_is_exited() -> None:
    """The address is the one that was bound, and it is free again afterwards."""
    supervisor = Supervisor()
    async with HttpServer("page", hello, ANY_PORT, supervisor) as server:
        assert (await ask(server.address.port)).endswith(b"hello\r\n0\r\n\r\n")
        assert server.url == f"http://localhost:{server.address.port}"
    assert is_free(server.address.port)
    assert supervisor.failure is None


async def test_an_application_that_refuses_to_start_is_a_start_up_error() -> None:
    """Not an exit of the process with everything else undrained."""
    supervisor = Supervisor()
    server = HttpServer("page", refusing, ANY_PORT, supervisor)
    with pytest.raises(StartupError, match="page did not start: the application refused"):
        await server.__aenter__()
    assert supervisor.stopping
    assert is_free(server.address.port)


async def test_a_start_that_is_given_up_leaves_nothing_behind() -> None:
    """Ctrl-C while it starts frees the port."""
    server = HttpServer("page", hanging, ANY_PORT, Supervisor())
    starting = asyncio.create_task(server.__aenter__())
    async with asyncio.timeout(60):
        while server.address.port == 0:
            await asyncio.sleep(0.001)
    starting.cancel()
    await asyncio.wait([starting], timeout=60)
    assert starting.cancelled()
    assert is_free(server.address.port)


async def test_no_peer_speaks_for_another_address() -> None:
    """Whom to believe is the application's affair; a server of ours believes nobody by itself."""
    clients: list[tuple[str, int]] = []

    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            clients.append(scope["client"])
        await hello(scope, receive, send)

    async with HttpServer("page", noting, ANY_PORT, Supervisor()) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.address.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.9\r\n")
        writer.write(b"X-Forwarded-Proto: https\r\nConnection: close\r\n\r\n")
        own = writer.get_extra_info("sockname")
        await reader.read()
        writer.close()
    assert clients == [own]


async def flooding(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that sends more than sockets hold."""
    if scope["type"] == "lifespan":
        await hello(scope, receive, send)
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": bytes(FLOOD)})


async def test_a_closed_connection_whose_peer_takes_nothing_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It would hold socket and memory for as long as its peer likes; who reads gets all."""
    async with HttpServer("page", flooding, ANY_PORT, Supervisor()) as server:
        assert len(await ask(server.address.port)) > FLOOD
        monkeypatch.setattr(http, "CLOSING_SECONDS", 0.0)
        monkeypatch.setattr(http, "TICKS", 1)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.address.port, limit=1024)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        got = await reader.readexactly(1)
        async with asyncio.timeout(60):
            while server.connections:
                await asyncio.sleep(0.05)
        assert len(got + await reader.read()) < FLOOD
        writer.close()
