"""A database that hangs up, dies or is away costs time, never a packet."""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import pytest

import hepscope_migrations
from hepscope_common.bus.memory import MemoryBus
from integration.storage_writer.rig import (
    SETTINGS,
    fetch,
    make_bus,
    make_writer,
    put,
    running,
    until,
    until_committed,
)
from support.builders import make_call, make_packet
from support.postgres import Cluster, answers, dsn_of, execute, find_binaries, run_apart

pytestmark = pytest.mark.database

SMALL = SETTINGS.model_copy(update={"batch_packets": 100})
CALLS = 600
FLOOD = 300

KILL = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
  and application_name like 'hepscope writer%'
"""

FILL_DISK = """
create function public.fill_disk() returns trigger language plpgsql as $$
begin raise 'could not extend file: No space left on device' using errcode = '53100'; end $$;
create trigger fill before insert on hepscope.call
for each row execute function public.fill_disk()
"""

WAITING = """
select exists (select from pg_stat_activity
where application_name like 'hepscope writer%' and wait_event_type = 'Lock')
"""


@pytest.fixture(scope="module")
def own_server() -> Iterator[tuple[Cluster, str]]:
    """A server that tests may kill, and the DSN of a migrated database in it."""
    with tempfile.TemporaryDirectory(prefix="hepscope-pg-", ignore_cleanup_errors=True) as scratch:
        Path(scratch).chmod(0o711)
        directory = Path(scratch, "server")
        directory.mkdir(mode=0o700)
        cluster = Cluster(find_binaries(Path(scratch)), directory)
        cluster.create()
        cluster.start()
        run_apart(lambda: execute(cluster.dsn, "create database kill"))
        dsn = dsn_of(cluster.dsn, "kill")
        run_apart(lambda: hepscope_migrations.upgrade(dsn))
        yield cluster, dsn
        cluster.stop()


def full_bus() -> MemoryBus:
    """Return a bus that holds the messages of many calls, mixed."""
    bus = make_bus(partitions=4)
    packets = [make_call(f"call-{n}") for n in range(CALLS)]
    put(bus, [call[step] for step in range(7) for call in packets], per_record=10)
    return bus


async def assert_stored_once(dsn: str) -> None:
    """Check that every packet is stored, once, and every call counts its messages."""
    (rows,) = await fetch(dsn, "select count(*), count(distinct id) from hepscope.sip")
    calls = await fetch(dsn, "select message_count from hepscope.call")
    assert tuple(rows) == (CALLS * 7, CALLS * 7)
    assert len(calls) == CALLS
    assert {row["message_count"] for row in calls} == {7}


async def test_sessions_cut_under_load_lose_nothing(database: str) -> None:
    """Backends are terminated again and again; everything is stored once."""
    bus = full_bus()
    killer = await asyncpg.connect(database)
    async with running(bus, database, SMALL) as rig:
        for round_number in range(1, 9):
            await until_committed(rig, round_number)
            await killer.execute(KILL)
    await killer.close()

    await assert_stored_once(database)
    assert rig.counts()["attempts_total{busy}"] >= 1


async def test_a_session_killed_while_it_takes_no_more_is_given_up_at_once(database: str) -> None:
    """The driver waits for buffers to empty, and nobody tells it that they never will."""
    bus = make_bus()
    blocker = await asyncpg.connect(database)
    async with running(bus, database) as rig:
        put(bus, make_flood(1))
        await until_committed(rig, 1)
        await blocker.execute("begin; lock table hepscope.packet in access exclusive mode")
        put(bus, make_flood(), per_record=10)
        await until_waiting(database)
        await blocker.execute(KILL)
        await blocker.execute("rollback")
        await until(lambda: rig.writer.backlog_bytes + rig.writer.lag_records == 0)
    await blocker.close()

    assert rig.counts()["attempts_total{busy}"] >= 1
    assert "attempts_total{timeout}" not in rig.counts()
    assert len(await fetch(database, "select from hepscope.packet")) == 1 + FLOOD


async def test_a_server_that_crashes_under_load_loses_nothing(
    own_server: tuple[Cluster, str],
) -> None:
    """One backend dies by SIGKILL, so the server throws all sessions out and recovers."""
    _, dsn = own_server
    async with running(full_bus(), dsn, SMALL) as rig:
        for round_number in range(1, 4):
            await until_committed(rig, 4 * round_number)
            os.kill(await _victim(dsn), signal.SIGKILL)

    async with asyncio.timeout(60):
        # Had the writer stored everything before the last kill, nobody has waited for the server.
        while not await answers(dsn):
            await asyncio.sleep(0.05)
    await assert_stored_once(dsn)


async def test_a_server_that_is_away_is_waited_for(own_server: tuple[Cluster, str]) -> None:
    """Not ready meanwhile; once it is back, what was accepted meanwhile is stored."""
    cluster, dsn = own_server
    await execute(dsn, "truncate hepscope.sip, hepscope.call, hepscope.bus_position")
    bus = make_bus()
    async with running(bus, dsn, SMALL) as rig:
        await until(lambda: rig.writer.readiness()[0])
        cluster.stop()
        put(bus, make_call("meanwhile"))
        await until(lambda: not rig.writer.readiness()[0])
        cluster.start()

    assert len(await fetch(dsn, "select from hepscope.sip")) == 7
    assert rig.counts()["attempts_total{busy}"] >= 1


async def test_a_database_that_is_read_only_for_a_while_is_waited_for(database: str) -> None:
    """Readiness says what the server says; catching up needs no restart."""
    (name,) = (await fetch(database, "select current_database()"))[0]
    async with running(full_bus(), database, SMALL) as rig:
        await until_committed(rig, 4)
        await execute(database, f"alter database {name} set default_transaction_read_only = on")
        await fetch(database, KILL)
        await until(lambda: "read-only" in rig.writer.readiness()[1])
        await execute(
            database,
            "begin read write",
            f"alter database {name} reset default_transaction_read_only",
            "commit",
        )

    await assert_stored_once(database)


async def test_a_disk_that_is_full_for_a_while_is_waited_for(database: str) -> None:
    """The same, told by the server's error for it: what it stored before stays as it is."""
    async with running(full_bus(), database, SMALL) as rig:
        await until_committed(rig, 4)
        await execute(database, FILL_DISK)
        await until(lambda: "No space left" in rig.writer.readiness()[1])
        await execute(database, "drop function public.fill_disk() cascade")

    await assert_stored_once(database)


