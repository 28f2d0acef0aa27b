"""The shell: hosts, headers, the static page, documentation, metrics."""

import re
import shutil
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import generate_latest

from hepscope_query_api.openapi import openapi_text
from hepscope_query_api.problems import Kind
from integration.query_api.asking import get, problem

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def database() -> str:
    """No database: nothing here reads one."""
    return "postgresql://nobody@127.0.0.1:1/none"


ALLOWED = [
    *("localhost", "localhost:9080", "127.0.0.1:9080", "[::1]:9080", "LOCALHOST."),
    "sip.example.net",
]
REFUSED = [
    *("evil.example", "evil.example:9080", "localhost.evil.example", "127.0.0.1.evil.example"),
    *("10.0.0.1", "", "[::2]", "user@localhost", "localhost:evil", "127.0.0.1:9080, evil"),
]


async def test_only_known_hosts_are_served(client: httpx.AsyncClient) -> None:
    """A name that is not ours is refused on every path, so that DNS rebinding reads nothing."""
    for host in ALLOWED:
        answer = await client.get("/healthz", headers={"Host": host})
        assert answer.status_code == 200, host
    for host in REFUSED:
        for path in ("/healthz", "/", "/api/v1/calls", "/docs"):
            answer = await client.get(path, headers={"Host": host})
            assert answer.status_code == 421, (host, path)
            assert answer.json()["type"] == "/problems/host-not-allowed"


async def test_the_address_that_was_connected_to_is_known(app: FastAPI) -> None:
    """A request to an address of this machine names that address; a name does not count."""
    transport = httpx.ASGITransport(app)
    for base, status in {
        "http://10.1.2.3": 200,
        "http://[2001:db8::1]:9080": 200,
        "http://my.example": 421,
    }.items():
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            assert (await client.get("/healthz")).status_code == status


async def test_every_answer_carries_the_policy(client: httpx.AsyncClient) -> None:
    """Page, API, documentation, errors: no foreign script, no frame, no sniffing, no CORS."""
    for path in ("/", "/app.js", "/calls/x", "/healthz", "/docs", "/openapi.json", "/api/v1/none"):
        headers = (await client.get(path, headers={"Origin": "http://evil.example"})).headers

        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'self';")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in headers
        assert headers["cache-control"] in ("no-store", "no-cache")


PAGE_PATHS = [
    *("/", "/calls", "/calls/", "/calls/a%2Fb.js@10.0.0.1", "/calls/..%2Fx", "/nodes"),
    "/registrations",
]


async def test_head_is_get_without_the_body(client: httpx.AsyncClient) -> None:
    """Every address that answers GET answers HEAD with the same status and length (RFC 9110)."""
    for path in ("/", "/app.js", "/healthz", "/docs", "/version", "/api/v1/none", "/readyz"):
        asked, whole = await client.head(path), await client.get(path)
        assert (asked.status_code, asked.content) == (whole.status_code, b""), path
        assert asked.headers["content-length"] == whole.headers["content-length"], path


async def test_routes_of_the_page_answer_its_index(client: httpx.AsyncClient) -> None:
    """A reload of any address of the page gives the page."""
    for path in PAGE_PATHS:
        answer = await client.get(path)

        assert (answer.status_code, answer.text[:15]) == (200, "<!doctype html>"), path
        assert answer.headers["content-type"].startswith("text/html")
    later = await client.get("/some/new/route", headers={"Accept": "text/html,*/*"})
    assert later.status_code == 200


async def test_files_are_revalidated(client: httpx.AsyncClient) -> None:
    """A file has an ETag, and answers 304 while it is the same."""
    first = await client.get("/app.js")
    again = await client.get("/app.js", headers={"If-None-Match": first.headers["etag"]})

    assert (first.status_code, first.text) == (200, "export {};\n")
    assert first.headers["content-type"].startswith("text/javascript")
    assert first.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.text) == (304, "")


async def test_large_files_are_compressed(client: httpx.AsyncClient, frontend: Path) -> None:
    """Once per change, where the client takes it; revalidation goes by the same tag."""
    for text in ("a { color: red }\n" * 200, "b { color: blue }\n" * 200):
        (frontend / "page.css").write_text(text)
        asked = await client.get("/page.css", headers={"Accept-Encoding": "gzip, br"})
        assert (asked.headers["content-encoding"], asked.text) == ("gzip", text)
        assert int(asked.headers["content-length"]) < len(text) / 10
        plain = await client.get("/page.css", headers={"Accept-Encoding": "identity"})
        assert plain.text == text
        assert "content-encoding" not in plain.headers
        assert asked.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
        assert asked.headers["etag"] == f"W/{plain.headers['etag']}"
        again = await client.get("/page.css", headers={"If-None-Match": asked.headers["etag"]})
        assert (again.status_code, again.text) == (304, "")


