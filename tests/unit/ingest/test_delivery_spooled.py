"""The way of records over disk and bus: nothing lost, nothing passed by, whatever happens."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unit.ingest.spool_world import PATIENCE_SECONDS, World, scratch

NEVER = 1000.0


@asynccontextmanager
async def living(
    directory: Path, *, patience_seconds: float = 0.0, max_bytes: int = 1 << 16
) -> AsyncIterator[World]:
    """Give a world whose ingest has begun; its end is the test's affair."""
    world = World(directory, max_bytes=max_bytes)
    await world.begin(patience_seconds)
    yield world
    assert world.supervisor.failure is None


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until something is so."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():
            await asyncio.sleep(0.001)


async def test_a_bus_that_works_needs_no_disk(tmp_path: Path) -> None:
    """Records go straight through."""
    async with living(tmp_path, patience_seconds=NEVER) as world:
        world.bus.acknowledges = True
        for _ in range(10):
            world.give(0, 3, numbered=True)
            await asyncio.sleep(0)
        await world.delivery.flush()
        assert world.order() == {(0, b"N" * 16): list(range(1, 31))}
        assert world.spool.is_empty
        assert world.metrics.spooled.counts[()] == 0
        await world.end(0)


async def test_a_slow_bus_holds_senders_back_and_uses_no_disk(tmp_path: Path) -> None:
    """It is full and goes on: that is what back-pressure is for."""
    async with living(tmp_path, patience_seconds=NEVER) as world:
        world.give(0, 100, numbered=True)
        assert world.delivery.blocked
        assert world.metrics.stalls.counts[()] == 1
        world.bus.acknowledge(5)
        await world.delivery.unblocked()
        assert world.spool.is_empty
        await world.calm()
        assert not world.lost(world.numbered)
        await world.end(0)


async def test_the_disk_takes_over_when_the_bus_is_away(tmp_path: Path) -> None:
    """With copies of what the producer holds; listeners go on reading."""
    async with living(tmp_path) as world:
        world.give(0, 100, numbered=True)
        await until(lambda: not world.delivery.blocked)
        world.give(1, 50, numbered=True)
        await until(lambda: world.delivery.held_packets == 0)
        given = len(world.numbered.given)
        assert world.spool.records == given
        assert world.numbered.acknowledged == set()
        await world.calm()
        assert not world.lost(world.numbered)
        # Copies of what the producer had all the time were not sent again.
        assert len(world.bus.log) == given
        assert len(world.numbered.acknowledged) == given
        await world.end(0)


async def test_newer_records_queue_behind_those_on_disk(tmp_path: Path) -> None:
    """Of the same partition; the order of numbers is that of the log."""
    async with living(tmp_path) as world:
        world.give(0, 30, numbered=True)
        await until(lambda: world.spool.records > 0 and not world.delivery.blocked)
        world.bus.acknowledges = True
        # A given number: on a slow machine the disk may never catch up with an endless sender.
        for _ in range(200):
            world.give(0, 1, numbered=True)
            world.bus.acknowledge(3)
            await asyncio.sleep(0.001)
        await world.calm()
        assert [seq for _, _, seq in world.bus.log] == list(range(1, len(world.bus.log) + 1))
        await world.end(0)


async def test_an_end_while_the_bus_is_away_leaves_everything_on_disk(tmp_path: Path) -> None:
    """Also what the producer had taken; the next start sends it, under its old numbers."""
    async with living(tmp_path, patience_seconds=NEVER) as world:
        world.give(0, 8, numbered=False)
        given = world.plain[0].given
        assert world.spool.is_empty
        assert len(given) > world.bus.capacity
        await world.end(written=2)

        await world.begin(patience_seconds=NEVER)
        world.give(0, 3, numbered=False)
        await world.calm()
        assert not world.lost(world.plain[0])
        assert not world.lost(world.plain[1])
        await world.end(0)


async def test_a_flush_returns_when_the_bus_is_away(tmp_path: Path) -> None:
    """The end of a process must not wait for a broker that is gone."""
    async with living(tmp_path) as world:
        world.give(0, 3, numbered=False)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await world.delivery.flush()
        await world.end(0)
        await world.begin(0.0)
        await world.calm()
        assert not world.lost(world.plain[0])
        await world.end(0)


