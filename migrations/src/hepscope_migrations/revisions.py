"""Revisions: the newest one of this release, and that of a database.

Asked for at every start, so without Alembic and SQLAlchemy, whose import takes longer than all
the rest of a start. Revisions are the numbers that the files in ``versions`` begin with.
"""

import re
from importlib import resources

import asyncpg

from hepscope_migrations.migration_error import MigrationError

CONNECT_SECONDS = 30.0
FILE_NAME = re.compile(r"(\d{4})_\w+\.py")


def head() -> str:
    """Return the revision that this release of the code needs."""
    files = resources.files("hepscope_migrations.versions").iterdir()
    return max(found[1] for file in files if (found := FILE_NAME.fullmatch(file.name)))


async def current(dsn: str) -> str | None:
    """Return the revision of the database at ``dsn``, None when it has no schema of ours.

    Raises MigrationError for an address that is none, OSError or asyncpg's errors when the server
    cannot be reached.
    """
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
            return None
        revision: str | None = await connection.fetchval(
            "select version_num from hepscope.alembic_version"
        )
        return revision
    finally:
        await connection.close()
