"""Logs of a call while Loki is away, slow, refuses, or answers what Loki never would.

The database's part always comes with status 200, and Loki's state says that more is missing.
"""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI

from hepscope_migrations import head
from hepscope_query_api.app import create_app
from hepscope_query_api.component import make_pool
from hepscope_query_api.settings import ApiSettings
from integration.query_api.asking import get, problem
from integration.query_api.logs_rig import (
    ASTERISK,
    BEGIN,
    CALL,
    SINK,
    asking,
    hep,
    log,
    loki_state,
    path,
    texts,
)
from integration.query_api.stored import NOW_US, Stored
from support.loki_query import FakeLoki, Reply, bomb, fake_loki

pytestmark = pytest.mark.database

PASSWORD = "never-tell-1"


@pytest.fixture
def loki() -> Iterator[FakeLoki]:
    """A Loki that holds a line of the call."""
    with fake_loki(login=("me", PASSWORD)) as one:
        one.push(BEGIN + 1, f"in Loki {CALL}", ASTERISK)
        yield one


@pytest.fixture
async def call(stored: Stored) -> None:
    """A call with one line in the database."""
    await stored.call(CALL, BEGIN)
    await log(stored, "by HEP", BEGIN)
    await stored.commit()


@pytest.fixture
async def app(
    request: pytest.FixtureRequest, database: str, loki: FakeLoki
) -> AsyncIterator[FastAPI]:
    """An API that asks Loki, and waits a minute for it unless a test says otherwise."""
    settings = ApiSettings.model_validate(
        {
            "loki_url": loki.url,
            "loki_username": "me",
            "loki_password": PASSWORD,
            "loki_timeout_seconds": getattr(request, "param", 60.0),
        }
    )
    async with make_pool(database, settings) as pool:
        yield create_app(settings, pool, needed_schema=head(), now_us=lambda: NOW_US)


def counted(app: FastAPI) -> dict[str, float]:
    """Return the questions to Loki by what became of them, of those there were."""
    metrics = app.state.context.metrics
    return {
        sample.labels["outcome"]: sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "hepscope_api_loki_queries_total" and sample.value
    }


async def trouble(client: httpx.AsyncClient) -> str:
    """Return what is said of Loki, which must have failed; the database's line must be there."""
    answer = await get(client, path())
    assert texts(answer) == ["by HEP"]
    state, detail = loki_state(answer)
    assert state == "failed"
    assert PASSWORD not in json.dumps(answer)
    return detail


@pytest.mark.usefixtures("call")
async def test_counts_questions_that_were_answered(client: httpx.AsyncClient, app: FastAPI) -> None:
    """Three questions, for what is marked and what is in the text."""
    assert texts(await get(client, path())) == [f"in Loki {CALL}", "by HEP"]
    assert counted(app) == {"ok": 3}


@pytest.mark.usefixtures("call")
@pytest.mark.parametrize("app", [2.0], indirect=True)
async def test_tells_that_loki_is_slow(
    client: httpx.AsyncClient, app: FastAPI, loki: FakeLoki
) -> None:
    """After its time the list comes without it."""
    loki.stall()
    assert (await trouble(client)).startswith("Loki did not answer within 2 s. Try again")
    assert counted(app) == {"timeout": 3}


@pytest.mark.usefixtures("call")
async def test_gives_the_database_its_own_time(database: str, loki: FakeLoki) -> None:
    """A Loki that is slower than a search may be is no reason for the search to fail."""
    loki.push(BEGIN + 2, f"copied {CALL}", SINK, hep())

    def late() -> None:
        loki.released.wait(4.5)

    loki.behaviour = late
    settings = {"loki_url": loki.url, "loki_username": "me", "loki_password": PASSWORD}
    async with asking(database, **settings, statement_timeout_seconds=4) as client:
        answer = await get(client, path())
    assert texts(answer) == [f"copied {CALL}", f"in Loki {CALL}", "by HEP"]


