"""Readiness tells a database that is away from one that is busy with our own searches."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import pytest
from prometheus_client import CollectorRegistry

from hepscope_common.runtime import Supervisor
from hepscope_common.settings import Listen
from hepscope_query_api.component import QueryApi
from hepscope_query_api.settings import ApiSettings

pytestmark = pytest.mark.database

SOCKET = ".s.PGSQL.5432"
SECONDS = 40.0
"""Within which a database that is away has to be noticed, on a busy machine too."""


class Line:
    """The way to a server, which can be cut or let nothing through any more."""

    def __init__(self, dsn: str, directory: Path) -> None:
        self._given = urlsplit(dsn)
        self._directory = directory
        self._open = asyncio.Event()
        self._open.set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def dsn(self) -> str:
        """The address of the database by this way."""
        user = self._given.netloc.rpartition("@")[0]
        return f"postgresql://{user}@{self._given.path}?host={self._directory}"

    def freeze(self) -> None:
        """Let nothing through, as a server that stands still."""
        self._open.clear()

    async def cut(self) -> None:
        """End every connection and take no new one, as a server that is gone."""
        if self._server is not None:
            self._server.close()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def mend(self) -> None:
        """Take connections."""
        path = self._directory / SOCKET
        path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, path)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await self._connect()
        for source, target in ((reader, back), (there, writer)):
            pump = asyncio.create_task(self._pump(source, target))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        hosts = parse_qs(self._given.query).get("host")
        if hosts:
            return await asyncio.open_unix_connection(f"{hosts[0]}/{SOCKET}")
        return await asyncio.open_connection(self._given.hostname, self._given.port or 5432)

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.closing(target), contextlib.suppress(OSError):
            while data := await source.read(65_536):
                await self._open.wait()
                target.write(data)
                await target.drain()


@pytest.fixture
async def line(database: str, tmp_path: Path) -> AsyncIterator[Line]:
    """A way to the database that is open."""
    one = Line(database, tmp_path)
    await one.mend()
    yield one
    await one.cut()


def make_api(dsn: str, frontend: Path, *, seconds: float = 60) -> QueryApi:
    """Return a component of one connection, and so many seconds for a search."""
    settings = ApiSettings(
        listen=(Listen(host="127.0.0.1", port=0),),
        frontend=frontend,
        pool_size=1,
        statement_timeout_seconds=seconds,
    )
    return QueryApi(settings, dsn, CollectorRegistry(), Supervisor())


async def test_searches_on_every_connection_leave_it_ready(database: str, frontend: Path) -> None:
    """Whoever took a busy process for a dead one would end what it is busy with."""
    api = make_api(database, frontend)
    holder = await asyncpg.connect(database)
    async with (
        api,
        httpx.AsyncClient(base_url=api.servers[0].url, trust_env=False, timeout=SECONDS) as client,
    ):
        await holder.execute("begin; lock table hepscope.node")
        search = asyncio.create_task(client.get("/api/v1/nodes"))
        async with asyncio.timeout(SECONDS):
            await _waits(holder)
            answers = [await client.get("/readyz") for _ in range(3)]
            together = await asyncio.gather(*(client.get("/readyz") for _ in range(5)))
        await holder.execute("rollback")
        found = await search
    await holder.close()

    assert [answer.status_code for answer in [*answers, *together]] == [200] * 8
    assert found.json()["items"] == []


async def _waits(connection: asyncpg.Connection) -> None:
    """Return once a session waits for the lock that the connection holds."""
    while not await connection.fetchval("select exists (select from pg_locks where not granted)"):
        pass


@pytest.mark.parametrize("way", ["cut", "frozen"])
async def test_a_database_that_is_away_is_told_within_seconds(
    line: Line, frontend: Path, way: str
) -> None:
    """503 with the reason, whether it refuses or does not answer; on the ops port too."""
    api = make_api(line.dsn, frontend)
    async with (
        api,
        httpx.AsyncClient(base_url=api.servers[0].url, trust_env=False, timeout=SECONDS) as client,
    ):
        before = await client.get("/readyz")
        if way == "cut":
            await line.cut()
        else:
            line.freeze()
        after = await client.get("/readyz")
        ready, why = api.ready()
        # What the server never answered is not waited for at the end.
        await line.cut()

    assert (before.status_code, after.status_code) == (200, 503)
    assert not ready
    assert "does not answer" in why


async def test_a_search_in_a_database_that_stands_still_is_not_called_a_long_one(
    line: Line, frontend: Path
) -> None:
    """It is asked something trivial by another way first: nobody shortens a range for nothing."""
    api = make_api(line.dsn, frontend, seconds=0.5)
    async with (
        api,
        httpx.AsyncClient(base_url=api.servers[0].url, trust_env=False, timeout=SECONDS) as client,
    ):
        # Most likely it is connected by then; while it connects the same is told.
        await client.get("/api/v1/nodes")
        line.freeze()
        after = await client.get("/api/v1/nodes")
        await line.cut()

    assert (after.status_code, after.json()["type"]) == (503, "/problems/database-unavailable")


async def test_a_database_that_comes_back_makes_it_ready_again(line: Line, frontend: Path) -> None:
    """At the next look, by a new connection."""
    api = make_api(line.dsn, frontend)
    async with (
        api,
        httpx.AsyncClient(base_url=api.servers[0].url, trust_env=False, timeout=SECONDS) as client,
    ):
        await line.cut()
        away = await client.get("/readyz")
        await line.mend()
        back = await client.get("/readyz")

    assert (away.status_code, back.status_code) == (503, 200)
