"""A standby that takes over from its primary: waited for while it may not write, nothing lost."""

import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import hepscope_migrations
from hepscope_common.bus.memory import MemoryBus
from integration.storage_writer.rig import (
    SETTINGS,
    fetch,
    make_bus,
    put,
    running,
    until,
    until_committed,
)
from support.builders import make_call
from support.postgres import FAST, Cluster, dsn_of, execute, find_binaries, run_apart

pytestmark = pytest.mark.database

SMALL = SETTINGS.model_copy(update={"batch_packets": 100})
CALLS = 300
BACKUP_SECONDS = 60


class Pair:
    """A primary and its synchronous standby; ``dsn`` leads to the one that is current.

    The address is a folder whose name is a link, as a floating address is for machines.
    """

    def __init__(self, scratch: Path) -> None:
        binaries = find_binaries(scratch)
        self.address = scratch / "current"
        self.primary = Cluster(binaries, _folder(scratch / "primary"), FAST)
        self.standby = Cluster(binaries, _folder(scratch / "standby"), FAST)
        self.primary.create()
        self.primary.start()
        self._lead_to(self.primary)
        run_apart(lambda: execute(self.primary.dsn, "create database failover"))
        self.dsn = dsn_of(f"postgresql://postgres@/postgres?host={self.address}", "failover")
        run_apart(lambda: hepscope_migrations.upgrade(self.dsn))
        self._copy()
        self.standby.start()
        # Only now, since whoever commits waits for a standby from here on.
        names = ("alter system set synchronous_standby_names = '*'", "select pg_reload_conf()")
        run_apart(lambda: execute(self.primary.dsn, *names))

    def lose_primary(self) -> None:
        """End the primary as a crash does; the address leads to the standby, which only reads."""
        assert self.primary.process is not None
        self.primary.process.send_signal(signal.SIGQUIT)
        self.primary.process.wait(BACKUP_SECONDS)
        self.primary.process = None
        self._lead_to(self.standby)

    async def promote(self) -> None:
        """Let the standby write."""
        await execute(self.standby.dsn, "select pg_promote()")

    def stop(self) -> None:
        """End what still runs."""
        self.primary.stop()
        self.standby.stop()

    def _copy(self) -> None:
        primary, data = self.primary.directory, self.standby.data
        done = self.primary.run(
            "pg_basebackup",
            "-h",
            str(primary),
            "-U",
            "postgres",
            "-c",
            "fast",
            "-R",
            "-D",
            str(data),
        )
        output, _ = done.communicate(timeout=BACKUP_SECONDS)
        assert done.returncode == 0, output

    def _lead_to(self, cluster: Cluster) -> None:
        fresh = self.address.with_name("next")
        fresh.symlink_to(cluster.directory)
        fresh.rename(self.address)


def _folder(path: Path) -> Path:
    # The server's user, who is not always ours, makes its data directory in it.
    path.mkdir()
    path.chmod(0o777)
    return path


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A primary and its standby, of this test alone."""
    with tempfile.TemporaryDirectory(prefix="hepscope-pg-", ignore_cleanup_errors=True) as scratch:
        Path(scratch).chmod(0o711)
        found = Pair(Path(scratch))
        yield found
        found.stop()


def full_bus() -> MemoryBus:
    """Return a bus that holds the messages of many calls, mixed."""
    bus = make_bus(partitions=4)
    calls = [make_call(f"call-{n}") for n in range(CALLS)]
    put(bus, [call[step] for step in range(7) for call in calls], per_record=10)
    return bus


async def test_a_standby_that_is_promoted_under_load_loses_nothing(pair: Pair) -> None:
    """Under load the primary dies; while its standby may not write yet, readiness says so."""
    async with running(full_bus(), pair.dsn, SMALL) as rig:
        await until_committed(rig, 4)
        pair.lose_primary()
        await until(lambda: "read-only" in rig.writer.readiness()[1])
        assert not rig.writer.readiness()[0]
        await pair.promote()
        await until(lambda: rig.writer.readiness()[0])

    (rows,) = await fetch(pair.dsn, "select count(*), count(distinct id) from hepscope.sip")
    calls = await fetch(pair.dsn, "select message_count from hepscope.call")
    assert tuple(rows) == (CALLS * 7, CALLS * 7)
    assert [row[0] for row in calls] == [7] * CALLS
    assert rig.supervisor.failure is None


async def test_a_writer_that_starts_at_a_standby_waits_for_it(pair: Pair) -> None:
    """Partitions are taken over once it may write."""
    pair.lose_primary()
    bus = make_bus()
    async with running(bus, pair.dsn, SMALL) as rig:
        put(bus, make_call("early"))
        await until(lambda: "read-only" in rig.writer.readiness()[1])
        await pair.promote()

    assert len(await fetch(pair.dsn, "select from hepscope.sip")) == 7
