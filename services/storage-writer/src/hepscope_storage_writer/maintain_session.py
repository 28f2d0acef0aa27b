"""Settings of a maintainer's session that hold for a while."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg


@asynccontextmanager
async def setting(connection: asyncpg.Connection, name: str, value: str) -> AsyncIterator[None]:
    """Give a setting another value during the body.

    Not reset when the body is cancelled or the session lost: the session is given up then, and
    its server may be one that answers nothing.
    """
    await connection.execute(f"set {name} = '{value}'")
    try:
        yield
    except asyncio.CancelledError:
        raise
    except BaseException:
        if not connection.is_closed():
            await connection.execute(f"reset {name}")
        raise
    await connection.execute(f"reset {name}")
