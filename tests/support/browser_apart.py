"""A browser in a network namespace of its own.

Chromium gives up whatever it is loading when an interface of its machine comes or goes, and
containers of other tests bring theirs. In a namespace it sees none of them; it reaches this
machine's servers through a SOCKS proxy (RFC 1928) whose door is in the namespace and whose back is
here. A refused connection stays one.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from support.namespaces import namespace

_GREETING = b"\x05\x00"
_DONE = b"\x05\x00\x00\x01" + bytes(6)
_REFUSED = b"\x05\x05\x00\x01" + bytes(6)
_V4, _NAME, _V6 = 1, 3, 4


@contextmanager
def browser_apart(path: str, directory: Path) -> Iterator[tuple[str, list[str]]]:
    """Return what to run instead of a Chromium, and with which options, to have it apart."""
    with namespace(f"browser-{threading.get_native_id()}") as place:
        # An address beside loopback, that the browser does not take itself for offline.
        place.ip("link add eth0 type veth peer name eth1")
        place.ip("addr add 192.0.2.1/24 dev eth0")
        for link in ("eth0", "eth1"):
            # An address that becomes valid a second later aborts what Chromium asks for by then.
            place.ip(f"link set {link} addrgenmode none")
            place.ip(f"link set {link} up")
        starter = directory / "chromium"
        command = " ".join(place.command(path))
        starter.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        starter.chmod(0o755)
        door = place.call(lambda: socket.create_server(("127.0.0.1", 0)))
        with _proxy(door):
            port = door.getsockname()[1]
            proxy = f"--proxy-server=socks5://127.0.0.1:{port}"
            yield str(starter), [proxy, "--proxy-bypass-list=<-loopback>"]


@contextmanager
def _proxy(door: socket.socket) -> Iterator[None]:
    """Serve at a door, in a thread, until the end."""
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()
    is_open = threading.Event()

    serving: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = loop.create_task(_serve(reader, writer))
        serving[task] = writer
        task.add_done_callback(serving.pop)

    async def serve() -> None:
        server = await asyncio.start_server(connected, sock=door)
        is_open.set()
        await ended.wait()
        server.close()
        left = dict(serving)
        for task, writer in left.items():
            task.cancel()
            # One that never ran has closed nothing.
            writer.transport.abort()
        await asyncio.gather(*left, return_exceptions=True)
        # An aborted connection is closed a turn of the loop later.
        for _ in range(3):
            await asyncio.sleep(0)

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    is_open.wait()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, asyncio.IncompleteReadError):
        host, port = await _asked(reader, writer)
        try:
            there, back = await asyncio.open_connection(host, port)
        except OSError:
            writer.write(_REFUSED)
            await writer.drain()
        else:
            writer.write(_DONE)
            try:
                await asyncio.gather(_pass(reader, back), _pass(there, writer))
            finally:
                back.transport.abort()
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def _asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
    _, methods = await reader.readexactly(2)
    await reader.readexactly(methods)
    writer.write(_GREETING)
    kind = (await reader.readexactly(4))[3]
    if kind == _NAME:
        (length,) = await reader.readexactly(1)
        host = (await reader.readexactly(length)).decode("ascii")
    else:
        family, size = {_V4: (socket.AF_INET, 4), _V6: (socket.AF_INET6, 16)}[kind]
        host = socket.inet_ntop(family, await reader.readexactly(size))
    (port,) = struct.unpack("!H", await reader.readexactly(2))
    return host, port


async def _pass(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Pass on what comes, and its end."""
    while data := await source.read(65536):
        sink.write(data)
        await sink.drain()
    sink.write_eof()
