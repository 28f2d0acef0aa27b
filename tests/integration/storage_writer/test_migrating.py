"""Migrations beside what goes on: readers, writers, an open backup, the release before."""

import asyncio
import os
import time
from pathlib import Path

import asyncpg
import pytest
from alembic import command
from sqlalchemy import Connection

import hepscope_migrations
from hepscope_common.store.connection import Access, connect
from hepscope_common.store.partitions import LeafCache
from hepscope_migrations.sessions import run_on
from hepscope_migrations.statements import read_file, run_script
from hepscope_migrations.upgrading import become_owner, config, lock, migrate
from hepscope_storage_writer.schema import Schema
from integration.storage_writer.rig import (
    NOW_US,
    SETTINGS,
    fetch,
    make_bus,
    make_writer,
    put,
    until,
    until_committed,
)
from support.builders import make_call

pytestmark = pytest.mark.database

# What a migration may wait for a table, and room for two busy cores: the backup lasts longer.
LONGEST_WAIT = 1.0 + 4.0
NEXT_RELEASE = """
from alembic import op

revision = "9000"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("alter table hepscope.sip add column next_column int")
    op.execute("alter table hepscope.sip_stray add column next_column int")
    op.execute("alter table hepscope.call add column next_column int")
"""


@pytest.fixture
def next_release(tmp_path: Path) -> Path:
    """The migrations of a release to come: new columns, which take the strongest of locks."""
    text = NEXT_RELEASE.format(head=hepscope_migrations.head())
    (tmp_path / "9000_next.py").write_text(text)
    return tmp_path


async def migrate_to(dsn: str, folder: Path) -> None:
    """Run the migrations of a folder after ours, as an upgrade does."""

    def work(connection: Connection) -> None:
        lock(connection)
        become_owner(connection)
        settings = config()
        ours = f"{settings.get_main_option('script_location')}/versions"
        settings.set_main_option("version_locations", f"{ours}{os.pathsep}{folder}")
        migrate(connection, settings)

    await asyncio.to_thread(run_on, dsn, work)


async def test_a_migration_that_waits_lets_readers_pass_in_turn(
    database: str, next_release: Path
) -> None:
    """A backup keeps a table for long: nobody behind the migration waits longer than it does."""
    backup = await asyncpg.connect(database)
    reader = await connect(database, Access.READER, application_name="reader")
    transaction = backup.transaction()
    await transaction.start()
    await backup.execute("select count(*) from hepscope.sip")
    migrating = asyncio.create_task(migrate_to(database, next_release))
    waits: list[float] = []
    async with asyncio.timeout(100):
        # Two attempts at least: readers had to wait, passed, had to wait again and passed.
        while sum(wait > 0.2 for wait in waits) < 2:
            began = time.monotonic()
            await reader.fetchval("select count(*) from sip")
            waits.append(time.monotonic() - began)
    assert not migrating.done()
    await transaction.rollback()
    await asyncio.wait_for(migrating, 60)
    await backup.close()
    await reader.close()

    assert max(waits) < LONGEST_WAIT
    assert await _has_column(database)


async def test_two_writers_store_everything_once_while_the_schema_grows(
    database: str, next_release: Path
) -> None:
    """Writers of this release go on with the tables of the next one, and read them correctly."""
    bus = make_bus(partitions=8)
    settings = SETTINGS.model_copy(update={"batch_packets": 50})
    first, second = make_writer(bus, database, settings), make_writer(bus, database, settings)

    def send(start: int) -> None:
        calls = [make_call(f"call-{n}") for n in range(start, start + 100)]
        put(bus, [packet for call in calls for packet in call], per_record=10)

    async with first.writer, second.writer:
        send(0)
        await until_committed(first, 1)
        await until_committed(second, 1)
        migrating = asyncio.create_task(migrate_to(database, next_release))
        send(100)
        await migrating
        send(200)
        await until(lambda: first.writer.lag_records + second.writer.lag_records == 0)
    assert (first.supervisor.failure, second.supervisor.failure) == (None, None)

    (rows,) = await fetch(database, "select count(*), count(distinct id) from hepscope.sip")
    calls = await fetch(database, "select message_count from hepscope.call")
    assert tuple(rows) == (300 * 7, 300 * 7)
    assert [row[0] for row in calls] == [7] * 300
    assert await _has_column(database)
    # One that restarts meanwhile does not take the newer schema for a wrong one.
    async with Schema(database) as schema:
        assert schema.ready()[0]


async def test_upgrade_of_the_first_release_waits_for_no_transaction_of_its_writers(
    empty_database: str,
) -> None:
    """The migrations since touch no table: writer and reader of the old release stay mid-way."""
    await asyncio.to_thread(run_on, empty_database, _first_release)
    writer = await connect(empty_database, Access.WRITER, application_name="old writer")
    reader = await connect(empty_database, Access.READER, application_name="old reader")
    leaves = LeafCache()
    leaf = await leaves.ensure(writer, "sip_call", NOW_US, now_us=NOW_US)
    writing, reading = writer.transaction(), reader.transaction()
    await writing.start()
    await reading.start()
    await _insert(writer, leaf.name)
    await reader.execute("select count(*) from sip")

    await asyncio.wait_for(hepscope_migrations.upgrade(empty_database), 100)

    await _insert(writer, leaf.name)
    await writing.commit()
    await reading.rollback()
    leaf = await LeafCache().ensure(writer, "packet_log", NOW_US, now_us=NOW_US)
    assert leaf.name is not None
    assert await reader.fetchval("select count(*) from sip") == 2
    await writer.close()
    await reader.close()
    dashboards = await asyncpg.connect(empty_database)
    await dashboards.execute("set role grafanareader")
    assert await dashboards.fetchval("select count(*) from homer.hep_proto_1_call") == 2
    assert await dashboards.fetchval(f"select count(*) from hepscope.{leaf.name}") == 0
    await dashboards.close()


def _first_release(connection: Connection) -> None:
    run_script(connection, read_file("bootstrap.sql"))
    connection.commit()
    become_owner(connection)
    settings = config()
    settings.attributes["connection"] = connection
    command.upgrade(settings, "0001")


async def _insert(connection: asyncpg.Connection, leaf: str | None) -> None:
    await connection.execute(
        f"insert into {leaf} (time, received_at, id, class, transport, call_id, payload)"
        " values (timestamptz 'epoch' + $1::bigint * interval '1 microsecond', now(), 1, 1, 1,"
        " 'old', 'x')",
        NOW_US,
    )


async def _has_column(dsn: str) -> bool:
    rows = await fetch(
        dsn,
        "select from pg_attribute where attname = 'next_column'"
        " and attrelid = 'hepscope.call'::regclass",
    )
    return len(rows) == 1