async def test_files_below_their_fingerprint_are_kept(
    client: httpx.AsyncClient, frontend: Path
) -> None:
    """The page names them there; below another one they are there too, and asked for each time."""
    (frontend / "js").mkdir()
    (frontend / "js/main.js").write_text("export {};\n")
    (frontend / "index.html").write_text('<script type="module" src="/js/main.js"></script>')
    page = (await client.get("/calls")).text
    address = re.findall(r'="(/@[0-9a-f]{16}/js/main\.js)"', page)
    assert len(address) == 2
    assert f'<link rel="modulepreload" href="{address[0]}">' in page
    present = await client.get(address[0])
    assert present.text == "export {};\n"
    assert present.headers["cache-control"] == "public, max-age=31536000, immutable"
    old = await client.get("/@0123456789abcdef/js/main.js")
    assert (old.text, old.headers["cache-control"]) == (present.text, "no-cache")
    for path in ("/@0123456789abcdef/index.html", "/@0123456789abcdef/js/.hidden"):
        await problem(client, path, 404)


NOT_FILES = [
    *("/nothing.js", "/api", "/api/v1", "/apis.js", "/problems", "/..%2Fsecret.txt"),
    *("/%2e%2e/secret.txt", "/%00", "/" + "x" * 5000, "/index.html/x.js", "/C:%5Cx.js"),
    *("/%2Fetc%2Fpasswd", "/x/..%2F..%2Fsecret.txt"),
]


async def test_nothing_else_is_a_file(client: httpx.AsyncClient) -> None:
    """What is no file of the page is a problem, also for a browser under /api."""
    for path in NOT_FILES:
        await problem(client, path, 404)
    for path in ("/api/v1/none", "/api", "/problems/none"):
        answer = await client.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 404


async def test_without_a_page_the_api_serves_on(app: FastAPI, frontend: Path) -> None:
    """A missing directory is a 404 at /, nothing more."""
    shutil.rmtree(frontend)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        await problem(client, "/", 404)
        assert (await client.get("/healthz")).status_code == 200


async def test_the_documentation_needs_no_other_site(client: httpx.AsyncClient) -> None:
    """Three files of ours, no address of another host, nothing inline."""
    for path, kind in {
        "/docs": "text/html",
        "/docs/docs.js": "text/javascript",
        "/docs/docs.css": "text/css",
    }.items():
        answer = await client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)
        assert "://" not in answer.text
        assert "innerHTML" not in answer.text
        assert "<style" not in answer.text
        assert " style=" not in answer.text


async def test_the_document_describes_every_parameter_and_answer(
    client: httpx.AsyncClient,
) -> None:
    """OpenAPI 3.1, descriptions everywhere, problems as problem+json, no 422."""
    document = (await client.get("/openapi.json")).json()

    assert document["openapi"].startswith("3.1")
    for path, item in document["paths"].items():
        for operation in item.values():
            assert operation["description"], path
            for parameter in operation.get("parameters", []):
                assert parameter["description"], (path, parameter["name"])
            assert "422" not in operation["responses"]
            assert "application/problem+json" in operation["responses"]["4XX"]["content"]


def test_the_committed_document_is_current() -> None:
    """docs/openapi.json is what the code says (`make docs` writes it)."""
    committed = (REPOSITORY / "docs" / "openapi.json").read_text(encoding="utf-8")

    assert committed == openapi_text()


async def test_what_happens_is_counted(client: httpx.AsyncClient, app: FastAPI) -> None:
    """Requests by route template, problems by kind, database failures by reason."""
    await problem(client, "/api/v1/calls", 400, nope="1")
    await problem(client, "/api/v1/calls/secret-call-id", 503)
    await get(client, "/version")

    text = generate_latest(app.state.context.metrics.registry).decode()

    assert 'hepscope_api_problems_total{kind="unknown-parameter"} 1.0' in text
    assert 'hepscope_api_problems_total{kind="internal"} 0.0' in text
    assert 'hepscope_api_database_failures_total{reason="away"} 1.0' in text
    assert 'handler="/api/v1/calls/{call_id}"' in text
    assert "hepscope_api_http_requests_total" in text
    assert "secret-call-id" not in text


async def test_an_unexpected_error_is_a_problem(client: httpx.AsyncClient, app: FastAPI) -> None:
    """A fault of ours answers 500 without its details, with all headers."""

    @app.get("/api/v1/broken")
    async def broken() -> None:
        raise KeyError("secret")

    app.router.routes.insert(0, app.router.routes.pop())

    answer = await client.get("/api/v1/broken")

    assert (answer.status_code, answer.json()["type"]) == (500, f"/problems/{Kind.INTERNAL}")
    assert "secret" not in answer.text
    assert "content-security-policy" in answer.headers
