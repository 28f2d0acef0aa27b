"""Damage to the spool: what was lost is said, what a sender still has is sent again in order."""

import asyncio
from pathlib import Path

import pytest

from hepscope_ingest.delivery_backlog import SpoolDamagedError
from hepscope_ingest.delivery_spooled import LostPacketsError
from unit.ingest.spool_world import PATIENCE_SECONDS, World
from unit.ingest.test_delivery_spooled import until


async def spooled(world: World, *, numbered: bool) -> None:
    """Have twenty records of one partition on disk alone but for those that the producer holds."""
    await world.begin(0.0)
    await give(world, 0, 20, numbered=numbered)
    await until(lambda: world.spool.records == 20)


async def give(world: World, partition: int, count: int, *, numbered: bool) -> None:
    """Deliver so many records, however often listeners are held back meanwhile."""
    sender = world.numbered if numbered else world.plain[-1]
    wanted = len(sender.given) + count
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(sender.given) < wanted:
            world.give(partition, 1, numbered=numbered)
            await asyncio.sleep(0)


async def test_a_record_that_rots_before_its_sender_was_told_ends_the_process(
    tmp_path: Path,
) -> None:
    """Its sender would wait for ever; after the new start it repeats, and nothing is missing.

    Nothing behind the hole may have passed it: a writer skips numbers that do not rise.
    """
    world = World(tmp_path)
    await spooled(world, numbered=True)
    world.rot(12, world.numbered)
    world.bus.acknowledges = True
    world.bus.acknowledge(5)
    await until(lambda: world.supervisor.failure is not None)
    assert isinstance(world.supervisor.failure, SpoolDamagedError)
    assert max(seq for _, _, seq in world.bus.log) <= 11
    assert 12 not in world.numbered.acknowledged
    world.give(0, 3, numbered=True)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await world.delivery.flush()
    await world.end(0)
    await world.begin(0.0)
    world.give(0, 5, numbered=True)
    await world.calm()
    assert not world.lost(world.numbered)
    assert len(world.numbered.acknowledged) == len(world.numbered.given)
    await world.end(0)
    assert world.supervisor.failure is None


async def test_a_record_that_rots_while_nobody_can_repeat_it_is_counted(tmp_path: Path) -> None:
    """It is lost and not acknowledged; those behind it go on."""
    world = World(tmp_path)
    await spooled(world, numbered=False)
    world.rot(12, world.plain[0])
    await world.calm()
    assert set(world.lost(world.plain[0])) == {12}
    assert world.plain[0].acknowledged == set(range(1, 21)) - {12}
    assert world.spool.damaged == 1
    await world.end(0)
    assert world.supervisor.failure is None


@pytest.mark.parametrize("rotten", [1, 6, 20])
async def test_what_stands_behind_damage_of_before_is_left_to_its_sender(
    tmp_path: Path, rotten: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Of an earlier process; records that nobody can repeat go on."""
    world = World(tmp_path)
    await world.begin(0.0)
    await give(world, 0, 20, numbered=True)
    await give(world, 1, 10, numbered=False)
    await until(lambda: world.spool.records == 30)
    await world.end(0)
    world.rot(rotten, world.numbered)

    await world.begin(0.0)
    await world.calm()
    assert not world.lost(world.numbered)
    assert not world.lost(world.plain[0])
    behind = 20 - rotten
    told = f"{behind} records behind damage were left to their senders" in caplog.text
    assert told == bool(behind)
    await world.end(0)
    assert world.supervisor.failure is None


async def test_the_bus_is_found_away_without_a_further_record(tmp_path: Path) -> None:
    """What the producer holds is on disk after the time that the setting says."""
    world = World(tmp_path)
    await world.begin(0.05)
    await give(world, 0, 3, numbered=False)
    await until(lambda: world.spool.records == 3)
    await world.die(0)
    await world.begin(0.05)
    await world.calm()
    assert not world.lost(world.plain[0])
    await world.end(0)
    assert world.supervisor.failure is None


async def test_an_end_with_a_full_disk_says_what_is_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither bus nor disk takes anything: the process does not wait for ever, and fails."""
    world = World(tmp_path, max_bytes=1000)
    await world.begin(0.0)
    world.give(0, 5, numbered=False)
    for _ in range(20):
        world.give(0, 5, numbered=False)
        await asyncio.sleep(0.001)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await world.delivery.flush()
    on_disk = world.spool.records
    await world.end(0)
    lost = len(world.plain[0].given) - on_disk
    assert lost > 0
    assert isinstance(world.supervisor.failure, LostPacketsError)
    assert f"{lost} accepted packets are lost" in caplog.text
