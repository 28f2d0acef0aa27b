"""The component: it listens, answers over the network, and ends; and says why it cannot."""

import asyncio
import socket
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry

from hepscope_common.runtime import StartupError, Supervisor
from hepscope_common.settings import Listen
from hepscope_query_api.component import QueryApi
from hepscope_query_api.settings import ApiSettings

pytestmark = pytest.mark.database


def make_api(dsn: str, frontend: Path, *listen: Listen) -> tuple[QueryApi, Supervisor]:
    """Return a component that listens at the addresses given."""
    supervisor = Supervisor()
    settings = ApiSettings(listen=listen, frontend=frontend)
    return QueryApi(settings, dsn, CollectorRegistry(), supervisor), supervisor


async def test_it_serves_at_every_address_and_ends(database: str, frontend: Path) -> None:
    """Port 0 takes a free one; a Call-ID with %2F arrives as it was sent; at the end it is gone."""
    free = Listen(host="127.0.0.1", port=0)
    api, supervisor = make_api(database, frontend, free, free)
    assert api.ready() == (False, "not started")
    async with api, httpx.AsyncClient(timeout=60) as client:
        ready, _ = api.ready()
        for server in api.servers:
            answer = await client.get(f"{server.url}/api/v1/calls/a%2Fb%3Fc")
            assert answer.status_code == 404
            assert "a/b?c" in answer.json()["detail"]
            evil = await client.get(f"{server.url}/healthz", headers={"Host": "evil.example"})
            assert evil.status_code == 421
        address = api.servers[0].address

    assert ready
    assert supervisor.failure is None
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(address.host, address.port)


async def test_a_port_in_use_is_one_clear_line(database: str, frontend: Path) -> None:
    """StartupError names the address; what was opened before is closed again."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        free, used = Listen(host="127.0.0.1", port=0), Listen(host="127.0.0.1", port=port)
        api, _ = make_api(database, frontend, free, used)
        with pytest.raises(StartupError, match=f"127.0.0.1:{port}"):
            await api.__aenter__()


async def test_it_starts_without_a_database(frontend: Path) -> None:
    """The page answers and readiness says what is missing."""
    free = Listen(host="127.0.0.1", port=0)
    api, _ = make_api("postgresql://nobody@127.0.0.1:1/none", frontend, free)
    async with api, httpx.AsyncClient(timeout=60) as client:
        page = await client.get(f"{api.servers[0].url}/")
        ready, why = api.ready()

    assert page.status_code == 200
    assert not ready
    assert "does not answer" in why
