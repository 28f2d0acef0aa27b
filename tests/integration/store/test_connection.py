"""Sessions: role, settings and what they may do."""

import asyncpg
import pytest

from hepscope_common.store.connection import ACCESS_SETTINGS, Access, connect, make_pool

pytestmark = pytest.mark.database


@pytest.mark.parametrize("access", Access)
async def test_session_has_the_role_and_settings_of_its_access(
    database: str, access: Access
) -> None:
    """A superuser's DSN gives a session of the group role, with the time-outs of its work."""
    connection = await connect(database, access, application_name="hepscope test")
    try:
        assert await connection.fetchval("select current_user::text") == access.value
        assert await connection.fetchval("show search_path") == "hepscope"
        assert await connection.fetchval("show application_name") == "hepscope test"
        for name, value in ACCESS_SETTINGS[access].items():
            shown = await connection.fetchval("select current_setting($1)", name)
            # Setting it again gives the server's spelling: 120s is shown as 2min.
            assert shown == await connection.fetchval(
                "select set_config($1, $2, false)", name, value
            )
    finally:
        await connection.close()


async def test_pool_keeps_role_and_settings_between_users(database: str) -> None:
    """A connection that is given back is reset; it must not fall back to the DSN's user."""
    async with make_pool(database, Access.READER, application_name="api", size=1) as pool:
        for _ in range(3):
            async with pool.acquire() as connection:
                row = await connection.fetchrow(
                    "select current_user::text, current_setting('statement_timeout'),"
                    " current_setting('transaction_read_only')"
                )
                assert row is not None
                assert tuple(row) == ("hepscope_reader", "15s", "on")
                await connection.execute("set statement_timeout = 0")


async def test_reader_reads_roots_and_writes_nothing(database: str) -> None:
    """A reader sees every root; even outside read-only mode the server refuses its writes."""
    connection = await connect(database, Access.READER, application_name="api")
    try:
        for table in ("sip", "sip_stray", "packet", "call", "registration", "party", "node"):
            assert await connection.fetchval(f"select count(*) from {table}") == 0
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await connection.execute("insert into node values ('a', 1, now(), now())")
        await connection.execute("set default_transaction_read_only = off")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("insert into node values ('a', 1, now(), now())")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("select ensure_partition('call', now())")
    finally:
        await connection.close()


async def test_writer_stores_but_neither_deletes_nor_drops(database: str) -> None:
    """A writer makes leaves by the function only, and cannot take anything away."""
    connection = await connect(database, Access.WRITER, application_name="writer")
    try:
        leaf = await connection.fetchval("select leaf from ensure_partition('sip_call', now())")
        await connection.execute(
            f"insert into {leaf} (time, received_at, id, class, transport)"
            " values (now(), now(), 1, 1, 1)"
        )
        await connection.execute("create temp table batch (like call)")
        for statement in (
            f"delete from {leaf}",
            f"truncate {leaf}",
            f"drop table {leaf}",
            "create table other ()",
            "update partition_policy set keep = '1 day'",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_database_without_schema_keeps_the_connecting_user(empty_database: str) -> None:
    """Before the first migration a session works as the user of the DSN."""
    connection = await connect(empty_database, Access.WRITER, application_name="writer")
    try:
        assert await connection.fetchval("select current_user = session_user")
    finally:
        await connection.close()