async def test_a_full_disk_holds_senders_back(tmp_path: Path) -> None:
    """It is an ordinary state: nothing is lost, and it ends when the bus is back."""
    async with living(tmp_path, max_bytes=2000) as world:
        refusals = 0
        while refusals < 20:
            world.give(0, 5, numbered=True)
            await asyncio.sleep(0.001)
            refusals = refusals + 1 if world.delivery.blocked else 0
        assert world.spool.size_bytes <= 2000 + 16 * 20
        await world.calm()
        await world.delivery.unblocked()
        assert not world.lost(world.numbered)
        await world.end(0)


async def test_a_disk_that_is_gone_holds_senders_back(tmp_path: Path) -> None:
    """As without a spool; the error is counted, and the process lives."""
    directory = tmp_path / "spool"
    async with living(directory) as world:
        directory.rename(tmp_path / "away")
        world.give(0, 20, numbered=True)
        await until(lambda: world.spool.errors > 0)
        assert world.delivery.blocked
        await world.calm()
        assert not world.lost(world.numbered)
        await world.end(0)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("numbered"), st.integers(0, 2), st.integers(1, 12)),
        st.tuples(st.just("plain"), st.integers(0, 2), st.integers(1, 12)),
        st.tuples(st.just("acknowledge"), st.integers(0, 8), st.just(0)),
        st.tuples(st.just("full"), st.booleans().map(int), st.just(0)),
        st.tuples(st.just("turn"), st.integers(1, 30), st.just(0)),
        st.tuples(st.just("die"), st.integers(0, 6), st.integers(0, 1)),
        st.tuples(st.just("end"), st.integers(0, 6), st.integers(0, 1)),
        st.tuples(st.just("spoil"), st.integers(0, 3), st.integers(0, 400)),
    ),
    max_size=30,
)


async def step(world: World, name: str, first: int, second: int) -> None:
    """Do one thing."""
    if name in ("numbered", "plain"):
        world.give(first, second, numbered=name == "numbered")
    elif name == "acknowledge":
        world.bus.acknowledge(first)
    elif name == "spoil":
        world.spoil(first, second)
    elif name == "full":
        world.bus.is_full = bool(first)
    elif name == "turn":
        for _ in range(first):
            await asyncio.sleep(0.0001 if first > 20 else 0)
    else:
        await (world.die(first) if name == "die" else world.end(first))
        await world.begin(NEVER if second else 0.0)


async def live(steps: list[tuple[str, int, int]], directory: Path, *, small: bool) -> World:
    """Do everything, then let the bus catch up."""
    world = World(directory, max_bytes=1500 if small else 1 << 16)
    await world.begin(0.0)
    for name, first, second in steps:
        await step(world, name, first, second)
    await world.calm()
    await world.end(0)
    assert world.supervisor.failure is None
    return world


@settings(max_examples=120, deadline=None)
@given(STEPS, st.booleans())
def test_whatever_happens_nothing_is_lost_and_nothing_passed_by(
    steps: list[tuple[str, int, int]],
    small: bool,
) -> None:
    """Any order of full, slow, away, killed and ended.

    What a writer stores, skipping numbers that do not rise, holds every number of a sender that
    repeats what was not acknowledged. Of plain senders it holds whatever was acknowledged, and,
    where no ingest was killed, everything.
    """
    directory = scratch()
    try:
        world = asyncio.run(live(steps, directory, small=small))
    finally:
        shutil.rmtree(directory)
    assert not world.lost(world.numbered)
    for sender in world.plain:
        lost = set(world.lost(sender))
        assert not lost & sender.acknowledged
        if not any(name in ("die", "spoil") for name, _, _ in steps) and not small:
            assert not lost


@pytest.mark.parametrize("numbered", [True, False])
async def test_acknowledged_is_what_the_bus_has_acknowledged(
    tmp_path: Path, *, numbered: bool
) -> None:
    """Never what is only on disk, and each once."""
    async with living(tmp_path) as world:
        world.give(0, 20, numbered=numbered)
        sender = world.numbered if numbered else world.plain[0]
        await until(lambda: world.spool.records == len(sender.given))
        assert sender.acknowledged == set()
        await world.calm()
        assert sender.acknowledged == {seq for _, seq in sender.given}
        await world.end(0)
