"""What each role may and may not do, and what becomes of a database without them."""

from collections.abc import Sequence

import asyncpg
import pytest

import hepscope_migrations
from hepscope_common.store.connection import Access, connect
from hepscope_common.store.partitions import LeafCache
from hepscope_standalone.cli import main
from support.postgres import dsn_of, execute, run_apart

NOON_US = 1_769_860_800_000_000
LEAF = "hepscope.sip_call_p20260131_0000"

pytestmark = pytest.mark.database

READS = ("select count(*) from {leaf}", "select count(*) from hepscope.call")
WRITES = (
    "insert into {leaf} select * from hepscope.sip_stray",
    "update {leaf} set node = 'x'",
    "insert into hepscope.party values ('x', '2026-01-31')",
)
REMOVES = (
    "delete from {leaf}",
    "truncate {leaf}",
    "drop table {leaf}",
    "drop table hepscope.call",
    "drop view homer.hep_proto_1_call",
    "drop function hepscope.unix_us(timestamptz)",
)
CHANGES = (
    "alter table hepscope.sip add column more int",
    "alter table hepscope.sip_call detach partition {leaf}",
    "create table hepscope.mine (a int)",
    "create view homer.mine as select 1",
    "alter table hepscope.call rename to calls",
    "update hepscope.partition_policy set keep = '1 day'",
    "select hepscope.grant_grafanareader()",
)
BOOKS = ("select count(*) from hepscope.bus_position", "select count(*) from hepscope.meta")


async def allowed(dsn: str, role: str, statements: Sequence[str]) -> list[bool]:
    """Return of each statement whether a role may run it; nothing of it stays."""
    session = await asyncpg.connect(dsn)
    found = []
    try:
        await session.execute(f"set role {role}")
        for statement in statements:
            transaction = session.transaction()
            await transaction.start()
            try:
                await session.execute(statement.format(leaf=LEAF))
            except asyncpg.InsufficientPrivilegeError:
                found.append(False)
            else:
                found.append(True)
            finally:
                await transaction.rollback()
    finally:
        await session.close()
    return found


async def make_leaf(dsn: str, access: Access = Access.WRITER) -> None:
    """Make a leaf after the grants were given, as a writer does."""
    session = await connect(dsn, access, application_name="test")
    try:
        leaf = await LeafCache().ensure(session, "sip_call", NOON_US, now_us=NOON_US)
        assert f"hepscope.{leaf.name}" == LEAF
    finally:
        await session.close()


KINDS = {"read": READS, "books": BOOKS, "write": WRITES, "remove": REMOVES, "change": CHANGES}


@pytest.mark.parametrize(
    ("role", "rights"),
    [
        ("hepscope_owner", {"read", "books", "write", "remove", "change"}),
        ("hepscope_maintainer", {"read", "books", "write", "remove", "change"}),
        ("hepscope_writer", {"read", "books", "write"}),
        ("hepscope_reader", {"read", "books"}),
        ("grafanareader", {"read"}),
    ],
)
async def test_each_role_may_do_its_work_and_no_more(
    database: str, role: str, rights: set[str]
) -> None:
    """The writer drops nothing, readers change nothing, dashboards see traffic alone."""
    await make_leaf(database)

    found = {kind: await allowed(database, role, statements) for kind, statements in KINDS.items()}

    assert found == {kind: [kind in rights] * len(statements) for kind, statements in KINDS.items()}


async def test_everything_dashboards_read_is_readable_and_later_leaves_too(database: str) -> None:
    """All traffic, also leaf by leaf and through the views; no table of ours beside it."""
    await make_leaf(database)
    session = await asyncpg.connect(database)
    try:
        rows = await session.fetch(
            "select c.oid::regclass::text as name,"
            " has_table_privilege('grafanareader', c.oid, 'select') as may_read,"
            " has_table_privilege('grafanareader', c.oid,"
            "   'insert, update, delete, truncate, references, trigger') as may_write"
            " from pg_class c where c.relkind in ('r', 'p', 'v')"
            " and c.relnamespace in ('hepscope'::regnamespace, 'homer'::regnamespace)"
        )
    finally:
        await session.close()
    hidden = {row["name"].removeprefix("hepscope.") for row in rows if not row["may_read"]}

    assert LEAF in {row["name"] for row in rows if row["may_read"]}
    assert {"alembic_version", "bus_position", "meta"} <= hidden
    traffic = ("sip", "packet", "call", "attempt", "kpi", "media_minute", "homer")
    assert not {name for name in hidden if name.startswith(traffic)}
    assert not [row["name"] for row in rows if row["may_write"]]


