"""Sessions in which migrations run: SQLAlchemy's asyncpg dialect, driven from plain code.

Each session has an event loop of its own in the calling thread. asyncpg itself parses the DSN, so
that every form it takes (sockets, several hosts, services) works here too.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import asyncpg
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from hepscope_migrations.revisions import CONNECT_SECONDS

SCHEMA = "hepscope"
# Longer than the server lets any statement of a migration take; a server that is frozen, or gone
# without a word, does not end them.
ANSWER_SECONDS = 16 * 60.0

T = TypeVar("T")


def run_on(dsn: str, work: Callable[[Connection], T]) -> T:
    """Return what ``work`` returns, given a connection to ``dsn``; rolls back what it left open."""

    async def session() -> T:
        async def connect() -> asyncpg.Connection:
            return await asyncpg.connect(
                dsn,
                timeout=CONNECT_SECONDS,
                command_timeout=ANSWER_SECONDS,
                server_settings={"application_name": "hepscope migrations"},
            )

        engine = create_async_engine(
            "postgresql+asyncpg://", async_creator=connect, poolclass=NullPool
        )
        try:
            async with engine.connect() as connection:
                return await connection.run_sync(work)
        finally:
            await engine.dispose()

    return asyncio.run(session())