async def test_a_server_that_is_away_at_the_start_is_waited_for(
    own_server: tuple[Cluster, str],
) -> None:
    """Partitions are taken over once it is there."""
    cluster, dsn = own_server
    await execute(dsn, "truncate hepscope.sip, hepscope.call, hepscope.bus_position")
    cluster.stop()
    bus = make_bus()
    async with running(bus, dsn, SMALL) as rig:
        put(bus, make_call("early"))
        await until(lambda: rig.writer.readiness()[1].startswith("database"))
        cluster.start()

    assert len(await fetch(dsn, "select from hepscope.sip")) == 7


async def test_a_server_that_is_frozen_is_told_and_waited_for(
    own_server: tuple[Cluster, str],
) -> None:
    """It answers nothing, not even that it cancels; once it goes on everything is stored once."""
    cluster, dsn = own_server
    await execute(dsn, "truncate hepscope.sip, hepscope.call, hepscope.bus_position")
    hurried = SMALL.model_copy(update={"batch_timeout_seconds": 1.0})
    async with running(full_bus(), dsn, hurried) as rig, held_up(dsn):
        with frozen(cluster):
            await until(lambda: "TimeoutError" in rig.writer.readiness()[1])

    await assert_stored_once(dsn)


async def test_the_end_does_not_wait_for_a_frozen_server(own_server: tuple[Cluster, str]) -> None:
    """Cut short while it drains, the writer ends; the bus keeps what is not stored."""
    cluster, dsn = own_server
    await execute(dsn, "truncate hepscope.sip, hepscope.call, hepscope.bus_position")
    bus = full_bus()
    rig = make_writer(bus, dsn, SMALL)
    await rig.writer.__aenter__()
    async with held_up(dsn):
        with frozen(cluster):
            async with asyncio.timeout(60):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.5):
                        await rig.writer.__aexit__(None, None, None)

    assert bus.used_bytes > 0


