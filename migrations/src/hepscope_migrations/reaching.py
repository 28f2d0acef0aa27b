"""Waiting for a database that starts at the same time as we do."""

import asyncio
import time

import asyncpg

from hepscope_migrations.migration_error import MigrationError, first_line

PAUSE_SECONDS = 0.5
ATTEMPT_SECONDS = 10.0

# What passes by itself: the server starts, ends to start anew, or is full for a moment.
_PASSING = (
    OSError,
    TimeoutError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)


async def reach(dsn: str, *, wait_seconds: float) -> asyncpg.Connection:
    """Return a connection, asked for until one comes or the time is over.

    What does not pass by itself, such as a wrong password, ends it at once. Raises MigrationError.
    """
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            return await asyncpg.connect(
                dsn,
                timeout=ATTEMPT_SECONDS,
                server_settings={"application_name": "hepscope migrations"},
            )
        except _PASSING as error:
            if time.monotonic() + PAUSE_SECONDS > deadline:
                raise MigrationError(
                    f"the database does not answer within {wait_seconds:g} s: {first_line(error)}"
                ) from error
        except asyncpg.PostgresError as error:
            raise MigrationError(f"the database refuses: {first_line(error)}") from error
        except asyncpg.InterfaceError as error:
            raise MigrationError(
                f"the database's address cannot be used: {first_line(error)}"
            ) from error
        except (ValueError, OverflowError):
            # It would tell a part of the address, which may be one of the password.
            raise MigrationError(
                "the database's address cannot be used: postgresql://user:password@host:port/name"
                " is expected, with percent-encoding in user and password"
            ) from None
        await asyncio.sleep(PAUSE_SECONDS)
