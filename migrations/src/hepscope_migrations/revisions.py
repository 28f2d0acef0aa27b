"""Revisions: the newest one of this release, that of a database, and who works on which.

Asked for at every start, so without Alembic and SQLAlchemy, whose import takes longer than all
the rest of a start. Revisions are the numbers that the files in ``versions`` begin with. A
database that a later release has migrated states which releases still work on it, so that they
may restart, and be gone back to, while both run side by side.
"""

import re
from importlib import resources

import asyncpg

from hepscope_migrations.migration_error import MigrationError

CONNECT_SECONDS = 30.0
FILE_NAME = re.compile(r"(\d{4})_\w+\.py")

OLDEST = "0001"
"""The oldest revision whose release works on the schema of this one. A migration that contracts
raises it to the first revision whose code does without what is taken away."""

STATEMENT = "works from "
"""How the comment on Alembic's table begins; OLDEST of the newest release follows."""

SCHEMA_OF = """
select version_num, obj_description('hepscope.alembic_version'::regclass, 'pg_class')
from hepscope.alembic_version
"""
"""The revision of a database and its statement."""


def head() -> str:
    """Return the revision that this release of the code needs."""
    files = resources.files("hepscope_migrations.versions").iterdir()
    return max(found[1] for file in files if (found := FILE_NAME.fullmatch(file.name)))


def serves(revision: str | None, statement: str | None) -> bool:
    """Return whether this release works on a schema of that revision, which states so if newer."""
    own = head()
    if revision is None or statement is None or not statement.startswith(STATEMENT):
        return revision == own
    return revision == own or statement.removeprefix(STATEMENT) <= own < revision


async def current(dsn: str) -> str | None:
    """Return the revision of the database at ``dsn``, None when it has no schema of ours.

    Raises MigrationError for an address that is none, OSError or asyncpg's errors when the server
    cannot be reached.
    """
    return (await _read(dsn))[0]


async def is_served(dsn: str) -> bool:
    """Return whether this release works on the database as it is. Raises as ``current`` does."""
    return serves(*await _read(dsn))


async def _read(dsn: str) -> tuple[str | None, str | None]:
    try:
        connection = await asyncpg.connect(
            dsn,
            timeout=CONNECT_SECONDS,
            command_timeout=CONNECT_SECONDS,
            server_settings={"application_name": "hepscope migrations"},
        )
    except ValueError as error:
        raise MigrationError(f"the database's address cannot be used: {error}") from error
    try:
        if await connection.fetchval("select to_regclass('hepscope.alembic_version')") is None:
            return None, None
        row = await connection.fetchrow(SCHEMA_OF)
        return (None, None) if row is None else (row[0], row[1])
    finally:
        await connection.close()
