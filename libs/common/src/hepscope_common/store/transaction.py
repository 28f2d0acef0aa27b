"""Transactions, and long transfers, that end when their session does.

asyncpg waits where nobody may answer any more. After a cancellation its transaction block rolls
back, which waits for the server to acknowledge a cancel request, for ever if it is frozen; if the
session died meanwhile, its own error takes the place of the cancellation, which is lost. And a
COPY that back-pressure paused is not told that its connection has gone.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

SESSION_LOST: Final = (OSError, EOFError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What asyncpg raises, beside the server's errors, when a session is no good any more; OSError
covers every time-out."""


@asynccontextmanager
async def transaction(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """Commit at the end of the body, roll back when it fails.

    When it is cancelled, or what it raises leaves the session in doubt, the session is cut
    instead, and the server rolls back. What the body raised is raised, never what followed from it.
    """
    block = connection.transaction()
    try:
        await block.start()
        try:
            yield
        except Exception as error:
            if isinstance(error, SESSION_LOST) or connection.is_closed():
                connection.terminate()
            else:
                await block.rollback()
            raise
        await block.commit()
    except asyncio.CancelledError:
        connection.terminate()
        raise


@asynccontextmanager
async def unless_lost(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """Cut the body short when the session ends, whoever ended it.

    Raises ConnectionDoesNotExistError then, or CancelledError if the caller is cancelled too.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    cancels, is_over = task.cancelling(), False
    try:
        async with asyncio.timeout(None) as limit:

            def lost(_: object) -> None:
                # Called in the next turn of the event loop, when the body may be done.
                if not is_over:
                    limit.reschedule(loop.time())

            connection.add_termination_listener(lost)
            try:
                yield
            finally:
                is_over = True
                connection.remove_termination_listener(lost)
    except Exception as error:
        if isinstance(error, asyncpg.PostgresError) or not connection.is_closed():
            raise
        # Whatever the driver tripped over in a session that is no more.
        if task.cancelling() > cancels:
            raise asyncio.CancelledError from error
        raise asyncpg.ConnectionDoesNotExistError("connection was closed amid a COPY") from error
