"""Who leaves is no longer searched for: the statement ends on the server too, and at once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest
from prometheus_client import CollectorRegistry

from hepscope_common.runtime import Supervisor
from hepscope_common.settings import Listen
from hepscope_query_api.component import QueryApi
from hepscope_query_api.settings import ApiSettings
from support.nginx import free_port, running_nginx

pytestmark = pytest.mark.database

SEARCHES = [
    "calls",
    "calls?q=alice",
    "calls/x",
    "calls/x/messages",
    "calls/x/flow",
    "calls/x/export?format=pcap",
    "calls/x/logs",
    "calls/x/media",
    "messages",
    "registrations",
    "nodes",
    "fields/status/values",
    "fields/from_user/values?prefix=4930",
    "stats/outcomes",
    "stats/outcomes?q=alice",
    "stats/kpi",
    "stats/series?metric=attempts",
    "stats/overview",
]
LOCK = """
do $$ declare one regclass; begin
  for one in select oid from pg_class where relnamespace = 'hepscope'::regnamespace
    and relkind in ('r', 'p') loop execute format('lock table %s', one); end loop; end $$
"""
PATIENCE_SECONDS = 60.0
"""Far below what a search, or one that waits for a lock, may take here."""

WAITING = (
    "select count(distinct pid) from pg_locks where not granted and locktype = 'relation' "
    "and database = (select oid from pg_database where datname = current_database())"
)


@pytest.fixture
async def api(database: str, frontend: Path) -> AsyncIterator[QueryApi]:
    """A component over a database of which every table is locked."""
    settings = ApiSettings(
        listen=(Listen(host="127.0.0.1", port=0),), frontend=frontend, statement_timeout_seconds=300
    )
    holder = await asyncpg.connect(database)
    async with QueryApi(settings, database, CollectorRegistry(), Supervisor()) as one:
        await holder.execute(f"begin; {LOCK}")
        yield one
        await holder.close()


async def _until_waiting(connection: asyncpg.Connection, wanted: int) -> None:
    while await connection.fetchval(WAITING) != wanted:
        await asyncio.sleep(0.002)


async def _leave(watch: asyncpg.Connection, host: str, port: int, path: str) -> None:
    """Ask, and hang up once the statement waits for the lock; return when it has ended."""
    _, writer = await asyncio.open_connection(host, port)
    writer.write(f"GET /api/v1/{path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await watch.fetchval(WAITING):
                await asyncio.sleep(0.002)
            writer.close()
            await _until_waiting(watch, 0)
    except TimeoutError:
        waiting = await watch.fetchval(WAITING)
        pytest.fail(f"{path}: {waiting} statements wait long after it was asked for")
    finally:
        writer.close()


async def test_every_search_ends_with_its_connection(api: QueryApi, database: str) -> None:
    """Whatever is read."""
    watch = await asyncpg.connect(database)
    address = api.servers[0].address
    for path in SEARCHES:
        await _leave(watch, address.host, address.port, path)
    await watch.close()


async def test_nginx_passes_it_on(api: QueryApi, database: str, tmp_path: Path) -> None:
    """It hangs up when its client does."""
    watch = await asyncpg.connect(database)
    port = free_port()
    upstream = f"http://127.0.0.1:{api.servers[0].address.port}"
    location = f"location / {{ proxy_pass {upstream}; proxy_http_version 1.1; }}"
    directory = tmp_path / "nginx"
    directory.mkdir()
    with running_nginx(directory, {port: location}):
        for path in SEARCHES:
            await _leave(watch, "127.0.0.1", port, path)
    await watch.close()


async def test_the_session_serves_the_next_one(database: str, frontend: Path) -> None:
    """What was cancelled leaves nothing behind."""
    settings = ApiSettings(
        listen=(Listen(host="127.0.0.1", port=0),),
        frontend=frontend,
        pool_size=1,
        statement_timeout_seconds=300,
    )
    holder, watch = await asyncpg.connect(database), await asyncpg.connect(database)
    async with (
        QueryApi(settings, database, CollectorRegistry(), Supervisor()) as api,
        httpx.AsyncClient(trust_env=False, timeout=PATIENCE_SECONDS) as client,
    ):
        address = api.servers[0].address
        await holder.execute("begin; lock table hepscope.node")
        await _leave(watch, address.host, address.port, "nodes")
        await holder.execute("rollback")
        again = await client.get(f"{api.servers[0].url}/api/v1/nodes")
    await holder.close()
    await watch.close()

    assert again.json()["items"] == []
