"""Fixtures: sessions of the three kinds of access."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from hepscope_common.store.connection import Access, connect


@pytest.fixture
async def maintainer(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A maintainer's session."""
    session = await connect(database, Access.MAINTAINER, application_name="maintainer")
    yield session
    session.terminate()


@pytest.fixture
async def writer(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A writer's session."""
    session = await connect(database, Access.WRITER, application_name="writer")
    yield session
    session.terminate()


@pytest.fixture
async def reader(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A reader's session."""
    session = await connect(database, Access.READER, application_name="reader")
    yield session
    session.terminate()
