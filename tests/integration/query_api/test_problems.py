"""What is refused or fails is a problem that says what to do."""

from pathlib import Path

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from hepscope_common.store import connection as store
from hepscope_common.store.connection import Access
from hepscope_migrations import head
from hepscope_query_api.app import create_app
from hepscope_query_api.component import make_pool
from hepscope_query_api.settings import ApiSettings
from integration.query_api.asking import get, items, problem
from integration.query_api.stored import MIDNIGHT, NOW_US, Stored, request

pytestmark = pytest.mark.database

REFUSED: list[tuple[str, dict[str, str], str, str]] = [
    ("/api/v1/calls", {"form_user": "x"}, "unknown-parameter", "Did you mean from_user?"),
    ("/api/v1/calls", {"<script>": "x"}, "unknown-parameter", "<script>"),
    ("/api/v1/calls", {"include": "payload"}, "unknown-parameter", "include"),
    ("/api/v1/calls/x", {"limit": "1"}, "unknown-parameter", "limit"),
    ("/api/v1/calls/x/flow", {"limit": "1"}, "unknown-parameter", "limit"),
    ("/api/v1/messages/x", {"at": "1"}, "unknown-parameter", "at"),
    ("/api/v1/nodes", {"q": "1"}, "unknown-parameter", "q"),
    ("/api/v1/registrations", {"from_user": "1"}, "unknown-parameter", "from_user"),
    ("/api/v1/calls", {"limit": "0"}, "invalid-parameter", "limit"),
    ("/api/v1/calls", {"limit": "1001"}, "invalid-parameter", "limit"),
    ("/api/v1/calls", {"limit": "ten"}, "invalid-parameter", "limit"),
    ("/api/v1/calls", {"order": "up"}, "invalid-parameter", "order"),
    ("/api/v1/calls", {"start": "yesterday"}, "invalid-parameter", "start"),
    ("/api/v1/calls", {"start": "2026-02-30T00:00:00Z"}, "invalid-parameter", "start"),
    ("/api/v1/calls", {"end": "0001-01-01T00:00:00+23:00"}, "invalid-parameter", "end"),
    (
        "/api/v1/calls",
        {"start": "2026-03-11T00:00:00Z", "end": "2026-03-11T00:00:00Z"},
        "invalid-parameter",
        "before end",
    ),
    ("/api/v1/calls", {"status": "busy"}, "invalid-parameter", "486 or 4*"),
    ("/api/v1/calls", {"status": "9223372036854775808"}, "invalid-parameter", "486 or 4*"),
    ("/api/v1/calls", {"state": "sleeping"}, "invalid-parameter", "setup, ringing"),
    ("/api/v1/calls", {"source": "10.0.0"}, "invalid-parameter", "source"),
    ("/api/v1/calls", {"source": "10.0.0.1:99999"}, "invalid-parameter", "port"),
    ("/api/v1/calls", {"source": "[::1"}, "invalid-parameter", "source"),
    ("/api/v1/calls", {"source": "fe80::1%eth0"}, "invalid-parameter", "source"),
    ("/api/v1/calls", {"pdd_ms": "1e400"}, "invalid-parameter", "number"),
    ("/api/v1/calls", {"from_user": "x" * 1025}, "invalid-parameter", "1024"),
    ("/api/v1/calls", {"from_user": "*" * 9}, "invalid-parameter", "wildcards"),
    ("/api/v1/calls", {"cursor": "AAAA"}, "invalid-cursor", "without it"),
    ("/api/v1/calls", {"cursor": "é"}, "invalid-cursor", "without it"),
    ("/api/v1/calls", {"q": "a b = c"}, "invalid-parameter", "position 4"),
    ("/api/v1/calls", {"q": 'from_user="x"'}, "invalid-parameter", "position 0"),
    ("/api/v1/calls", {"q": "x and y"}, "invalid-parameter", "position 2"),
    ("/api/v1/calls", {"q": " ".join("abcdefghi")}, "invalid-parameter", "position 16"),
    ("/api/v1/calls/x", {"at": "now"}, "invalid-parameter", "at"),
    ("/api/v1/calls/x/export", {}, "invalid-parameter", "format"),
    ("/api/v1/calls/x/export", {"format": "exe"}, "invalid-parameter", "format"),
    ("/api/v1/messages", {"include": "everything"}, "invalid-parameter", "include"),
    ("/api/v1/messages", {"protocol_type": "sip"}, "invalid-parameter", "protocol_type"),
    ("/api/v1/messages", {"transport": "icmp"}, "invalid-parameter", "udp"),
    ("/api/v1/messages", {"protocol_type": "1,"}, "invalid-parameter", "protocol_type"),
]


