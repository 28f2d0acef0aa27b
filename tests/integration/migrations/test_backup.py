"""A dump comes back on a server that knows no role of ours: the way of docs/operations.md."""

import subprocess
import tempfile
from pathlib import Path

import asyncpg
import pytest

from hepscope_migrations import upgrade
from support.postgres import dsn_of, execute, find_binaries

pytestmark = pytest.mark.database

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
DROP = "drop schema hepscope, homer cascade"
OPTIONS = ("--exit-on-error",)
RIGHTS = """
select format('%s.%s', relnamespace::regnamespace, relname),
  relowner::regrole::text, relacl::text
from pg_class where relnamespace in ('hepscope'::regnamespace, 'homer'::regnamespace)
union all
select oid::regprocedure::text, proowner::regrole::text, proacl::text
from pg_proc where pronamespace in ('hepscope'::regnamespace, 'homer'::regnamespace)
order by 1
"""


def program(name: str, *words: str) -> "subprocess.CompletedProcess[bytes]":
    """Run one of PostgreSQL's programs to its end."""
    with tempfile.TemporaryDirectory(prefix="hepscope-pg-") as scratch:
        path = find_binaries(Path(scratch)) / name
        return subprocess.run([path, *words], capture_output=True, check=False, timeout=120)


async def rights(dsn: str) -> list[tuple[str, ...]]:
    """Return whose every table, view and function is, and who may do what with it."""
    connection = await asyncpg.connect(dsn)
    try:
        return [tuple(row) for row in await connection.fetch(RIGHTS)]
    finally:
        await connection.close()


async def kept(dsn: str) -> str | None:
    """Return the value that was stored before the dump."""
    connection = await asyncpg.connect(dsn)
    try:
        found: str | None = await connection.fetchval(
            "select value::text from hepscope.meta where key = 'kept'"
        )
        return found
    finally:
        await connection.close()


async def test_a_backup_is_restored_with_its_owners_and_rights(
    cluster: str, other_cluster: str, tmp_path: Path
) -> None:
    """Roles first, which the migration makes, then the schemas of the dump in place of its own."""
    dump = tmp_path / "hepscope.dump"
    await execute(cluster, "create database hepscope")
    source = dsn_of(cluster, "hepscope")
    await upgrade(source)
    await execute(source, "insert into hepscope.meta (key, value) values ('kept', '1')")
    done = program("pg_dump", "-Fc", "-f", str(dump), source)
    assert done.returncode == 0, done.stderr.decode()

    await execute(other_cluster, "create database hepscope")
    target = dsn_of(other_cluster, "hepscope")
    refused = program("pg_restore", *OPTIONS, "-d", target, str(dump))
    assert b'role "hepscope' in refused.stderr

    await execute(other_cluster, "drop database hepscope", "create database hepscope")
    await upgrade(target)
    await execute(target, DROP)
    done = program("pg_restore", *OPTIONS, "-d", target, str(dump))
    assert done.returncode == 0, done.stderr.decode()
    assert await rights(target) == await rights(source)
    assert await kept(target) == "1"
    await upgrade(target)


def test_the_page_says_it_in_that_order() -> None:
    """Word for word what the test above does."""
    steps = [PAGE.index(word) for word in ("run --rm migrate", DROP, f"pg_restore {OPTIONS[0]}")]
    assert steps == sorted(steps)
    assert "--no-owner" not in PAGE
