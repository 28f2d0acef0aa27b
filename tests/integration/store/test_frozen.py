"""Writers that froze amid a COPY are ended, so that another one can take over."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from hepscope_common.store import copy
from hepscope_common.store.connection import WRITER_NAME, Access, connect
from hepscope_common.store.frozen import end_frozen

pytestmark = pytest.mark.database

STATE = "select state, wait_event from pg_stat_activity where pid = $1"


@asynccontextmanager
async def copying(
    database: str, watcher: asyncpg.Connection, name: str
) -> AsyncIterator["asyncio.Task[str]"]:
    """A session that sent the head of a COPY and no more; the task is what sends."""
    session = await connect(database, Access.WRITER, application_name=name)
    never = asyncio.Event()

    async def head() -> AsyncIterator[bytes]:
        yield copy.HEADER
        await never.wait()

    await session.execute("create temp table blob (octets bytea)")
    await session.execute("begin")
    task = asyncio.create_task(session.copy_to_table("blob", source=head(), format="binary"))
    async with asyncio.timeout(60):
        while True:
            state = await watcher.fetchrow(STATE, session.get_server_pid())
            if state is not None and tuple(state) == ("active", "ClientRead"):
                break
            await asyncio.sleep(0.01)
    try:
        yield task
    finally:
        session.terminate()
        task.cancel()
        await asyncio.wait([task])


async def test_only_writers_that_are_frozen_amid_a_copy_are_ended(
    database: str, writer: asyncpg.Connection
) -> None:
    """Not one that froze a moment ago, nor somebody else, nor one that idles or works."""
    watcher = await asyncpg.connect(database)
    idle = await connect(database, Access.WRITER, application_name=f"{WRITER_NAME} 7")
    await idle.execute("begin")
    async with (
        copying(database, watcher, f"{WRITER_NAME} 8") as _,
        copying(database, watcher, "somebody else") as _,
    ):
        assert await end_frozen(writer) == 0
        assert await end_frozen(writer, frozen_seconds=0) == 1

        names = await watcher.fetch(
            "select application_name from pg_stat_activity where datname = current_database()"
            " and (starts_with(application_name, 'hepscope') or application_name ~ 'somebody')"
        )
    assert {row[0] for row in names} >= {f"{WRITER_NAME} 7", "somebody else"}
    assert await writer.fetchval("select current_user::text") == Access.WRITER.value
    await idle.close()
    await watcher.close()
