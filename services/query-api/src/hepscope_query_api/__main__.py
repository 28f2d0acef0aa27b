"""``python -m hepscope_query_api``: the query API on its own."""

import sys
from collections.abc import AsyncIterator

from hepscope_common.names import Names, NamesSettings
from hepscope_common.runtime import Component, StartupError
from hepscope_common.service import Around, ServiceSettings, run
from hepscope_common.store.settings import StoreSettings
from hepscope_query_api.component import QueryApi
from hepscope_query_api.settings import ApiSettings


class QueryApiSettings(ServiceSettings):
    """Everything that this service reads."""

    api: ApiSettings = ApiSettings()
    names: NamesSettings = NamesSettings()
    store: StoreSettings = StoreSettings()


async def parts(around: Around[QueryApiSettings]) -> AsyncIterator[Component]:
    """Yield what the service is made of."""
    settings = around.settings
    if settings.store.dsn is None:
        raise StartupError("setting store.dsn is missing (HEPSCOPE_STORE__DSN)")
    dsn = settings.store.dsn.get_secret_value()
    names = Names(settings.names, around.supervisor)
    yield names
    api = QueryApi(settings.api, dsn, around.registry, around.supervisor, names=names)
    around.checks["api"] = api.ready
    yield api


def main() -> int:
    """Serve until a signal; returns the exit code."""
    return run("query-api", QueryApiSettings, parts)


if __name__ == "__main__":
    sys.exit(main())