async def test_grafana_logs_in_once_an_operator_allows_it(cluster: str) -> None:
    """No login by migration; after ALTER ROLE a session reads only, in HOMER's schema first."""
    await execute(cluster, "create database site")
    site = dsn_of(cluster, "site")
    await hepscope_migrations.upgrade(site)
    await make_leaf(site)
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await asyncpg.connect(dsn_of(cluster, "site", "grafanareader"))

    await execute(site, "alter role grafanareader login password 'chosen'")
    session = await asyncpg.connect(dsn_of(cluster, "site", "grafanareader"))
    try:
        assert await session.fetchval("show search_path") == "homer, hepscope"
        assert await session.fetchval("show statement_timeout") == "30s"
        assert await session.fetchval("select count(*) from hep_proto_1_call") == 0
        assert await session.fetchval(f"select count(*) from {LEAF}") == 0
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await session.execute("create table mine (a int)")
        await session.execute("set default_transaction_read_only = off")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.execute("insert into hepscope.party values ('x', '2026-01-31')")
    finally:
        await session.close()


async def test_settings_that_an_operator_gave_the_role_stay(cluster: str) -> None:
    """A second run does not put ours back."""
    await execute(cluster, "create database site")
    site = dsn_of(cluster, "site")
    await hepscope_migrations.upgrade(site)
    await execute(site, "alter role grafanareader in database site set statement_timeout = '5min'")

    assert await hepscope_migrations.complete(site) == []
    await execute(site, "alter role grafanareader login")
    session = await asyncpg.connect(dsn_of(cluster, "site", "grafanareader"))
    try:
        assert await session.fetchval("show statement_timeout") == "5min"
    finally:
        await session.close()


async def test_user_without_rights_is_told_what_to_run_and_then_it_is_done(cluster: str) -> None:
    """No role, no schema: migrations go on; each note vanishes once an administrator did it."""
    await execute(cluster, "create role app login", "create database site")
    admin, app = dsn_of(cluster, "site"), dsn_of(cluster, "site", "app")
    await execute(
        admin,
        "create schema hepscope authorization app",
        "create extension pg_trgm with schema hepscope",
    )
    await hepscope_migrations.upgrade(app)
    notes = await hepscope_migrations.complete(app)

    assert len(notes) == 3
    assert "its user app owns everything" in notes[0]
    assert "`create role grafanareader nologin`" in notes[1]
    assert '`create schema homer authorization "app"` in database site' in notes[2]
    await execute(admin, "create role grafanareader nologin")
    assert len(await hepscope_migrations.complete(app)) == 2
    await execute(admin, 'create schema homer authorization "app"')
    assert await hepscope_migrations.complete(app) == notes[:1]

    await make_leaf(app)
    assert await allowed(admin, "grafanareader", READS) == [True, True]
    assert await allowed(
        admin, "grafanareader", ["select count(*) from homer.hep_proto_1_call"]
    ) == [True]
    assert await allowed(admin, "grafanareader", WRITES) == [False] * len(WRITES)


def test_migrate_prints_what_is_left_to_an_administrator(
    cluster: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command succeeds, and each note stands on a line of its own."""
    run_apart(lambda: execute(cluster, "create role app login", "create database site owner app"))

    assert main(["migrate", "--dsn", dsn_of(cluster, "site", "app")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"schema none -> {hepscope_migrations.head()}"
    assert [line.split(":")[0] for line in lines[1:]] == ["note", "note"]
    assert "grafanareader" in lines[2]


async def test_a_role_made_later_reads_what_is_there_already(cluster: str) -> None:
    """Leaves that were made before the role are granted with the rest."""
    await execute(cluster, "create role app login", "create database site owner app")
    admin, app = dsn_of(cluster, "site"), dsn_of(cluster, "site", "app")
    await hepscope_migrations.upgrade(app)
    await make_leaf(app)
    await execute(admin, "create role grafanareader nologin")

    assert len(await hepscope_migrations.complete(app)) == 1
    assert await allowed(admin, "grafanareader", READS) == [True, True]
