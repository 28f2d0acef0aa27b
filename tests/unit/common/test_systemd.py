"""systemd hears when a service is ready, that it lives, and when it ends."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hepscope_common.runtime import Component, Supervisor, serve
from hepscope_common.systemd import Systemd

PATIENCE_SECONDS = 60.0


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[socket.socket]:
    """The end at which systemd listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        yield listening


async def nothing() -> AsyncIterator[Component]:
    """Yield no component."""
    parts: list[Component] = []
    for part in parts:
        yield part


async def test_a_process_says_when_it_is_ready_alive_and_ending(
    heard: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this order; what it starts itself does not find the socket."""
    monkeypatch.setenv("NOTIFY_SOCKET", heard.getsockname())
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    supervisor = Supervisor()
    loop = asyncio.get_running_loop()
    serving = asyncio.create_task(serve(nothing(), supervisor))
    async with asyncio.timeout(PATIENCE_SECONDS):
        # In the loop that says it: a thread that is late overflows the socket's short queue.
        said = [await loop.sock_recv(heard, 100) for _ in range(4)]
        assert said[0] == b"READY=1"
        assert said[1:] == [b"WATCHDOG=1"] * 3
        assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} & os.environ.keys()
        os.kill(os.getpid(), signal.SIGTERM)
        while said[-1] == b"WATCHDOG=1":
            said.append(await loop.sock_recv(heard, 100))
        assert await serving == 0
    assert said[-1] == b"STOPPING=1"


def test_without_systemd_nothing_is_said() -> None:
    """Nor to a socket of another kind, nor where nobody listens any more."""
    for address in ("", "vsock:2:1234", "/nonexistent/notify"):
        systemd = Systemd.taken_from({"NOTIFY_SOCKET": address})
        systemd.tell("READY=1")
        assert systemd.watchdog_seconds is None


def test_a_watchdog_is_kept_by_the_process_that_it_was_set_for() -> None:
    """Not by a child, and not where the period is no number."""
    for period, pid, wanted in (
        ("30000000", str(os.getpid()), 30.0),
        ("30000000", "", 30.0),
        ("30000000", "1", None),
        ("often", "", None),
        ("0", "", None),
    ):
        environ = {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": period, "WATCHDOG_PID": pid}
        assert Systemd.taken_from(environ).watchdog_seconds == wanted
        assert environ == {}


def test_abstract_sockets_are_reached() -> None:
    """Their names begin with ``@`` in the variable."""
    name = f"hepscope-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{name}")
        listening.settimeout(60)
        Systemd(f"@{name}").tell("READY=1")
        assert listening.recv(100) == b"READY=1"
