"""The query API as one component: its pool, its application, its listeners."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

import asyncpg
from prometheus_client import CollectorRegistry

from hepscope_common.clock import Clock, wall_clock_us
from hepscope_common.http import HttpServer
from hepscope_common.names import Names
from hepscope_common.ops import Readiness
from hepscope_common.runtime import Supervisor, cancel
from hepscope_common.store import connection
from hepscope_common.store.connection import Access
from hepscope_migrations import head
from hepscope_query_api.app import create_app
from hepscope_query_api.context import Context
from hepscope_query_api.readiness import LOOK_TIMEOUT_SECONDS, DatabaseReadiness
from hepscope_query_api.settings import ApiSettings

LOOK_SECONDS = 5.0
"""How often the database is looked at for readiness on the ops port."""

LOCK_SHARE = 2

APPLICATION = "hepscope-query-api"


class QueryApi:
    """Serves page and API at every address of its settings.

    It starts without a database too: its page then says that the database is away.
    """

    name = "query-api"
    drain_seconds = 15.0

    def __init__(
        self,
        settings: ApiSettings,
        dsn: str,
        registry: CollectorRegistry,
        supervisor: Supervisor,
        *,
        checks: Mapping[str, Readiness] | None = None,
        names: Names | None = None,
        now_us: Clock = wall_clock_us,
    ) -> None:
        self._settings = settings
        self._dsn = dsn
        self._registry = registry
        self._supervisor = supervisor
        self._checks = checks
        self._names = names
        self._now_us = now_us
        self._stack = AsyncExitStack()
        self._readiness: DatabaseReadiness | None = None
        self.servers: list[HttpServer] = []

    def ready(self) -> tuple[bool, str]:
        """Tell whether searches can be answered, as of the last few seconds."""
        return (False, "not started") if self._readiness is None else self._readiness.last()

    async def __aenter__(self) -> Self:
        """Listen at every address, or at none; raises StartupError."""
        async with AsyncExitStack() as opening:
            pool = await opening.enter_async_context(make_pool(self._dsn, self._settings))
            watch = await opening.enter_async_context(make_watch_pool(self._dsn))
            app = create_app(
                self._settings,
                pool,
                needed_schema=head(),
                watch=watch,
                registry=self._registry,
                now_us=self._now_us,
                checks=self._checks,
                names=self._names,
            )
            readiness = app.state.readiness
            assert isinstance(readiness, DatabaseReadiness)
            await readiness.look()
            looking = self._supervisor.start(_keep_looking(readiness), name="readiness")
            opening.push_async_callback(cancel, looking)
            self.servers = [
                await opening.enter_async_context(
                    HttpServer("page and API", app, listen, self._supervisor)
                )
                for listen in self._settings.listen
            ]
            # Before the servers, which wait for requests under way: these never end by themselves.
            context = app.state.context
            assert isinstance(context, Context)
            opening.push_async_callback(context.live.close)
            self._readiness = readiness
            self._stack = opening.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Answer what was asked, then close."""
        await self._stack.aclose()


def make_pool(dsn: str, settings: ApiSettings) -> "asyncpg.Pool[asyncpg.Record]":
    """Return a pool of read-only sessions that connects when it is used.

    Its sessions end a statement by themselves a moment after the request's own deadline, which
    gives the better message. Who waits for a lock for half of that time gives up, while there is
    still time to say so.
    """
    timeout_ms = int((settings.statement_timeout_seconds + 1) * 1000)
    lock_ms = max(int(settings.statement_timeout_seconds / LOCK_SHARE * 1000), 1)
    return connection.make_pool(
        dsn,
        Access.READER,
        application_name=APPLICATION,
        size=settings.pool_size,
        settings={"statement_timeout": f"{timeout_ms}ms", "lock_timeout": f"{lock_ms}ms"},
    )


def make_watch_pool(dsn: str) -> "asyncpg.Pool[asyncpg.Record]":
    """Return a pool of the one connection by which readiness looks at the database."""
    return connection.make_pool(
        dsn,
        Access.READER,
        application_name=f"{APPLICATION} readiness",
        size=1,
        settings={"statement_timeout": f"{int(LOOK_TIMEOUT_SECONDS * 1000)}ms"},
    )


async def _keep_looking(readiness: DatabaseReadiness) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        await readiness.look()
