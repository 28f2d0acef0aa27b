"""The maintainer's life: its lease, its rounds, its losses."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from hepscope_common.runtime import Supervisor
from hepscope_storage_writer.maintain_settings import RetentionSettings
from hepscope_storage_writer.maintainer import Maintainer

NOON = 1_769_947_200_000_000  # 2026-02-01T12:00:00Z

pytestmark = pytest.mark.database


def plenty(_path: Path) -> int | None:
    """Return free space without end."""
    return 1 << 50


async def test_only_one_maintainer_works_and_another_takes_its_place(database: str) -> None:
    """The lease is a session's: it goes to the next one when its holder ends."""
    settings = RetentionSettings()
    first = Maintainer(database, settings, Supervisor(), clock=lambda: NOON, free=plenty)
    second = Maintainer(database, settings, Supervisor(), clock=lambda: NOON, free=plenty)

    assert await first.wake()
    assert not await second.wake()
    assert (first.counts.is_leader, second.counts.is_leader) == (True, False)
    await first.__aexit__(None, None, None)
    assert await _becomes_leader(second)
    await second.__aexit__(None, None, None)


async def test_component_works_once_entered_and_stops_when_exited(database: str) -> None:
    """Inert when built, rounds while entered, the lease free afterwards."""
    maintainer = Maintainer(
        database, RetentionSettings(), Supervisor(), clock=lambda: NOON, free=plenty
    )
    assert maintainer.counts.rounds == 0
    async with maintainer, asyncio.timeout(60):
        while maintainer.counts.rounds == 0:
            await asyncio.sleep(0.01)
        assert maintainer.counts.is_leader
        assert maintainer.counts.last_round_us == NOON
    assert not maintainer.counts.is_leader


async def test_settings_hold_once_entered(database: str) -> None:
    """A writer that starts next reads the new policies, not those of an earlier run."""
    settings = RetentionSettings(calls_days=365, other_days=365)
    maintainer = Maintainer(database, settings, Supervisor(), clock=lambda: NOON, free=plenty)
    async with maintainer:
        connection = await asyncpg.connect(database)
        try:
            days = await connection.fetchval(
                "select extract(day from keep)::int from hepscope.partition_policy"
                " where root = 'hepscope.call'::regclass"
            )
        finally:
            await connection.close()
    assert days == 365


async def test_clock_that_runs_ahead_drops_nothing(database: str) -> None:
    """A machine that believes it is 2099 works by the server's time."""
    year_2099 = 4_070_908_800_000_000
    maintainer = Maintainer(
        database, RetentionSettings(), Supervisor(), clock=lambda: year_2099, free=plenty
    )
    assert await maintainer.wake()
    await maintainer.__aexit__(None, None, None)

    assert maintainer.counts.last_round_us < year_2099 - 1_000_000_000_000


async def test_absent_server_is_counted_and_met_again() -> None:
    """No server is no reason to end; the next wake tries again."""
    maintainer = Maintainer("postgresql://127.0.0.1:1/none", RetentionSettings(), Supervisor())

    assert not await maintainer.wake()
    assert not await maintainer.wake()
    assert maintainer.counts.busy_steps == 2


async def test_killed_session_is_replaced(database: str) -> None:
    """A backend that was terminated costs one round at most."""
    maintainer = Maintainer(
        database, RetentionSettings(), Supervisor(), clock=lambda: NOON, free=plenty
    )
    assert await maintainer.wake()
    superuser = await asyncpg.connect(database)
    await superuser.execute(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        " where application_name = 'hepscope maintainer' and datname = current_database()"
    )
    await superuser.close()

    assert await _becomes_leader(maintainer)
    await maintainer.__aexit__(None, None, None)


async def _becomes_leader(maintainer: Maintainer) -> bool:
    """Wake a maintainer until it works; the server may need a moment to end the old session."""
    async with asyncio.timeout(60):
        while not await maintainer.wake():
            await asyncio.sleep(0.01)
    return maintainer.counts.is_leader
