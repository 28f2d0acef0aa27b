"""``python -m hepscope_query_api``: the query API on its own, with its ops port."""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from prometheus_client import CollectorRegistry

from hepscope_common import logs
from hepscope_common.http import HttpServer
from hepscope_common.ops import make_ops_app
from hepscope_common.runtime import Component, StartupError, Supervisor, serve
from hepscope_common.settings import Listen, ListenAddress, LogSettings, Section, Settings, load
from hepscope_common.store.settings import StoreSettings
from hepscope_query_api.component import QueryApi
from hepscope_query_api.settings import ApiSettings


class OpsSettings(Section):
    """The ops endpoints of a service in its container."""

    listen: ListenAddress = Listen(host="127.0.0.1", port=9100)
    """Address of health, readiness, metrics, version and log levels."""


class QueryApiSettings(Settings):
    """Everything that this service reads."""

    api: ApiSettings = ApiSettings()
    store: StoreSettings = StoreSettings()
    log: LogSettings = LogSettings()
    ops: OpsSettings = OpsSettings()


def main() -> int:
    """Serve until a signal; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (TOML)")
    options = parser.parse_args()
    try:
        settings = load(QueryApiSettings, config=options.config)
        logs.configure(settings.log.level)
        return asyncio.run(_serve(settings))
    except StartupError as error:
        print(f"hepscope-query-api: {error}", file=sys.stderr)
        return 1


async def _serve(settings: QueryApiSettings) -> int:
    if settings.store.dsn is None:
        raise StartupError("setting store.dsn is missing (HEPSCOPE_STORE__DSN)")
    supervisor = Supervisor()
    registry = CollectorRegistry()
    api = QueryApi(settings.api, settings.store.dsn.get_secret_value(), registry, supervisor)
    ops = make_ops_app(registry, {"api": api.ready})
    server = HttpServer("ops", ops, settings.ops.listen, supervisor)

    def announce() -> None:
        for one in api.servers:
            print(f"page and API at {one.url}", file=sys.stderr, flush=True)

    async def components() -> AsyncIterator[Component]:
        yield api
        yield server

    return await serve(components(), supervisor, on_ready=announce)


if __name__ == "__main__":
    sys.exit(main())
