"""Group roles on clusters that have none yet; each test starts a server of its own."""

import asyncio

import asyncpg
import pytest

import hepscope_migrations
from hepscope_common.store.connection import Access, connect
from hepscope_common.store.partitions import LeafCache
from hepscope_migrations.statements import read_file
from support.postgres import dsn_of, execute

NOON_US = 1_769_860_800_000_000

pytestmark = pytest.mark.database


async def test_databases_of_one_cluster_make_the_roles_at_once(cluster: str) -> None:
    """Roles are shared by all databases; whoever comes second finds them and goes on."""
    databases = [f"site_{number}" for number in range(6)]
    await execute(cluster, *(f"create database {name}" for name in databases))
    bootstrap = read_file("bootstrap.sql")
    sessions = [await asyncpg.connect(dsn_of(cluster, name)) for name in databases]
    try:
        await asyncio.gather(*(session.execute(bootstrap) for session in sessions))
        owners = [
            await session.fetchval(
                "select nspowner::regrole::text from pg_namespace where nspname = 'hepscope'"
            )
            for session in sessions
        ]
    finally:
        for session in sessions:
            session.terminate()

    assert owners == ["hepscope_owner"] * 6


async def test_user_who_may_create_roles_gets_them_without_being_superuser(cluster: str) -> None:
    """A managed server gives no superuser; CREATEROLE is enough for the roles to be in force."""
    await execute(cluster, "create role app login createrole", "create database app owner app")
    dsn = dsn_of(cluster, "app", "app")
    await hepscope_migrations.upgrade(dsn)

    for access in Access:
        session = await connect(dsn, access, application_name="test")
        try:
            assert await session.fetchval("select current_user::text") == access.value
            assert await session.fetchval("select count(*) from sip") == 0
        finally:
            await session.close()


async def test_user_of_one_role_is_enough_for_one_service(cluster: str) -> None:
    """A login that is a member of the writer's role alone stores, and can do nothing else."""
    await hepscope_migrations.upgrade(cluster)
    await execute(
        cluster, "create role ingest_writer login", "grant hepscope_writer to ingest_writer"
    )
    dsn = dsn_of(cluster, "postgres", "ingest_writer")
    session = await connect(dsn, Access.WRITER, application_name="test")
    try:
        leaf = await LeafCache().ensure(session, "sip_call", NOON_US, now_us=NOON_US)
        assert leaf.name == "sip_call_p20260131_0000"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.execute(f"drop table {leaf.name}")
    finally:
        await session.close()
    # Nobody becomes what he is no member of.
    session = await connect(dsn, Access.MAINTAINER, application_name="test")
    try:
        assert await session.fetchval("select current_user::text") == "ingest_writer"
    finally:
        await session.close()
