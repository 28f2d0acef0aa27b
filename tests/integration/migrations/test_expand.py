"""Migrations after the first one run beside an older release that is at work."""

import asyncio

import asyncpg
import pytest
from alembic import command
from sqlalchemy import Connection, text

import hepscope_migrations
from hepscope_common.store.connection import Access, connect
from hepscope_common.store.positions import Advance, compare_and_set, take_over
from hepscope_migrations.sessions import run_on
from hepscope_migrations.statements import read_file, run_script
from hepscope_migrations.upgrading import config

pytestmark = pytest.mark.database

AT = ("t", 0)
REPORT = (
    "insert into node_report (bus_id, instance, slot, kind, name, started_at, reported_at, "
    "period_ms) values ('bus', $1, 0, 'node', 'gw', now(), now(), 10000)"
)
"""As releases before 0007 stored a report: they name their columns."""


async def test_the_schema_grows_while_an_older_writer_stores(empty_database: str) -> None:
    """A storing transaction under way keeps no migration waiting, nor one of them the writer."""
    await _to(empty_database, "0001")
    writer = await connect(empty_database, Access.WRITER, application_name="older release")
    (position,) = (await take_over(writer, "bus", {AT: 0}, "older")).values()
    transaction = writer.transaction()
    await transaction.start()
    assert await compare_and_set(writer, "bus", [Advance(*AT, 0, position.epoch, 5)])

    async with asyncio.timeout(100):
        await hepscope_migrations.upgrade(empty_database)
    await transaction.commit()

    assert await hepscope_migrations.current(empty_database) == hepscope_migrations.head()
    assert await compare_and_set(writer, "bus", [Advance(*AT, 5, position.epoch, 6)])
    assert await writer.fetchval("select count(*) from bus_origin") == 0
    await writer.close()


async def test_reports_of_an_older_release_stay_and_still_come(empty_database: str) -> None:
    """From 0006 on with data: what is there says of no listener, and an older writer stores on."""
    await _to(empty_database, "0006")
    writer = await connect(empty_database, Access.WRITER, application_name="older release")
    await writer.execute(REPORT, "before")

    await hepscope_migrations.upgrade(empty_database)
    await writer.execute(REPORT, "after")

    rows = await writer.fetch("select instance, listeners from node_report order by stored_at")
    assert [tuple(row) for row in rows] == [("before", None), ("after", None)]
    await writer.close()


async def test_the_writer_may_forget_origins_only_by_their_age(database: str) -> None:
    """Its role deletes nothing by hand; the reader's does not even ask for it."""
    writer = await connect(database, Access.WRITER, application_name="test")
    reader = await connect(database, Access.READER, application_name="test")
    try:
        assert await writer.fetchval("select expire_origins(now())") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await writer.execute("delete from bus_origin")
        with pytest.raises(asyncpg.PostgresError):
            await reader.fetchval("select expire_origins(now())")
    finally:
        await writer.close()
        await reader.close()


async def _to(dsn: str, revision: str) -> None:
    """Bring an empty database to a revision and no further, as the role that owns the schema."""

    def migrate(connection: Connection) -> None:
        run_script(connection, read_file("bootstrap.sql"))
        connection.execute(text("set role hepscope_owner"))
        connection.commit()
        settings = config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, revision)

    await asyncio.to_thread(run_on, dsn, migrate)
