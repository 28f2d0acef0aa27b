"""The database schema of hepscope and its Alembic migrations.

``upgrade``, ``current`` and ``head`` are what services need; the work runs in a thread of its
own, since Alembic is synchronous.
"""

import asyncio

from hepscope_migrations import upgrading
from hepscope_migrations.errors import MigrationError
from hepscope_migrations.upgrading import head

__all__ = ["MigrationError", "current", "head", "upgrade"]


async def upgrade(dsn: str) -> None:
    """Bring the database at ``dsn`` to ``head()``; returns at once when it is there.

    Any number of processes may call it at once. Raises MigrationError with one line for the
    operator, OSError or asyncpg's errors when the server cannot be reached.
    """
    await asyncio.to_thread(upgrading.upgrade, dsn)


async def current(dsn: str) -> str | None:
    """Return the revision of the database at ``dsn``, None when it has no schema of ours.

    Raises as ``upgrade`` does.
    """
    return await asyncio.to_thread(upgrading.current, dsn)