@pytest.mark.usefixtures("call")
async def test_tells_that_loki_is_away(database: str) -> None:
    """Nobody listens at its address, which is named, without the password in it."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{unused.getsockname()[1]}"
        async with asking(database, loki_url=f"http://me:{PASSWORD}@{place}") as client:
            detail = await trouble(client)
    assert detail.startswith(f"Loki cannot be reached at http://{place}: ")


@pytest.mark.usefixtures("call")
@pytest.mark.parametrize(
    "case",
    [
        (500, b"rpc error: code = Unknown desc = \x1b[31mtoo bad\n", "500: rpc error"),
        (400, b"parse error at line 1", "400: parse error"),
        (404, b"404 page not found", "Is api.loki_url the address of Loki"),
        (429, b"too many outstanding requests", "try again soon"),
        (502, b"<html><script>alert(1)</script></html>", "with 502. Its own log"),
        (503, b"x" * 100_000, "503: xxx"),
    ],
)
async def test_tells_that_loki_refuses(
    client: httpx.AsyncClient, app: FastAPI, loki: FakeLoki, case: tuple[int, bytes, str]
) -> None:
    """Its status and the begin of its words; no page of a gateway, no terminal escapes."""
    status, body, told = case
    loki.answer(status, body)
    detail = await trouble(client)
    assert told in detail
    assert len(detail) < 500
    assert not {"\x1b", "\n", "<"} & set(detail)
    assert counted(app) == {"refused": 3}


@pytest.mark.usefixtures("call")
async def test_follows_no_redirection(
    client: httpx.AsyncClient, app: FastAPI, loki: FakeLoki
) -> None:
    """Another place must not get the credentials."""
    with fake_loki() as other:
        loki.answer(307, b"", {"Location": f"{other.url}/loki/api/v1/query_range"})
        assert "not followed" in await trouble(client)
        assert other.asked == []
    assert counted(app) == {"redirect": 3}


def streams(*result: object, **more: object) -> bytes:
    """Return an answer of Loki's shape."""
    data = {"resultType": "streams", "result": result}
    return json.dumps({"status": "success", "data": data, **more}).encode()


NOW = str(BEGIN * 1000)

NONSENSE = {
    "nothing": b"",
    "text": b"hello",
    "half": streams({"stream": {}, "values": [[NOW, "x"]]})[:-3],
    "not UTF-8": b'{"status": "\xff"}',
    "deep": b"[" * 100_000,
    "number": b"17",
    "failure": streams(status="error"),
    "matrix": b'{"status": "success", "data": {"resultType": "matrix", "result": []}}',
    "no result": b'{"status": "success", "data": {"resultType": "streams"}}',
    "null": b'{"status": "success", "data": null}',
    "stream no object": streams("stream"),
    "labels no text": streams({"stream": {"a": 1}, "values": []}),
    "no values": streams({"stream": {}}),
    "value no list": streams({"stream": {}, "values": ["x"]}),
    "value empty": streams({"stream": {}, "values": [[]]}),
    "time a number": streams({"stream": {}, "values": [[BEGIN * 1000, "x"]]}),
    "time no number": streams({"stream": {}, "values": [["\u0661\u0662", "x"]]}),
    "time too long": streams({"stream": {}, "values": [["9" * 5000, "x"]]}),
    "time of another day": streams({"stream": {}, "values": [["1", "x"]]}),
    "line no text": streams({"stream": {}, "values": [[NOW, {"a": 1}]]}),
}


@pytest.mark.usefixtures("call")
@pytest.mark.parametrize("body", NONSENSE.values(), ids=NONSENSE)
async def test_tells_nonsense_from_an_answer(
    client: httpx.AsyncClient, app: FastAPI, loki: FakeLoki, body: bytes
) -> None:
    """What is not of the documented shape is no empty list."""
    loki.answer(200, body)
    assert "not what Loki answers" in await trouble(client)
    assert counted(app) == {"invalid": 3}


