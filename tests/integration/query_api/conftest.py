"""Fixtures: a store of messages, and a client of an application that reads it."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from hepscope_migrations import head
from hepscope_query_api.app import create_app
from hepscope_query_api.component import make_pool
from hepscope_query_api.settings import ApiSettings
from integration.query_api.stored import NOW_US, Stored

API = "http://localhost:9080"


@pytest.fixture
async def stored(database: str) -> AsyncIterator[Stored]:
    """An empty store, written to as superuser."""
    connection = await asyncpg.connect(database)
    yield Stored(connection)
    await connection.close()


@pytest.fixture
def frontend(tmp_path: Path) -> Path:
    """A page of two files."""
    directory = tmp_path / "frontend"
    directory.mkdir()
    (directory / "index.html").write_text("<!doctype html><title>page</title>")
    (directory / "app.js").write_text("export {};\n")
    (tmp_path / "secret.txt").write_text("not for the page")
    return directory


@pytest.fixture
def settings(frontend: Path) -> ApiSettings:
    """Settings of the application."""
    return ApiSettings(frontend=frontend, statement_timeout_seconds=60, hosts=("sip.example.net",))


@pytest.fixture
async def app(database: str, settings: ApiSettings) -> AsyncIterator[FastAPI]:
    """An application at the time NOW_US."""
    async with make_pool(database, settings) as pool:
        yield create_app(settings, pool, needed_schema=head(), now_us=lambda: NOW_US)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=API) as one:
        yield one
