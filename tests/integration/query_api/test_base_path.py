"""Page and API under a prefix of a reverse proxy, whether that takes it away or not."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from hepscope_query_api.app import create_app
from hepscope_query_api.component import make_pool
from hepscope_query_api.settings import ApiSettings, default_frontend

BASES = ["http://localhost", "http://localhost/hepscope"]
"""As a proxy asks that takes the prefix away, and one that leaves it."""


@pytest.fixture
def database() -> str:
    """No database: nothing here reads one."""
    return "postgresql://nobody@127.0.0.1:1/none"


@pytest.fixture
def settings() -> ApiSettings:
    """Settings with the real page."""
    return ApiSettings(frontend=default_frontend(), base_path="/hepscope")


@pytest.fixture(params=BASES)
async def client(app: FastAPI, request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    """A client behind one of the two."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=request.param) as one:
        yield one


async def test_the_page_names_its_files_under_the_prefix(client: httpx.AsyncClient) -> None:
    """At every depth, as each of its addresses may be opened first."""
    for path in ("", "/", "/index.html", "/calls", "/calls/a%2Fb@192.0.2.1", "/nodes"):
        answer = await client.get(path)
        assert answer.status_code == 200, path
        assert re.search(r'src="/hepscope/@[0-9a-f]{16}/js/main\.js"', answer.text)
        assert re.search(r'href="/hepscope/@[0-9a-f]{16}/css/base\.css"', answer.text)
        assert 'href="/hepscope/nodes"' in answer.text
        assert 'href="/css' not in answer.text
        assert answer.headers["content-security-policy"].startswith("default-src 'self'")
        again = await client.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.text) == (304, "")


async def test_files_documentation_and_api_answer_under_the_prefix(
    client: httpx.AsyncClient,
) -> None:
    """The document names the prefix as its server."""
    for path in ("/js/main.js", "/css/base.css", "/docs/docs.js", "/healthz", "/version"):
        assert (await client.get(path)).status_code == 200, path
    assert 'src="/hepscope/docs/docs.js"' in (await client.get("/docs")).text
    document = (await client.get("/openapi.json")).json()
    assert document["servers"] == [{"url": "/hepscope"}]
    assert "/api/v1/calls" in document["paths"]


async def test_problems_are_explained_where_their_type_says(client: httpx.AsyncClient) -> None:
    """A problem's type is an address that a browser can open."""
    wrong = (await client.get("/api/v1/calls", params={"nope": "1"})).json()
    assert wrong["type"] == "/hepscope/problems/unknown-parameter"
    meaning = await client.get(wrong["type"].removeprefix("/hepscope"))
    assert meaning.json()["type"] == wrong["type"]
    missing = (await client.get("/api/v1/none")).json()
    assert "GET /hepscope/api/v1/none" in missing["detail"]
    assert "/hepscope/docs" in missing["detail"]
    refused = await client.get("/healthz", headers={"Host": "evil.example"})
    assert refused.json()["type"] == "/hepscope/problems/host-not-allowed"


async def test_an_etag_is_of_one_prefix() -> None:
    """A browser that knows the page under another prefix gets it anew."""
    tags = []
    for base_path in ("", "/hepscope", "/voip"):
        settings = ApiSettings(frontend=default_frontend(), base_path=base_path)
        async with make_pool("postgresql://nobody@127.0.0.1:1/none", settings) as pool:
            transport = httpx.ASGITransport(create_app(settings, pool, needed_schema=""))
            async with httpx.AsyncClient(transport=transport, base_url=BASES[0]) as one:
                tags.append((await one.get("/")).headers["etag"])
    assert len(set(tags)) == 3


async def test_event_streams_are_not_held_back_by_proxies(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    """Nginx is told not to buffer, everybody not to transform."""

    @app.get("/api/v1/stream")
    async def stream() -> StreamingResponse:
        async def events() -> AsyncIterator[bytes]:
            yield b"data: 1\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")

    app.router.routes.insert(0, app.router.routes.pop())
    answer = await client.get("/api/v1/stream")
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.headers["cache-control"] == "no-store, no-transform"
    assert "x-accel-buffering" not in (await client.get("/version")).headers
