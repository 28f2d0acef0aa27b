"""What tests of a call's logs share: a call with logs, and an API that knows a Loki."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

import httpx

from hepscope_migrations import head
from hepscope_query_api.app import create_app
from hepscope_query_api.component import make_pool
from hepscope_query_api.settings import ApiSettings
from integration.query_api.asking import Json
from integration.query_api.conftest import API
from integration.query_api.stored import MIDNIGHT, NOW_US, SECOND, Stored

CALL = "logs-1@192.0.2.10"
BEGIN = MIDNIGHT + 3600 * SECOND
END = BEGIN + 12 * SECOND + 30_000
"""Of the call that ``Stored.call`` makes."""

SINK = {"job": "hepscope", "type": "log", "node": "edge-1"}
"""Labels of what the writer copies to Loki."""

ASTERISK = {"job": "asterisk", "hostname": "pbx-1"}


def path(call_id: str = CALL) -> str:
    """Return the address of a call's logs."""
    return f"/api/v1/calls/{quote(call_id, safe='')}/logs"


def hep(call_id: str = CALL) -> dict[str, str]:
    """Return the structured metadata of a copied line."""
    return {"call_id": call_id, "src": "192.0.2.1:5060", "dst": "192.0.2.9:9060"}


async def log(stored: Stored, text: str, time_us: int, *, of: str = CALL, kind: int = 100) -> None:
    """Store a log line."""
    await stored.put_packet(text.encode(), time_us, protocol_type=kind, call_id=of)


@asynccontextmanager
async def asking(database: str, **settings: object) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an API with these settings."""
    made = ApiSettings.model_validate({"statement_timeout_seconds": 60, **settings})
    async with make_pool(database, made) as pool:
        app = create_app(made, pool, needed_schema=head(), now_us=lambda: NOW_US)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=API) as client:
            yield client


def texts(answer: Json) -> list[str]:
    """Return the texts of a page."""
    items = answer["items"]
    assert isinstance(items, list)
    return [item["text"] for item in items]


def loki_state(answer: Json) -> tuple[str, str]:
    """Return what became of Loki, and why; the database must have answered."""
    sources = answer["sources"]
    assert isinstance(sources, list)
    database, loki = sources
    assert database == {"name": "database", "state": "ok", "detail": ""}
    assert loki["name"] == "loki"
    return loki["state"], loki["detail"]
