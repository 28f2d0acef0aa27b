"""A command's session with the database: whatever goes wrong is one line for the operator."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from hepscope_common.runtime import StartupError
from hepscope_common.store.connection import Access, connect


@asynccontextmanager
async def session(dsn: str, access: Access, command: str) -> AsyncIterator[asyncpg.Connection]:
    """Lend a session; raises StartupError for every error of the database, then and later."""
    try:
        connection = await connect(dsn, access, application_name=f"hepscope {command}")
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise StartupError(f"the database does not answer: {error}") from error
    try:
        yield connection
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError) as error:
        raise StartupError(
            "this database has no hepscope schema, or an older one: run hepscope migrate"
        ) from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise StartupError(f"the database refuses: {error}") from error
    finally:
        await connection.close()