async def test_bad_parameters_are_refused(client: httpx.AsyncClient) -> None:
    """Each is a 400 that names the parameter and what was expected."""
    for path, query, kind, words in REFUSED:
        details = await problem(client, path, 400, **query)

        assert details["type"] == f"/problems/{kind}", (path, query)
        assert words in str(details["detail"]), (path, query, details)
        assert "parameter" in details


async def test_single_parameters_are_taken_once(client: httpx.AsyncClient) -> None:
    """Neither of two limits is ignored."""
    answer = await client.get("/api/v1/calls?limit=1&limit=2")

    assert answer.status_code == 400
    assert answer.json()["parameter"] == "limit"


async def test_an_error_in_a_search_says_where(client: httpx.AsyncClient) -> None:
    """Position counts characters from 0, expected lists what may stand there."""
    details = await problem(client, "/api/v1/calls", 400, q="4930 status>=400")

    assert (details["parameter"], details["position"]) == ("q", 5)
    assert details["expected"] == ["words only, as yet"]


HOSTILE = [
    "'", "\0", "%00", "$1", "\\", "\\*", "%", "_", "\u202e", "\U0001f4a9", "1; drop table call",
    "){", "\ud7ff", "  ", "\r\nSet-Cookie: x",
]  # fmt: skip


async def test_hostile_values_match_nothing_and_break_nothing(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """Every text filter takes any characters as they are."""
    await stored.put(request("INVITE", "c1"), MIDNIGHT)
    await stored.commit()
    for value in HOSTILE:
        for name in ("call_id", "from_user", "user_agent", "nodes", "reason"):
            assert await items(client, "/api/v1/calls", **{name: value}) == [], (name, value)
        for name in ("call_id", "node", "fault", "cseq"):
            assert await items(client, "/api/v1/messages", **{name: value}) == [], (name, value)
        assert await items(client, "/api/v1/registrations", aor_user=value) == []
    raw = await client.get("/api/v1/calls?from_user=%ff%fe&call_id=%c3%28")
    assert (raw.status_code, raw.json()["items"]) == (200, [])


async def test_a_cursor_serves_only_its_own_list(client: httpx.AsyncClient, stored: Stored) -> None:
    """Another filter, order, path, or a changed character makes it invalid."""
    for number in range(3):
        await stored.put(request("INVITE", f"c{number}"), MIDNIGHT + number)
    await stored.commit()
    page = await get(client, "/api/v1/calls", method="INVITE", limit=1)
    cursor = str(page["next_cursor"])
    others: list[tuple[str, dict[str, str]]] = [
        ("/api/v1/calls", {}),
        ("/api/v1/calls", {"method": "BYE"}),
        ("/api/v1/calls", {"method": "INVITE", "order": "time"}),
        ("/api/v1/calls", {"method": "INVITE", "start": "2026-03-11T00:00:00Z"}),
        ("/api/v1/messages", {"method": "INVITE"}),
    ]
    for path, query in others:
        details = await problem(client, path, 400, **query, cursor=cursor)
        assert details["type"] == "/problems/invalid-cursor"
    for at in range(0, len(cursor), 7):
        spoiled = cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :]
        answer = await client.get(
            "/api/v1/calls", params={"method": "INVITE", "limit": "1", "cursor": spoiled}
        )
        assert answer.status_code in (200, 400), answer.text


async def test_paths_and_methods_that_are_not_there(client: httpx.AsyncClient) -> None:
    """Also what the server itself refuses is a problem."""
    for path in ("/api/v1/nothing", "/api", "/api/v2/calls", "/api/v1/calls/x/y", "/problems/x"):
        details = await problem(client, path, 404)
        assert details["type"] == "/problems/not-found"
    answer = await client.post("/api/v1/calls")
    assert (answer.status_code, answer.json()["type"]) == (405, "/problems/method-not-allowed")
    assert answer.headers["allow"] == "GET"


async def test_kinds_of_problems_are_explained(client: httpx.AsyncClient) -> None:
    """The type of a problem leads to its meaning."""
    meaning = await get(client, "/problems/query-timeout")

    assert (meaning["type"], meaning["status"]) == ("/problems/query-timeout", 504)


