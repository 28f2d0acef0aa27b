"""Upgrade of real databases: to head, by many at once, with and without rights."""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from urllib.parse import urlsplit

import asyncpg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

import hepscope_migrations
from hepscope_common.store.connection import Access, connect
from hepscope_common.store.partitions import LeafCache
from hepscope_migrations.sessions import run_on
from hepscope_migrations.upgrading import config, upgrade_on
from support.postgres import dsn_of, execute

NOON_US = 1_769_860_800_000_000
ROOTS = (
    "sip_call",
    "sip_registration",
    "sip_other",
    "packet_media",
    "packet_log",
    "packet_other",
    "call",
    "registration",
)

pytestmark = pytest.mark.database


async def test_upgrade_brings_an_empty_database_to_head(empty_database: str) -> None:
    """After upgrade the database says the revision that the code needs; again changes nothing."""
    assert await hepscope_migrations.current(empty_database) is None

    await hepscope_migrations.upgrade(empty_database)
    await hepscope_migrations.upgrade(empty_database)

    assert await hepscope_migrations.current(empty_database) == hepscope_migrations.head()


async def test_ten_sessions_upgrade_at_once(empty_database: str) -> None:
    """Ten sessions that do not know of each other all succeed, and the schema stands once."""
    with ThreadPoolExecutor(10) as threads:
        upgrades = [threads.submit(run_on, empty_database, upgrade_on) for _ in range(10)]
        assert [upgrade.result(60) for upgrade in upgrades] == [None] * 10

    assert await hepscope_migrations.current(empty_database) == hepscope_migrations.head()


async def test_tasks_of_one_process_upgrade_at_once(empty_database: str) -> None:
    """Components of one process may each ask; Alembic's globals do not get mixed up."""
    await asyncio.gather(*(hepscope_migrations.upgrade(empty_database) for _ in range(5)))

    assert await hepscope_migrations.current(empty_database) == hepscope_migrations.head()


async def test_upgrade_works_for_a_user_who_may_not_create_roles(plain_database: str) -> None:
    """Without roles the user owns everything and every access works as that user."""
    await hepscope_migrations.upgrade(plain_database)

    for access in Access:
        connection = await connect(plain_database, access, application_name="test")
        try:
            assert await connection.fetchval("select current_user = session_user")
            assert await connection.fetchval("select count(*) from sip") == 0
            if access is not Access.READER:
                leaf = await LeafCache().ensure(connection, "sip_call", NOON_US, now_us=NOON_US)
                assert leaf.name == "sip_call_p20260131_0000"
        finally:
            await connection.close()


async def test_upgrade_without_the_right_to_create_says_what_to_grant(
    empty_database: str, plain_user: str
) -> None:
    """A user who owns nothing gets one line that names the grant."""
    database = urlsplit(empty_database).path.removeprefix("/")
    dsn = dsn_of(empty_database, database, f"{plain_user}:x")
    with pytest.raises(hepscope_migrations.MigrationError, match="grant create on database") as no:
        await hepscope_migrations.upgrade(dsn)

    assert "\n" not in str(no.value)


async def test_an_older_release_works_on_a_newer_schema_that_says_so(database: str) -> None:
    """While both run side by side it may restart; it changes nothing."""
    await execute(database, "update hepscope.alembic_version set version_num = '9999'")

    await hepscope_migrations.upgrade(database)

    assert await hepscope_migrations.current(database) == "9999"


@pytest.mark.parametrize("statement", ["'works from 9998'", "null"])
async def test_newer_schema_is_refused_by_an_older_release(database: str, statement: str) -> None:
    """One that has contracted, or says nothing, is reported, never touched."""
    await execute(
        database,
        "update hepscope.alembic_version set version_num = '9999'",
        f"comment on table hepscope.alembic_version is {statement}",
    )

    with pytest.raises(hepscope_migrations.MigrationError, match="newer than this release"):
        await hepscope_migrations.upgrade(database)


async def test_every_object_belongs_to_the_owner_role(database: str) -> None:
    """Tables and functions have one owner, so that the maintainer, its member, may drop leaves."""
    connection = await asyncpg.connect(database)
    try:
        owners = await connection.fetch(
            "select distinct relowner::regrole::text from pg_class"
            " where relnamespace = 'hepscope'::regnamespace union"
            " select distinct proowner::regrole::text from pg_proc p"
            " where pronamespace = 'hepscope'::regnamespace and not exists"
            " (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')"
        )
    finally:
        await connection.close()

    assert [row[0] for row in owners] == ["hepscope_owner"]


async def test_models_are_the_schema_with_leaves_present(database: str) -> None:
    """`alembic check` finds no difference, and run-time leaves do not count as one."""
    writer = await connect(database, Access.WRITER, application_name="test")
    for root in ROOTS:
        assert (await LeafCache().ensure(writer, root, NOON_US, now_us=NOON_US)).name
    await writer.close()

    def check(connection: Connection) -> None:
        settings = config()
        settings.attributes["connection"] = connection
        command.check(settings)

    await asyncio.to_thread(run_on, database, check)


async def test_models_check_notices_a_difference(database: str) -> None:
    """The check is not blind: a column, an index and a class that are too many are found."""
    await execute(
        database,
        "alter table hepscope.sip add column extra_column int",
        "create index extra_index on hepscope.sip_other (node)",
        "create table hepscope.sip_extra partition of hepscope.sip for values in (9)"
        " partition by range (time)",
    )

    def differences(connection: Connection) -> str:
        settings = config()
        settings.attributes["connection"] = connection
        try:
            command.check(settings)
        except Exception as error:  # noqa: BLE001 - Alembic's class differs between releases
            return str(error)
        return ""

    found = await asyncio.to_thread(run_on, database, differences)
    for name in ("extra_column", "extra_index", "sip_extra"):
        assert name in found


def test_head_is_alembics() -> None:
    """The newest file name is the end of the chain of revisions."""
    assert ScriptDirectory.from_config(config()).get_current_head() == hepscope_migrations.head()


async def test_a_start_that_migrates_nothing_needs_no_alembic(database: str) -> None:
    """A process that finds its schema there never imports what takes seconds."""
    code = (
        "import asyncio, sys; from hepscope_migrations import upgrade; "
        f"asyncio.run(upgrade({database!r})); "
        "sys.exit({'alembic', 'sqlalchemy'} & set(sys.modules) != set())"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await asyncio.wait_for(process.wait(), 60) == 0


def test_package_carries_its_statements() -> None:
    """The SQL files are found as package data, as in an installed wheel."""
    names = {item.name for item in resources.files("hepscope_migrations").joinpath("sql").iterdir()}

    assert {"bootstrap.sql", "0001_tables.sql", "0001_functions.sql"} <= names
