"""The schema is brought up to date before anything is stored, whatever starts first."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hepscope_common.runtime import StartupError
from hepscope_migrations import current, head
from hepscope_storage_writer.schema import Schema
from support.postgres import Cluster, dsn_of, execute, find_binaries


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A server of this test alone, which it may stop."""
    with tempfile.TemporaryDirectory(prefix="hepscope-pg-", ignore_cleanup_errors=True) as scratch:
        Path(scratch).chmod(0o711)
        directory = Path(scratch, "server")
        directory.mkdir(mode=0o700)
        cluster = Cluster(find_binaries(Path(scratch)), directory)
        cluster.create()
        cluster.start()
        yield cluster
        cluster.stop()


async def test_an_empty_database_is_migrated(empty_database: str) -> None:
    """Ready means that the schema is there."""
    schema = Schema(empty_database)
    assert not schema.ready()[0]

    async with schema:
        assert schema.ready() == (True, "up to date")

    assert await current(empty_database) == head()


async def test_replicas_that_start_together_migrate_once(empty_database: str) -> None:
    """All of them end up ready."""
    schemas = [Schema(empty_database) for _ in range(3)]

    await asyncio.gather(*(schema.__aenter__() for schema in schemas))

    assert all(schema.ready()[0] for schema in schemas)


async def test_a_database_that_is_away_is_waited_for(own_cluster: Cluster) -> None:
    """The service is there first and says what it waits for."""
    await asyncio.to_thread(own_cluster.stop)
    schema = Schema(own_cluster.dsn, retry_seconds=0.05)
    entering = asyncio.create_task(schema.__aenter__())
    async with asyncio.timeout(60):
        while "database" not in schema.ready()[1]:
            await asyncio.sleep(0.01)

    await asyncio.to_thread(own_cluster.start)
    async with asyncio.timeout(60):
        await entering

    assert schema.ready()[0]


async def test_what_waiting_cannot_mend_ends_the_start(postgres_server: str) -> None:
    """A database that does not exist will not appear by itself."""
    with pytest.raises(StartupError, match='database "no_such_database" does not exist'):
        await Schema(dsn_of(postgres_server, "no_such_database")).__aenter__()


async def test_a_schema_of_a_later_release_ends_the_start(empty_database: str) -> None:
    """In one line for the operator: this release must not touch it."""
    async with Schema(empty_database):
        await execute(
            empty_database,
            "update hepscope.alembic_version set version_num = '9999'",
            "comment on table hepscope.alembic_version is 'works from 9999'",
        )

    with pytest.raises(StartupError, match="newer than this release"):
        await Schema(empty_database).__aenter__()
