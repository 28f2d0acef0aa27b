"""How the embedded PostgreSQL ends: told, killed, crashed; and how the next start copes."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from hepscope_standalone.postgres import StartupError
from hepscope_standalone.postgres.leftover import processes_in, settle_leftover
from integration.standalone.postgres_support import (
    child,
    ended,
    first_failure,
    host,
    open_directory,
    owner_of,
    postgres,
    query,
    start_and_stop,
    watched,
)

pytestmark = [
    pytest.mark.database,
    pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="needs Linux's /proc"),
]


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """A data directory that every test here leaves usable."""
    with open_directory() as directory:
        asyncio.run(start_and_stop(postgres(directory / "data")))
        yield directory / "data"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_host_stops_its_server_cleanly(data_dir: Path, number: signal.Signals) -> None:
    """A host that is told to end leaves a server that was shut down, and no process."""
    with host(data_dir) as running:
        code = running.end(number)

    assert code == 0
    assert processes_in(data_dir / "postgres") == []
    assert "database system is shut down" in (data_dir / "postgres.log").read_text()


async def test_killed_host_takes_its_server_along(data_dir: Path) -> None:
    """After a kill -9 the server stops by itself, and the next start has what was committed."""
    with host(data_dir) as running, watched(running.server_pid) as server:
        await query(running.dsn, "create table if not exists survivor as select 1 as value")
        running.end(signal.SIGKILL)
        assert ended(server)

    async with postgres(data_dir) as component:
        assert await query(component.dsn, "select value from survivor limit 1") == 1


async def test_start_right_after_a_kill_waits_for_the_old_server(data_dir: Path) -> None:
    """Nobody needs to wait before starting again."""
    for _ in range(3):
        with host(data_dir) as running:
            running.end(signal.SIGKILL)
        await start_and_stop(postgres(data_dir))


async def test_host_and_server_killed_at_once_recover(data_dir: Path) -> None:
    """With both gone at once the next start recovers from the log."""
    with host(data_dir) as running, watched(running.server_pid) as server:
        await query(running.dsn, "create table if not exists logged as select 5 as value")
        os.kill(running.server_pid, signal.SIGKILL)
        running.end(signal.SIGKILL)
        assert ended(server)

    async with postgres(data_dir) as component:
        assert await query(component.dsn, "select value from logged limit 1") == 5


async def test_orphan_that_does_not_stop_is_killed(data_dir: Path) -> None:
    """A stuck server of a killed host is ended by force, after the polite signals."""
    said: list[str] = []
    patience = ((signal.SIGINT, 0.1), (signal.SIGQUIT, 0.1), (signal.SIGKILL, 30.0))
    with host(data_dir) as running:
        os.kill(running.server_pid, signal.SIGSTOP)
        running.end(signal.SIGKILL)

        await settle_leftover(data_dir / "postgres", said.append, signals=patience)

    assert "waiting for the PostgreSQL of an earlier run" in said[0]
    assert processes_in(data_dir / "postgres") == []
    await start_and_stop(postgres(data_dir))


async def test_what_outlives_its_server_is_waited_for(data_dir: Path) -> None:
    """A child of a server that was killed is no server of somebody else; it ends by itself."""
    said: list[str] = []
    with host(data_dir) as running, watched(running.server_pid) as server:
        children = set(processes_in(data_dir / "postgres")) - {running.server_pid}
        late = children.pop()
        os.kill(late, signal.SIGSTOP)
        os.kill(running.server_pid, signal.SIGKILL)
        running.end(signal.SIGKILL)
        assert ended(server)

        def say(line: str) -> None:
            said.append(line)
            os.kill(late, signal.SIGCONT)

        await settle_leftover(data_dir / "postgres", say)

    assert "waiting for the PostgreSQL of an earlier run" in said[0]
    assert processes_in(data_dir / "postgres") == []
    await start_and_stop(postgres(data_dir))


async def test_server_of_a_live_host_is_left_alone(data_dir: Path) -> None:
    """Even with the lock file removed, a second start finds the running one and names it."""
    with host(data_dir) as running:
        (data_dir / "hepscope.lock").unlink()

        with pytest.raises(StartupError, match=rf"runs already.*\(pid {running.process.pid}\)"):
            await start_and_stop(postgres(data_dir))
        assert await query(running.dsn, "select 1") == 1
        running.end(signal.SIGTERM)


async def test_crashed_server_is_reported_with_its_last_words(data_dir: Path) -> None:
    """A server that ends by itself makes wait_failed raise one line, and nothing hangs."""
    async with postgres(data_dir) as component:
        os.kill(component.pid, signal.SIGKILL)
        failure = await first_failure(component)

    assert isinstance(failure, StartupError)
    assert "PostgreSQL ended (signal 9)" in str(failure)
    assert "\n" not in str(failure)
    await start_and_stop(postgres(data_dir))


async def test_planned_stop_is_no_failure(data_dir: Path) -> None:
    """A watcher that outlives the stop hears nothing."""
    async with postgres(data_dir) as component:
        watcher = asyncio.create_task(component.wait_failed())
    done, _ = await asyncio.wait([watcher], timeout=0.05)
    watcher.cancel()

    assert not done


async def test_cancelled_start_leaves_nothing_behind(data_dir: Path) -> None:
    """Ctrl-C during the start ends the server and frees the directory."""
    started = asyncio.create_task(start_and_stop(postgres(data_dir)))
    while not processes_in(data_dir / "postgres"):
        assert not started.done()
        await asyncio.sleep(0)
    started.cancel()
    await asyncio.gather(started, return_exceptions=True)

    assert processes_in(data_dir / "postgres") == []
    await start_and_stop(postgres(data_dir))


@pytest.mark.parametrize("kind", ["zombie", "recycled", "dead", "garbage"])
async def test_stale_pid_file_is_no_obstacle(data_dir: Path, kind: str) -> None:
    """The pid of a dead server may be a zombie's, another program's, nobody's, or no number."""
    owner = owner_of(data_dir / "postgres")
    program = ["true"] if kind in {"zombie", "dead"} else ["cat"]
    with child(program, user=owner) as other, watched(other.pid) as pidfd:
        if kind in {"zombie", "dead"}:
            assert ended(pidfd)
        if kind == "dead":
            other.wait()
        first = "x" if kind == "garbage" else str(other.pid)
        socket_lock = data_dir / "run/.s.PGSQL.5432.lock"
        for pid_file in (data_dir / "postgres/postmaster.pid", socket_lock):
            pid_file.write_text(f"{first}\n{data_dir / 'postgres'}\n1700000000\n5432\n\n\n")
            os.chown(pid_file, owner, -1)

        await start_and_stop(postgres(data_dir))