@pytest.mark.usefixtures("call")
async def test_takes_what_newer_releases_add(client: httpx.AsyncClient, loki: FakeLoki) -> None:
    """Further members and a third part of values are left alone; half a surrogate is replaced."""
    value = [NOW, f"x {CALL} \ud800", {"structuredMetadata": {"a": "b"}}]
    loki.answer(200, streams({"stream": {"a": "b"}, "values": [value]}, warnings=["w"]))
    assert texts(await get(client, path())) == ["by HEP", f"x {CALL} ?"][::-1]


@pytest.mark.usefixtures("call")
async def test_stops_reading_what_does_not_end(
    client: httpx.AsyncClient, app: FastAPI, loki: FakeLoki
) -> None:
    """An answer of more than 8 MiB is given up."""
    loki.answer(200, b" " * (9 * 1024 * 1024))
    assert "passes 8 MiB" in await trouble(client)
    assert counted(app) == {"too_large": 3}


@pytest.mark.usefixtures("call")
async def test_unpacks_nothing_it_did_not_ask_for(
    client: httpx.AsyncClient, app: FastAPI, loki: FakeLoki
) -> None:
    """A small answer cannot become a huge one."""
    loki.answer(200, bomb(50 * 1024 * 1024), {"Content-Encoding": "gzip"})
    assert "compressed" in await trouble(client)
    assert counted(app) == {"invalid": 3}


@pytest.mark.usefixtures("call")
async def test_tells_what_is_no_http_at_all(database: str) -> None:
    """Another service at that address is no reason to fail."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        place = f"127.0.0.1:{server.getsockname()[1]}"

        async with asking(database, loki_url=f"http://{place}", loki_jobs="") as client:
            answer = asyncio.create_task(trouble(client))
            speaking, _ = await asyncio.to_thread(server.accept)
            with speaking:
                # Closed with something unread, it would be a broken connection.
                await asyncio.to_thread(speaking.recv, 65_536)
                speaking.sendall(b"220 mail.example.net ESMTP\r\n")
            detail = await answer
    assert detail == f"What is at http://{place} does not speak HTTP as Loki does."


@pytest.mark.usefixtures("call")
async def test_keeps_what_other_questions_found(
    client: httpx.AsyncClient, app: FastAPI, loki: FakeLoki
) -> None:
    """Where one of three fails, the lines of the others are shown, and that some are missing."""
    replies: list[Reply | None] = [None, (500, {}, b"busy"), None]
    loki.behaviour = replies.pop
    answer = await get(client, path())
    assert loki_state(answer)[0] == "failed"
    assert counted(app) == {"ok": 2, "refused": 1}


@pytest.mark.usefixtures("call")
async def test_goes_on_once_loki_is_back(client: httpx.AsyncClient, loki: FakeLoki) -> None:
    """Nothing is remembered of the failure."""
    loki.answer(500, b"")
    await trouble(client)
    loki.behaviour = None
    assert texts(await get(client, path())) == [f"in Loki {CALL}", "by HEP"]


@pytest.mark.usefixtures("call")
async def test_never_logs_credentials(
    client: httpx.AsyncClient, loki: FakeLoki, caplog: pytest.LogCaptureFixture
) -> None:
    """What goes wrong is logged, not by which password."""
    loki.answer(401, b"invalid authentication credentials")
    with caplog.at_level(logging.DEBUG):
        await trouble(client)
    assert any(record.name == "hepscope.api.loki" for record in caplog.records)
    assert PASSWORD not in caplog.text
    assert "bWU6" not in caplog.text  # "me:" in base64


async def test_a_database_that_fails_is_a_problem(database: str, loki: FakeLoki) -> None:
    """Without it there is no call to look for; Loki alone is no answer."""
    async with asking(database, loki_url=loki.url, statement_timeout_seconds=0.000001) as client:
        await problem(client, path(), 504)
    assert loki.asked == []
