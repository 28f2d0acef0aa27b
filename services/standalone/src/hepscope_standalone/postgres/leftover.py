"""What a killed hepscope left behind: a server that still stops, a pid file of a dead one.

PostgreSQL judges ``postmaster.pid`` by whether its pid exists, and is fooled by a zombie that
nobody reaps (a container whose first process does not) and by a pid given to another program
(after a container's restart). Here the processes that work in the cluster's directory are looked
up in /proc; without /proc PostgreSQL's own judgement stays. The caller holds the directory lock.
"""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hepscope_standalone.postgres.errors import startup_error

# On the command line of every server of ours; the value is the pid of its hepscope.
PARENT_SETTING = "hepscope.parent"

TITLE = b"postgres: "
"""How a child of a server is called (PostgreSQL's ps_status.c)."""

PROC = Path("/proc")
POLL_SECONDS = 0.05

# A fast shutdown writes all changed pages; then an immediate one, then the end.
SIGNALS = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A live server process of a cluster; ``parent`` as on its command line, 0 if not ours."""

    pid: int
    parent: int
    is_orphan: bool


def processes_in(cluster_dir: Path) -> list[int]:
    """Return the live processes whose working directory is the cluster (zombies have none)."""
    real = os.path.realpath(cluster_dir)
    found = []
    for entry in PROC.glob("[0-9]*"):
        try:
            inside = str((entry / "cwd").readlink()) == real
            # The program may be "postgres (deleted)" after an upgrade; a shell is not meant.
            if inside and (entry / "exe").readlink().name.startswith("postgres"):
                found.append(int(entry.name))
        except OSError:
            continue  # ended meanwhile, or another user's
    return found


def postmaster_among(pids: list[int]) -> Postmaster | None:
    """Return the server among the processes of a cluster, told by its parent not being one.

    None where there are only processes that outlive their server for a moment.
    """
    for pid in pids:
        try:
            status = (PROC / str(pid) / "stat").read_text()
            words = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        ppid = int(status.rpartition(")")[2].split()[1])
        # Children are renamed; without their server they have another parent, and soon end.
        if ppid in pids or not words[0] or words[0].startswith(TITLE):
            continue
        mark = f"{PARENT_SETTING}=".encode()
        named = [word.removeprefix(mark) for word in words if word.startswith(mark)]
        parent = int(named[0]) if named and named[0].isdigit() else 0
        return Postmaster(pid, parent, is_orphan=ppid != parent)
    return None


async def settle_leftover(
    cluster_dir: Path,
    announce: Callable[[str], None],
    *,
    signals: tuple[tuple[signal.Signals, float], ...] = SIGNALS,
) -> None:
    """Return once no process of an earlier run works in the cluster and its pid file is no trap.

    Stops an orphan of ours, politely first. Raises StartupError when a server runs there that is
    not ours to stop, or that does not stop.
    """
    pids = processes_in(cluster_dir)
    server = postmaster_among(pids)
    if server and not (server.parent and server.is_orphan):
        raise startup_error(_not_ours(cluster_dir, server))
    if pids:
        announce(f"waiting for the PostgreSQL of an earlier run to stop (pid {pids[0]})")
    for number, seconds in signals:
        if await _gone(cluster_dir, number, seconds):
            break
    else:
        raise startup_error(f"the PostgreSQL of an earlier run does not stop (pids {pids})")
    _remove_stale_pid_file(cluster_dir / "postmaster.pid")


def _not_ours(cluster_dir: Path, server: Postmaster) -> str:
    if server.parent:
        return (
            f"hepscope runs already on {cluster_dir.parent} (pid {server.parent}): "
            "stop it, or choose another directory by --data-dir"
        )
    return (
        f"a PostgreSQL that hepscope did not start (pid {server.pid}) uses {cluster_dir}: "
        "stop it first"
    )


async def _gone(cluster_dir: Path, number: signal.Signals, seconds: float) -> bool:
    """Signal the cluster's processes (all by SIGKILL, else its server), wait; True when gone."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    signalled = False
    while pids := processes_in(cluster_dir):
        server = postmaster_among(pids)
        if not signalled:
            signalled = True
            for pid in pids if number == signal.SIGKILL else [server.pid] if server else []:
                _kill(pid, number)
        if loop.time() >= deadline:
            return False
        await asyncio.sleep(POLL_SECONDS)
    return True


def _kill(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _remove_stale_pid_file(path: Path) -> None:
    """Remove the pid file of a dead server whose pid still exists; others PostgreSQL removes."""
    if not PROC.is_dir():
        return
    try:
        first = path.read_text("utf-8", "replace").partition("\n")[0].strip().lstrip("-")
    except FileNotFoundError:
        return
    if not first.isdigit() or (PROC / first).exists():
        path.unlink()