async def test_a_batch_that_waits_too_long_is_given_up_and_repeated(database: str) -> None:
    """A lock that nobody releases costs time-outs; what is taken ahead meanwhile is bounded."""
    hurried = SMALL.model_copy(update={"batch_timeout_seconds": 1.0, "buffer_bytes": 1024 * 1024})
    bus = make_bus()
    blocker = await asyncpg.connect(database)
    async with running(bus, database, hurried) as rig:
        await until(lambda: rig.writer.readiness()[0])
        transaction = blocker.transaction()
        await transaction.start()
        await blocker.execute("lock table hepscope.bus_position in access exclusive mode")
        packets = [packet for n in range(CALLS) for packet in make_call(f"call-{n}")]
        put(bus, [*packets, *make_flood()], per_record=10)
        await until(lambda: rig.counts().get("attempts_total{timeout}", 0) >= 3)

        assert not rig.writer.readiness()[0]
        assert rig.writer.backlog_bytes < 3 * 1024 * 1024
        assert rig.writer.lag_records > 0
        await transaction.rollback()
    await blocker.close()

    rows = await fetch(database, "select count(distinct id) from hepscope.sip")
    assert rows[0][0] == CALLS * 7
    assert len(await fetch(database, "select from hepscope.packet")) == FLOOD


@contextmanager
def frozen(cluster: Cluster) -> Iterator[None]:
    """Stop every process of a server for a while."""
    assert cluster.process is not None
    server = cluster.process.pid
    # The first one makes all others, hence none any more once it is stopped.
    os.kill(server, signal.SIGSTOP)
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    stopped = [*map(int, children), server]
    try:
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def held_up(dsn: str) -> AsyncIterator[None]:
    """Hold a writer up amid its transactions; it waits when the body begins."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("begin; lock table hepscope.bus_position in exclusive mode")
        await until_waiting(dsn)
        yield
    finally:
        connection.terminate()


async def until_waiting(dsn: str) -> None:
    """Return once a session of the writer waits for a lock.

    On a session of its own: within a transaction the view shows what it showed first.
    """
    watcher = await asyncpg.connect(dsn)
    try:
        async with asyncio.timeout(60):
            while not await watcher.fetchval(WAITING):
                await asyncio.sleep(0.01)
    finally:
        watcher.terminate()


def make_flood(count: int = FLOOD) -> list[bytes]:
    """Return log lines, six megabytes unless told otherwise."""
    line = b"x" * 20_000
    return [
        make_packet(line, protocol_type=100, correlation_id=str(n).encode()) for n in range(count)
    ]


async def test_names_of_nodes_are_bounded(database: str) -> None:
    """A node name of 60 kB is a node like any other."""
    bus = make_bus()
    async with running(bus, database) as rig:
        put(bus, [make_packet(b"x", protocol_type=100, node_name=b"n" * 60_000)])

    (row,) = await fetch(database, "select length(name) from hepscope.node")
    assert (row[0], rig.supervisor.failure) == (256, None)


async def _victim(dsn: str) -> int:
    while True:
        try:
            rows = await fetch(
                dsn,
                "select pid from pg_stat_activity where application_name like 'hepscope writer _'",
            )
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            rows = []
        if rows:
            return int(rows[0]["pid"])
        await asyncio.sleep(0.02)
