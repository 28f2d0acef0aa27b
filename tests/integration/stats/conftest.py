"""Fixtures: a client of an application over attempts that a real writer and measurer stored."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from pathlib import Path

import httpx
import pytest

from hepscope_common.names import Names, NamesSettings
from hepscope_migrations import head
from hepscope_query_api.app import create_app
from hepscope_query_api.component import make_pool
from hepscope_query_api.settings import ApiSettings
from integration.measuring.rig import measure, store
from integration.stats.asking import NOW_US
from support.sip_calls import Sent

Put = Callable[[Iterable[Sent]], Awaitable[None]]


@pytest.fixture
def names(tmp_path: Path) -> Names:
    """Names of a file that is not there."""
    return Names(NamesSettings(file=tmp_path / "names.toml"))


@pytest.fixture
def name_all(names: Names, tmp_path: Path) -> Callable[[str, Sequence[str]], None]:
    """Give networks a name."""

    def write(name: str, networks: Sequence[str]) -> None:
        rows = [f'[[name]]\nname = "{name}"\naddress = "{network}"' for network in networks]
        (tmp_path / "names.toml").write_text("\n".join(rows))
        assert names.refresh()

    return write


@pytest.fixture
async def client(database: str, names: Names) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application at the time NOW_US."""
    settings = ApiSettings(statement_timeout_seconds=60)
    async with make_pool(database, settings) as pool:
        app = create_app(settings, pool, needed_schema=head(), now_us=lambda: NOW_US, names=names)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:9080") as one:
            yield one


@pytest.fixture
def put(database: str) -> Put:
    """Store packets and measure them."""

    async def stored(sent: Iterable[Sent]) -> None:
        await store(database, sent)
        await measure(database)

    return stored
