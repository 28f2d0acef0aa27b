"""Sessions whose server dies, or stops answering, let go of whoever waits for them."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator

import asyncpg
import pytest

from hepscope_common.store import copy
from hepscope_common.store.connection import (
    ANSWER_SECONDS,
    Access,
    command_seconds,
    connect,
    make_pool,
)
from hepscope_common.store.transaction import transaction
from hepscope_common.store.verdicts import Verdict, verdict_of
from support.postgres import dsn_of, execute, run_apart, running_postgres

# What has to end at once ends far below this; without it a failure takes minutes.
pytestmark = [pytest.mark.database, pytest.mark.timeout(240)]

ROWS = (copy.row(1) + copy.bytea(bytes(1000))) * 20_000
"""20 MB: more than buffers take, so that a COPY has to wait for the server."""

IS_WAITING = "select wait_event_type = 'Lock' from pg_stat_activity where pid = $1"


@pytest.fixture(scope="module")
def local_server() -> Iterator[str]:
    """The DSN of a server whose processes can be stopped, over a Unix socket.

    By TCP the kernel goes on sending what it took, also for a session that has ended, and the
    server learns of the end only behind it.
    """
    yield from running_postgres()


@pytest.fixture
def database(local_server: str) -> Iterator[str]:
    """The DSN of an empty database, dropped after the test."""
    run_apart(lambda: execute(local_server, "create database lost_sessions"))
    yield dsn_of(local_server, "lost_sessions")
    run_apart(lambda: execute(local_server, "drop database lost_sessions with (force)"))


@pytest.fixture
async def other(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A session that keeps the table ``blob`` to itself, so that whoever wants it waits."""
    connection = await asyncpg.connect(database)
    await connection.execute("create table public.blob (octets bytea)")
    await connection.execute("grant all on public.blob to public")
    await connection.execute("begin; lock table public.blob in access exclusive mode")
    yield connection
    await connection.close()


@pytest.fixture
async def session(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A writer's session."""
    connection = await connect(database, Access.WRITER, application_name="test")
    await connection.execute("set search_path = public")
    yield connection
    await connection.close()


@pytest.fixture
def freeze() -> Iterator[Callable[[int], None]]:
    """Stops a process of the server; it goes on after the test."""
    stopped: list[int] = []

    def stop(pid: int) -> None:
        stopped.append(pid)
        os.kill(pid, signal.SIGSTOP)

    yield stop
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)


async def store(connection: asyncpg.Connection) -> None:
    """COPY in a transaction, as the writer does."""
    async with transaction(connection):
        await copy.copy_rows(connection, "blob", ["octets"], ROWS)


async def copying(session: asyncpg.Connection, other: asyncpg.Connection) -> "asyncio.Task[None]":
    """Return a COPY under way. The driver sent what the buffers take before the server waits."""
    task = asyncio.create_task(store(session))
    async with asyncio.timeout(60):
        while not await other.fetchval(IS_WAITING, session.get_server_pid()):
            await asyncio.sleep(0.01)
    return task


async def end_of(task: "asyncio.Task[None]") -> BaseException:
    """Return what a task ended with, soon."""
    async with asyncio.timeout(60):
        await asyncio.wait([task])
    error = asyncio.CancelledError() if task.cancelled() else task.exception()
    assert error is not None
    return error


async def test_a_copy_ends_with_its_session(
    session: asyncpg.Connection, other: asyncpg.Connection
) -> None:
    """Killed while the driver waits for the server to take more, of which nobody tells it."""
    task = await copying(session, other)
    await other.execute("select pg_terminate_backend($1)", session.get_server_pid())

    error = await end_of(task)

    assert isinstance(error, asyncpg.ConnectionDoesNotExistError)
    assert verdict_of(error) is Verdict.BUSY


async def test_a_copy_ends_when_its_session_is_cut(
    session: asyncpg.Connection, other: asyncpg.Connection
) -> None:
    """By another task of ours, as housekeeping does with one that is silent."""
    task = await copying(session, other)
    session.terminate()

    assert verdict_of(await end_of(task)) is Verdict.BUSY


async def test_cancelling_outlasts_the_end_of_the_session(
    session: asyncpg.Connection, other: asyncpg.Connection
) -> None:
    """What is cancelled ends as cancelled, though its session has just died too."""
    task = await copying(session, other)
    session.terminate()
    task.cancel()

    assert isinstance(await end_of(task), asyncio.CancelledError)
    assert session.is_closed()


async def test_a_statement_ends_with_who_asked(
    database: str, session: asyncpg.Connection, other: asyncpg.Connection
) -> None:
    """One that waits for a lock would wait on, and hold what it has locked itself."""
    pid = session.get_server_pid()
    task = await copying(session, other)
    session.terminate()
    await end_of(task)
    watcher = await asyncpg.connect(database)
    async with asyncio.timeout(60):
        while await watcher.fetchval("select count(*) from pg_stat_activity where pid = $1", pid):
            await asyncio.sleep(0.05)
    await watcher.close()


async def test_a_cancelled_transaction_waits_for_nobody(
    session: asyncpg.Connection, freeze: Callable[[int], None]
) -> None:
    """Its server is frozen and acknowledges nothing; the time-out is told as what it is."""
    begun: asyncio.Future[asyncio.Timeout] = asyncio.get_running_loop().create_future()

    async def work() -> None:
        async with asyncio.timeout(None) as limit, transaction(session):
            begun.set_result(limit)
            await session.execute("select pg_sleep(60)")

    task = asyncio.create_task(work())
    limit = await begun
    freeze(session.get_server_pid())
    limit.reschedule(asyncio.get_running_loop().time())

    assert isinstance(await end_of(task), TimeoutError)
    assert session.is_closed()


async def test_a_frozen_server_is_given_up(database: str, freeze: Callable[[int], None]) -> None:
    """Its own time-out never fires, so the session has one, a little longer."""
    hasty = {"statement_timeout": "1000ms"}
    async with make_pool(
        database, Access.READER, application_name="test", size=1, settings=hasty
    ) as pool:
        connection = await pool.acquire()
        freeze(connection.get_server_pid())

        async with asyncio.timeout(60):
            with pytest.raises(TimeoutError):
                await connection.execute("select 1")
            await pool.release(connection)
        assert await pool.fetchval("select 1") == 1


def test_a_session_waits_a_little_longer_than_its_server() -> None:
    """Whatever unit the server's time-out is given in."""
    assert command_seconds({"statement_timeout": "120s"}) == 120 + ANSWER_SECONDS
    assert command_seconds({"statement_timeout": "1500ms"}) == 1.5 + ANSWER_SECONDS
    with pytest.raises(ValueError, match="2min"):
        command_seconds({"statement_timeout": "2min"})
