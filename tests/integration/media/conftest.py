"""Fixtures: a client of the API over the database that a test stores in."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from hepscope_migrations import head
from hepscope_query_api.app import create_app
from hepscope_query_api.component import make_pool
from hepscope_query_api.settings import ApiSettings
from support.builders import BASE_US


@pytest.fixture
async def client(database: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API, an hour after traffic begins."""
    settings = ApiSettings(frontend=tmp_path, statement_timeout_seconds=30)
    async with make_pool(database, settings) as pool:
        app = create_app(
            settings, pool, needed_schema=head(), now_us=lambda: BASE_US + 3_600_000_000
        )
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:9080") as one:
            yield one
