"""The database schema of hepscope and its Alembic migrations.

``upgrade``, ``current`` and ``head`` are what services need, ``complete`` what an operator does.
"""

from contextlib import suppress

import asyncpg

from hepscope_migrations.migration_error import MigrationError
from hepscope_migrations.revisions import current, head, is_served
from hepscope_migrations.threads import in_thread

__all__ = ["MigrationError", "complete", "current", "head", "upgrade"]


async def upgrade(dsn: str) -> None:
    """Bring the database at ``dsn`` to ``head()``; returns at once when it is there.

    So it does when a later release was there, if its schema states that this one works on it.

    Any number of processes may call it at once. Raises MigrationError with one line for the
    operator, OSError or asyncpg's errors when the server cannot be reached.
    """
    # What the server refuses here it refuses once more below, and there it is explained.
    with suppress(asyncpg.PostgresError):
        if await is_served(dsn):
            return
    await in_thread(_upgrade, dsn)


async def complete(dsn: str) -> list[str]:
    """Make what an upgrade had to leave out and may be made by now; return what is still missing.

    One line each, with what an administrator has to run. Raises as ``upgrade`` does.
    """
    return await in_thread(_complete, dsn)


def _upgrade(dsn: str) -> None:
    from hepscope_migrations import upgrading  # noqa: PLC0415  # seconds, for who migrates only

    upgrading.upgrade(dsn)


def _complete(dsn: str) -> list[str]:
    from hepscope_migrations import readers  # noqa: PLC0415  # seconds, for who migrates only

    return readers.complete(dsn)