async def test_a_search_that_takes_too_long_is_stopped(
    database: str, frontend: Path, stored: Stored
) -> None:
    """504 with the way out; the statement is cancelled and the connection serves again."""
    settings = ApiSettings(frontend=frontend, statement_timeout_seconds=0.2)
    await stored.connection.execute("begin; lock table hepscope.node, hepscope.call")
    # Nothing tells this pool that it is a lock that it waits for.
    patient = {"statement_timeout": "1200ms"}
    async with store.make_pool(
        database, Access.READER, application_name="patient", size=1, settings=patient
    ) as pool:
        app = create_app(settings, pool, needed_schema=head(), now_us=lambda: NOW_US)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            for path in ("nodes", "calls", "stats/outcomes", "fields/status/values"):
                details = await problem(client, f"/api/v1/{path}", 504)
                assert details["type"] == "/problems/query-timeout"
                assert "Shorten the time range" in str(details["detail"])
            await stored.connection.execute("rollback")
            # What is free again may take its time on a busy machine.
            app.state.context.database.timeout_seconds = 60
            again = await items(client, "/api/v1/nodes")

    assert again == []


async def test_a_search_that_waits_for_a_lock_says_so(
    database: str, frontend: Path, stored: Stored
) -> None:
    """503, to be tried again: a shorter range would wait as long."""
    settings = ApiSettings(frontend=frontend, statement_timeout_seconds=8, pool_size=1)
    async with make_pool(database, settings) as pool:
        app = create_app(settings, pool, needed_schema=head(), now_us=lambda: NOW_US)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            # It is connected from now on, which costs part of the time on a busy machine.
            assert await items(client, "/api/v1/nodes") == []
            await stored.connection.execute("begin; lock table hepscope.node")
            answer = await client.get("/api/v1/nodes")
            await stored.connection.execute("rollback")
            again = await items(client, "/api/v1/nodes")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["type"] == "/problems/database-locked"
    assert again == []


async def test_the_server_stops_a_statement_by_itself(database: str, frontend: Path) -> None:
    """The session's own timeout is the backstop, and the session cannot write."""
    settings = ApiSettings(frontend=frontend, statement_timeout_seconds=0.1)
    async with make_pool(database, settings) as pool, pool.acquire() as connection:
        assert await connection.fetchval("show statement_timeout") == "1100ms"
        assert await connection.fetchval("show lock_timeout") == "50ms"
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await connection.execute("delete from hepscope.node")


async def test_a_busy_pool_is_a_problem(app: FastAPI, client: httpx.AsyncClient) -> None:
    """When every connection is taken for longer than a search may take, that is said."""
    pool = app.state.context.database._pool
    taken = [await pool.acquire() for _ in range(pool.get_max_size())]
    app.state.context.database.timeout_seconds = 0.05
    try:
        details = await problem(client, "/api/v1/nodes", 504)
    finally:
        for connection in taken:
            await pool.release(connection)

    assert details["type"] == "/problems/query-timeout"


async def test_without_a_database_the_answer_is_503(frontend: Path) -> None:
    """The process answers, says when to try again, and readiness says why."""
    settings = ApiSettings(frontend=frontend)
    async with make_pool("postgresql://nobody@127.0.0.1:1/none", settings) as pool:
        app = create_app(settings, pool, needed_schema=head(), now_us=lambda: NOW_US)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answer = await client.get("/api/v1/calls")
            ready = await client.get("/readyz")
            alive = await client.get("/healthz")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["type"] == "/problems/database-unavailable"
    assert (ready.status_code, ready.json()["parts"]["database"]["ready"]) == (503, False)
    assert alive.json() == {"status": "ok"}


async def test_a_database_that_comes_back_is_used_again(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """Sessions that the server ended are replaced, whether the end has come to us yet or not."""
    for _ in range(5):
        assert await items(client, "/api/v1/nodes") == []
        await stored.connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
    assert await items(client, "/api/v1/nodes") == []


async def test_readiness_asks_for_the_schema(client: httpx.AsyncClient, stored: Stored) -> None:
    """Ready with the schema that this release needs, not without it."""
    assert await get(client, "/readyz") == {
        "ready": True,
        "parts": {"database": {"ready": True, "detail": f"schema {head()}"}},
    }
    await stored.connection.execute("update hepscope.alembic_version set version_num = '0000'")
    old = await client.get("/readyz")
    await stored.connection.execute("drop table hepscope.alembic_version")
    none = await client.get("/readyz")

    assert old.status_code == 503
    assert "hepscope migrate" in old.json()["parts"]["database"]["detail"]
    assert none.status_code == 503
