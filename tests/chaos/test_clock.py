"""A clock can be set under a running process, and what waits there does not notice."""

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from chaos.child import Child
from chaos.clock import Clock, NoClockError, find_library

PATIENCE = 60.0
PLAUSIBLE_SECONDS = 60.0

# Its loop and a thread tick and say what both clocks tell.
TICKING = """
import asyncio, threading, time

async def tick():
    while True:
        begin = time.monotonic()
        await asyncio.sleep(0.05)
        await asyncio.to_thread(threading.Event().wait, 0.05)
        print("tick", time.time(), begin, time.monotonic(), flush=True)

asyncio.run(tick())
"""


@pytest.fixture(scope="module")
def library() -> Path:
    """The library."""
    try:
        return find_library()
    except NoClockError as error:
        # In CI a test that cannot run has failed.
        (pytest.fail if os.environ.get("REQUIRE_SERVICES") == "1" else pytest.skip)(str(error))


def ticks_of(log: Path) -> list[list[str]]:
    """Return what was said at each tick: a word, wall clock, monotonic begin and end."""
    return [line.split() for line in log.read_text().splitlines() if line.startswith("tick ")]


async def wait_for_shift(log: Path, shift_seconds: int) -> int:
    """Wait for a tick at which the clock is so wrong; return how many ticks there were."""
    async with asyncio.timeout(PATIENCE):
        while True:
            ticks = ticks_of(log)
            if ticks and abs(float(ticks[-1][1]) - time.time() - shift_seconds) < PLAUSIBLE_SECONDS:
                return len(ticks)
            await asyncio.sleep(0.05)


async def test_a_clock_jumps_under_a_running_process(library: Path, tmp_path: Path) -> None:
    """Forward, far back and home again, in one life; loop and thread go on ticking."""
    log = tmp_path / "log"
    clock = Clock(library, tmp_path / "clock")
    child = Child("one", [sys.executable, "-c", TICKING], clock.environment(), log)
    await child.start()
    try:
        seen = [await wait_for_shift(log, 0)]
        for shift_seconds in (7200, -90_000, 0):
            clock.set(shift_seconds)
            seen.append(await wait_for_shift(log, shift_seconds))
    finally:
        await child.kill()
    assert seen == sorted(set(seen))
    assert (child.starts, child.own_ends) == (1, 0)
    begins, ends = zip(
        *(map(float, words[2:]) for words in ticks_of(log)),
        strict=True,
    )
    # Monotonic time goes on through all jumps, and is the one of this process.
    assert list(begins) == sorted(begins)
    assert all(0.1 <= end - begin < PATIENCE for begin, end in zip(begins, ends, strict=True))
    assert abs(ends[-1] - time.monotonic()) < PATIENCE


async def test_a_process_starts_with_a_wrong_clock(library: Path, tmp_path: Path) -> None:
    """What was set before counts from the first moment."""
    log = tmp_path / "log"
    clock = Clock(library, tmp_path / "clock")
    clock.set(-7200)
    child = Child("one", [sys.executable, "-c", TICKING], clock.environment(), log)
    await child.start()
    try:
        await wait_for_shift(log, -7200)
    finally:
        await child.kill()


def test_an_installed_library_is_taken(tmp_path: Path) -> None:
    """Before anything is fetched."""
    there = tmp_path / "lib" / "some-linux-gnu" / "faketime" / "libfaketimeMT.so.1"
    there.parent.mkdir(parents=True)
    there.touch()
    assert find_library(roots=(tmp_path,), cache=tmp_path / "cache") == there


def test_what_cannot_be_fetched_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the programs for it, or without the package."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoClockError, match="no apt-get"):
        find_library(roots=(), cache=tmp_path / "cache")
    for name in ("apt-get", "dpkg-deb"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'no such package' >&2\nexit 100\n")
        (tmp_path / name).chmod(0o755)
    with pytest.raises(NoClockError, match="no such package"):
        find_library(roots=(), cache=tmp_path / "cache")
