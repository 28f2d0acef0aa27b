"""Point-in-time restore: the writer goes on from the restored position and refills from Kafka."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from prometheus_client import CollectorRegistry

import hepscope_migrations
from hep import admit, partition_of
from hepscope_common.bus import SIGNALLING
from hepscope_common.bus.kafka import KafkaBus
from hepscope_common.bus.settings import BusSettings
from hepscope_common.runtime import Supervisor
from support.builders import BASE_US, make_call
from support.daemon import Daemon
from support.kafka import Kafka
from support.postgres import FAST, Cluster, dsn_of, execute, find_binaries, run_apart
from support.service import until

CALLS = 30
MESSAGES_OF_A_CALL = 7
PREFIX = "restore-"
SECONDS = 120


class Archived:
    """A server that archives its log, as one must be set up for a restore to a point in time."""

    def __init__(self, scratch: Path) -> None:
        self.archive = scratch / "archive"
        self.base = scratch / "base"
        directory = scratch / "server"
        for path in (self.archive, directory):
            path.mkdir()
            path.chmod(0o777)
        options = (*FAST, "archive_mode=on", f"archive_command=cp %p {self.archive}/%f")
        self.cluster = Cluster(find_binaries(scratch), directory, options)
        self.cluster.create()
        self.cluster.start()
        run_apart(lambda: execute(self.cluster.dsn, "create database restore"))
        self.dsn = dsn_of(self.cluster.dsn, "restore")
        run_apart(lambda: hepscope_migrations.upgrade(self.dsn))

    def back_up(self) -> None:
        """Take a base backup."""
        server = self.cluster.directory
        arguments = ("-h", str(server), "-U", "postgres", "-c", "fast", "-D", str(server / "base"))
        done = self.cluster.run("pg_basebackup", *arguments)
        output, _ = done.communicate(timeout=SECONDS)
        assert done.returncode == 0, output

    def restore(self, time: str) -> None:
        """Replace the server's data by the backup, rolled forward to a time."""
        run_apart(self._archive_all)
        self.cluster.stop()
        backup = self.cluster.directory / "base"
        shutil.rmtree(self.cluster.data)
        backup.rename(self.cluster.data)
        with (self.cluster.data / "postgresql.auto.conf").open("a") as settings:
            settings.write(
                f"restore_command = 'cp {self.archive}/%f %p'\n"
                f"recovery_target_time = '{time}'\nrecovery_target_action = 'promote'\n"
            )
        (self.cluster.data / "recovery.signal").touch()
        self.cluster.start()
        until(lambda: run_apart(self._is_promoted), "the restored server", seconds=SECONDS)

    async def _archive_all(self) -> None:
        connection = await asyncpg.connect(self.cluster.dsn)
        try:
            wanted = await connection.fetchval("select pg_walfile_name(pg_switch_wal())")
            async with asyncio.timeout(SECONDS):
                while not (self.archive / wanted).exists():
                    await asyncio.sleep(0.05)
        finally:
            await connection.close()

    async def _is_promoted(self) -> bool:
        connection = await asyncpg.connect(self.cluster.dsn)
        try:
            return not await connection.fetchval("select pg_is_in_recovery()")
        finally:
            await connection.close()


@pytest.fixture
def archived() -> Iterator[Archived]:
    """A server of this test alone."""
    with tempfile.TemporaryDirectory(prefix="hepscope-pg-", ignore_cleanup_errors=True) as scratch:
        Path(scratch).chmod(0o711)
        found = Archived(Path(scratch))
        yield found
        found.cluster.stop()


def put_calls(kafka: Kafka, name: str) -> None:
    """Put calls on the bus, as ingest does, and wait until the broker has them."""

    async def put() -> None:
        settings = BusSettings(bootstrap_servers=(kafka.bootstrap,), topic_prefix=PREFIX)
        supervisor = Supervisor()
        async with KafkaBus(settings, CollectorRegistry(), supervisor) as bus:
            producer = bus.producer()
            for number in range(CALLS):
                for data in make_call(f"{name}-{number}@example.org"):
                    found = admit(data, received_at_us=BASE_US, peer=b"\x7f\0\0\1\0\x50")
                    partition = partition_of(found.routing_key, bus.partitions)
                    await producer.send(SIGNALLING, partition, found.packet, 1)
            await producer.flush()

    run_apart(put)


async def stored(dsn: str) -> tuple[int, int, int]:
    """Rows, different messages, and messages that call records count."""
    connection = await asyncpg.connect(dsn)
    try:
        row = await connection.fetchrow(
            "select (select count(*) from hepscope.sip),"
            " (select count(distinct (call_id, payload)) from hepscope.sip),"
            " (select coalesce(sum(message_count), 0) from hepscope.call)"
        )
    finally:
        await connection.close()
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2])


def wait_stored(dsn: str, calls: int) -> None:
    """Wait for the messages of so many calls; none may be missing or there twice."""
    wanted = calls * MESSAGES_OF_A_CALL
    until(lambda: run_apart(lambda: stored(dsn))[0] >= wanted, f"{wanted} rows", seconds=SECONDS)
    assert run_apart(lambda: stored(dsn)) == (wanted, wanted, wanted)


def test_what_a_restore_takes_away_comes_back_from_kafka(kafka: Kafka, archived: Archived) -> None:
    """Backup, more data, a time, more data; restored to that time everything is stored once."""
    settings = {
        "HEPSCOPE_BUS__BOOTSTRAP_SERVERS": kafka.bootstrap,
        "HEPSCOPE_BUS__TOPIC_PREFIX": PREFIX,
        "HEPSCOPE_STORE__DSN": archived.dsn,
    }
    with Daemon("hepscope_storage_writer", settings) as writer:
        writer.wait_ready()
        put_calls(kafka, "before")
        wait_stored(archived.dsn, CALLS)
        archived.back_up()
        put_calls(kafka, "between")
        wait_stored(archived.dsn, 2 * CALLS)
        time = run_apart(lambda: now(archived.dsn))
        put_calls(kafka, "after")
        wait_stored(archived.dsn, 3 * CALLS)

        # It may go on running: it finds the positions moved back under it.
        archived.restore(time)
        wait_stored(archived.dsn, 3 * CALLS)
        put_calls(kafka, "later")
        wait_stored(archived.dsn, 4 * CALLS)


async def now(dsn: str) -> str:
    """The server's time, as text."""
    connection = await asyncpg.connect(dsn)
    try:
        return str(await connection.fetchval("select clock_timestamp()::text"))
    finally:
        await connection.close()
