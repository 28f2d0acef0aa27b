"""Tuning is read from a real server: sizes in bytes, locks as they will be."""

import asyncpg
import pytest

from hepscope_common.store import tuning
from hepscope_common.tuning import Check

pytestmark = pytest.mark.database


async def test_a_server_is_read_in_bytes_and_numbers(database: str) -> None:
    """As the server itself tells them."""
    connection = await asyncpg.connect(database)
    try:
        server = await tuning.read_server(connection)
        shared = await connection.fetchval(
            "select pg_size_bytes(current_setting('shared_buffers'))"
        )
        log = await connection.fetchval("select pg_size_bytes(current_setting('max_wal_size'))")
        number = await connection.fetchval("show server_version_num")
    finally:
        await connection.close()
    assert (server.shared_bytes, server.wal_bytes) == (shared, log)
    assert server.version_number == int(number) // 10000
    assert server.settings["fsync"] in ("on", "off")


async def test_locks_grow_with_what_the_retention_will_keep(database: str) -> None:
    """An hour a partition for 30 days is 720 of them, each with its indexes."""
    connection = await asyncpg.connect(database)
    try:
        before = (await tuning.read_server(connection)).locks_wanted
        await connection.execute(
            "update hepscope.partition_policy set width = '1 hour'"
            " where root = 'hepscope.sip_call'::regclass"
        )
        after = (await tuning.read_server(connection)).locks_wanted
    finally:
        await connection.close()
    assert after > before + 8 * 700


async def test_what_is_found_is_a_warning_with_its_remedy(database: str) -> None:
    """The servers of tests are not durable."""
    found = await tuning.look(database, is_ours=False, bus_keeps=False, commit="on")
    remedies = {finding.check: finding.remedy for finding in found}
    assert remedies[Check.DURABILITY].startswith("alter system set ")


async def test_a_database_without_our_schema_cannot_be_looked_at(empty_database: str) -> None:
    """The error is the server's."""
    with pytest.raises(asyncpg.PostgresError):
        await tuning.look(empty_database, is_ours=False, bus_keeps=False, commit="on")
