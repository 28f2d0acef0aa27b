"""Children are killed with all that descends from them, stopped, and kept running."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from chaos.child import Child
from chaos.process_tree import is_running, parent_of, tree_of

PATIENCE = 60.0
# A parent and a child in a session of its own, as PostgreSQL's backends are.
FAMILY = (
    "import subprocess, sys, time;"
    "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'],"
    " start_new_session=True);"
    "print('child', p.pid, flush=True); time.sleep(600)"
)


@asynccontextmanager
async def running(code: str, log: Path) -> AsyncIterator[Child]:
    """A started child that runs some Python."""
    child = Child("one", [sys.executable, "-c", code], {}, log)
    await child.start()
    try:
        yield child
    finally:
        await child.kill()


def lines_with(log: Path, word: str) -> list[str]:
    """Return the lines of a log that have a word."""
    return [line for line in log.read_text().splitlines() if word in line]


async def line_with(log: Path, word: str, *, count: int = 1) -> str:
    """Return the line of a log that has a word for the count-th time."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = lines_with(log, word)
            if len(found) >= count:
                return found[count - 1]
            await asyncio.sleep(0.02)


async def test_a_kill_reaches_descendants_of_other_sessions(tmp_path: Path) -> None:
    """After the kill neither the process nor its child runs."""
    log = tmp_path / "log"
    async with running(FAMILY, log) as child:
        grandchild = int((await line_with(log, "child ")).split()[1])
        pid = child.pid
        assert pid is not None
        assert grandchild in tree_of(pid)
        await child.kill()
        assert child.pid is None
        assert not is_running(grandchild)
    assert (child.starts, child.own_ends) == (1, 0)


async def test_a_pause_stops_the_whole_tree_and_a_stop_ends_even_a_paused_one(
    tmp_path: Path,
) -> None:
    """State T of both while paused, none after the stop."""
    log = tmp_path / "log"
    async with running(FAMILY, log) as child:
        await line_with(log, "child ")
        pid = child.pid
        assert pid is not None
        tree = tree_of(pid)
        await child.pause()
        async with asyncio.timeout(PATIENCE):
            while {state_of(pid) for pid in tree} != {"T"}:
                await asyncio.sleep(0.01)
        await child.resume()
        async with asyncio.timeout(PATIENCE):
            while "T" in {state_of(pid) for pid in tree}:
                await asyncio.sleep(0.01)
        await child.pause()
        await child.stop()
        assert not any(is_running(pid) for pid in tree)


def state_of(pid: int) -> str:
    """Return the state letter of a process."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


async def test_one_that_ends_by_itself_is_started_again(tmp_path: Path) -> None:
    """It is counted, and the log says with which code it ended."""
    log = tmp_path / "log"
    async with running("import sys; print('here', flush=True); sys.exit(3)", log) as child:
        await line_with(log, "here", count=2)
        assert child.own_ends >= 1
        assert child.starts >= 2
        assert "ended by itself with 3" in await line_with(log, "ended by itself")


async def test_what_was_killed_stays_so_until_it_is_started(tmp_path: Path) -> None:
    """Nobody brings it back behind the plan's back; a second start is none."""
    log = tmp_path / "log"
    async with running("import time; print('here', flush=True); time.sleep(600)", log) as child:
        await line_with(log, "here")
        await child.kill()
        assert (child.pid, child.starts) == (None, 1)
        await child.start()
        await child.start()
        await line_with(log, "here", count=2)
        assert child.starts == 2


def test_the_parent_is_found_behind_any_name() -> None:
    """A process may call itself anything, brackets and blanks included."""
    assert parent_of("12 (a) b) S 7 12 12 0") == 7
