"""The live stream over a real database: nothing missed, nothing twice, and an end to everything."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from hepscope_query_api.live import live, reader, tail
from integration.query_api.live_rig import PATIENCE_SECONDS, Follower, Rig, Writer, running
from integration.query_api.stored import SECOND, Stored, request, response

pytestmark = pytest.mark.database


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks follow each other quickly."""
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.1)


@pytest.fixture
async def rig(database: str, frontend: Path) -> AsyncIterator[Rig]:
    """A running API."""
    async with running(database, frontend) as started:
        yield started


@pytest.fixture
async def writers(database: str) -> AsyncIterator[list[Writer]]:
    """Two connections that store, each for its own partition."""
    connections = [await asyncpg.connect(database) for _ in range(2)]
    yield [Writer(connection, number) for number, connection in enumerate(connections)]
    for connection in connections:
        await connection.close()


async def test_two_writers_that_commit_out_of_order(rig: Rig, writers: list[Writer]) -> None:
    """What was written first and committed last comes last, once; late and early clocks too."""
    first, second = writers
    await first.put("before")
    async with rig.following() as follower:
        slow = first.connection.transaction()
        await slow.start()
        await first.put("slow-1", "slow-2")
        await second.put("quick")
        assert await follower.call_ids(1) == ["quick"]
        await second.put("late", age_s=3 * 3600)
        await second.put("ahead", age_s=-1800)
        await slow.commit()
        rest = await follower.call_ids(4)
        await second.put("last")
        rest += await follower.call_ids(1)

    assert sorted(rest[:4]) == ["ahead", "late", "slow-1", "slow-2"]
    assert rest[4:] == ["last"]


async def test_a_row_in_an_old_block_is_found_later(
    rig: Rig, writers: list[Writer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Vacuum gives its room back, and the next row goes there instead of to the end."""
    monkeypatch.setattr(tail, "SPARE_BLOCKS", 0)
    monkeypatch.setattr(tail, "SWEEP_US", SECOND)
    writer = writers[0]
    await writer.put(*[f"old-{number}" for number in range(400)])
    leaf = await writer.connection.fetchval(
        "select relname from pg_class where relname like 'sip_call_p%' and relkind = 'r' limit 1"
    )
    await writer.connection.execute(f"delete from hepscope.\"{leaf}\" where ctid < '(1,0)'")
    await writer.connection.execute(f'vacuum hepscope."{leaf}"')
    other = writers[1]
    async with rig.following() as follower:
        for _ in range(5):
            await follower.until("messages")
        await other.put("in the hole")
        place = await other.connection.fetchval(
            f"select ctid::text from hepscope.\"{leaf}\" where call_id = 'in the hole'"
        )
        found = await follower.call_ids(1)

    assert place.startswith("(0,")
    assert found == ["in the hole"]


async def test_of_a_flood_whole_calls_are_shown(rig: Rig, writers: list[Writer]) -> None:
    """As many as the rate allows, with the truth about the rest."""
    calls = [f"call-{number}" for number in range(300)]
    async with rig.following() as follower:
        await follower.until("messages")
        async with writers[0].connection.transaction():
            await writers[0].put(*calls)
            await writers[0].put(*calls)
        told = (await follower.until("messages")).data
        while not told["items"]:
            told = (await follower.until("messages")).data

    shown, skipped, one_of = told["items"], told["skipped"], told["one_of"]
    assert isinstance(shown, list)
    assert isinstance(skipped, int)
    assert len(shown) + skipped == 600
    assert one_of in (8, 16)
    by_call = [item["call_id"] for item in shown]
    assert all(by_call.count(call_id) == 2 for call_id in by_call)


async def test_filters_are_those_of_messages(rig: Rig, writers: list[Writer]) -> None:
    """Repeated ones are joined by or, ``!`` leaves out; what cannot be read is refused at once."""
    async with rig.following(status=["4*", "503", "!401"], from_user="al*") as follower:
        for status in (200, 404, 401, 503):
            await writers[0].put(f"{status}", method=None, status=status)
        await writers[0].put("of bob", method=None, status=404, from_user="bob")
        await writers[0].put("end", method=None, status=480)
        found = await follower.call_ids(3)

    assert sorted(found) == ["404", "503", "end"]
    refused = await rig.ask(status="x")
    assert refused.status_code == 400
    assert refused.json()["parameter"] == "status"
    unknown = await rig.ask(form_user="x")
    assert unknown.json()["detail"] == (
        "No parameter is called “form_user”. Did you mean from_user?"
    )


async def test_a_reader_goes_on_where_its_connection_broke(rig: Rig, writers: list[Writer]) -> None:
    """What came meanwhile is sent; from too long ago the gap is told instead."""
    async with rig.following() as follower:
        at = (await follower.until("messages")).id
    await writers[0].put("meanwhile")
    async with rig.following(last_event_id=at) as follower:
        assert await follower.call_ids(1) == ["meanwhile"]
        await writers[0].put("after")
        assert await follower.call_ids(1) == ["after"]
    long_ago = str(int(at) - 60 * SECOND)
    async with rig.following(last_event_id=long_ago) as follower:
        lost = (await follower.until("lost")).data
    assert lost["reason"] == "gap"
    assert str(lost["from"]) < str(lost["to"])


async def test_a_database_that_is_away_is_told_and_missed_nothing(
    rig: Rig, writers: list[Writer]
) -> None:
    """Its tables are hidden for a while; the stream goes on by itself."""
    hide = "alter table hepscope.bus_position rename to hidden"
    show = "alter table hepscope.hidden rename to bus_position"
    async with rig.following() as follower:
        await follower.until("messages")
        await writers[0].connection.execute(hide)
        trouble = (await follower.until("trouble")).data
        await writers[0].connection.execute(show)
        await writers[0].put("back")
        assert await follower.call_ids(1) == ["back"]

    assert trouble["title"] == "Database unavailable"


async def test_calls_under_way_and_failures(rig: Rig, stored: Stored) -> None:
    """Counted by state and outcome, those of the last day; filtered where calls have the filter."""
    now_us = time.time_ns() // 1000

    async def ring(call_id: str, age_s: int, from_user: str = "alice") -> None:
        began = now_us - age_s * SECOND
        await stored.put(request("INVITE", call_id, from_user=from_user), began)
        ringing = response(180, "Ringing", "INVITE", call_id, from_user=from_user)
        await stored.put(ringing, began + SECOND // 2)

    await ring("rings", 2)
    await ring("of bob", 3, "bob")
    await stored.call("over", now_us - 15 * SECOND)
    await stored.failed_call("fault", now_us - 3 * SECOND, 503, "Service Unavailable")
    await stored.failed_call("rejected", now_us - 3 * SECOND, 404, "Not Found")
    await stored.failed_call("busy", now_us - 3 * SECOND, 486, "Busy Here")
    await stored.put(request("INVITE", "unheard"), now_us - 50 * SECOND)
    await stored.put(request("INVITE", "of yesterday"), now_us - 20 * 3600 * SECOND)
    await stored.commit()

    async with rig.following() as everything, rig.following(from_user="bob") as of_bob:
        past = (await everything.until("history")).data
        calls = (await everything.until("calls")).data
        filtered = (await of_bob.until("calls")).data

    assert calls["now"] == 2
    assert calls["is_at_least"] is False
    assert calls["failures"] == {"fault": 1, "rejected": 1, "no_reply": 1}
    assert calls["starting_per_s"] == 0.5
    items = calls["items"]
    assert isinstance(items, list)
    assert [(item["call_id"], item["state"]) for item in items] == [
        ("rings", "ringing"),
        ("of bob", "ringing"),
    ]
    assert filtered["now"] == 1
    steps = past["items"]
    assert isinstance(steps, list)
    assert len(steps) == 41
    assert steps[0]["now"] == 0
    # The one that nobody heard was under way for 32 s.
    assert max(step["now"] for step in steps[-4:-1]) == 1
    assert steps[-1]["now"] == 2
    assert steps[-1]["failures"] == calls["failures"]


async def test_trouble_with_one_question_is_told_once(
    database: str, frontend: Path, writers: list[Writer]
) -> None:
    """Calls that cannot be counted are trouble, as of when it began; messages go on."""
    quick = {"statement_timeout_seconds": 3}
    async with running(database, frontend, quick) as rig, rig.following() as follower:
        lock = writers[1].connection.transaction()
        await lock.start()
        await writers[1].connection.execute("lock table hepscope.call in access exclusive mode")
        await follower.until("trouble")
        for _ in range(3):
            await follower.until("messages")
        await lock.rollback()
        await follower.until("calls")
        await writers[0].put("after-trouble")
        assert await follower.call_ids(1) == ["after-trouble"]
    assert [told.name for told in follower.heard].count("trouble") == 1


async def test_a_reader_that_takes_nothing_is_cut_off(
    database: str, frontend: Path, writers: list[Writer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once its socket is full; who follows beside it misses nothing and waits for nothing."""
    monkeypatch.setattr(reader, "PATIENCE_S", 2.0)
    many = [f"call-{number}" for number in range(300)]
    all_shown = {"live_messages_per_second": 1000}
    async with running(database, frontend, all_shown) as rig, rig.following() as beside:
        with socket.socket() as stuck:
            stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stuck.connect(("127.0.0.1", rig.api.servers[0].address.port))
            stuck.sendall(b"GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
            async with asyncio.timeout(PATIENCE_SECONDS):
                while rig.count("cut_total") == 0:
                    await writers[0].put(*many)
                    assert await beside.call_ids(len(many)) != []
        assert rig.count("cut_total") == 1
        assert rig.count("lost_total", reason="slow") == 0
        assert rig.count("readers") == 1
        await writers[0].put("after")
        assert await beside.call_ids(1) == ["after"]
    assert "lost" not in {told.name for told in beside.heard}


async def test_a_fault_is_counted_and_told_and_readers_may_come_anew(
    rig: Rig, writers: list[Writer], caplog: pytest.LogCaptureFixture
) -> None:
    """A column that is not there is none of the troubles that pass by themselves."""
    connection = writers[0].connection
    async with rig.following() as follower:
        at = (await follower.until("messages")).id
        rename = "alter table hepscope.bus_position rename column {} to {}".format
        await connection.execute(rename("next_offset", "hidden"))
        told = (await follower.until("trouble")).data
        assert await follower.next() is None
        await connection.execute(rename("hidden", "next_offset"))
    assert told["title"] == "Internal error"
    assert rig.count("failures_total") == 1
    assert "UndefinedColumnError" in caplog.text
    await writers[0].put("meanwhile")
    async with rig.following(last_event_id=at) as anew:
        assert await anew.call_ids(1) == ["meanwhile"]


async def test_a_connection_that_is_ended_is_made_anew(rig: Rig, writers: list[Writer]) -> None:
    """By the server, as when it restarts: neither trouble nor loss, and no fault."""
    end = (
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() "
        "and starts_with(application_name, 'hepscope-query-api')"
    )
    async with rig.following() as follower:
        for call_id in ("one", "two", "three"):
            await follower.until("messages")
            assert await writers[0].connection.fetch(end)
            await writers[0].put(call_id)
            assert await follower.call_ids(1) == [call_id]
    assert {told.name for told in follower.heard} <= {"hello", "history", "messages", "calls"}
    assert rig.count("failures_total") == 0


async def test_there_is_an_end_to_readers_and_to_streams(
    database: str, frontend: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One too many is refused with words; the end of the process ends a stream at once."""
    async with running(database, frontend, {"live_readers": 1}) as rig:
        async with rig.following() as follower:
            full = await rig.ask()
            assert full.status_code == 503
            assert full.json()["type"] == "/problems/live-full"
            assert full.headers["retry-after"]
            await follower.until("messages")
        head = await rig.ask("HEAD")
        assert head.status_code == 200
        assert head.headers["x-accel-buffering"] == "no"
        follower = await _ends_with(rig)
    assert follower.heard[-1].name != "hello"
    # What the server does with a stream that does not end by itself.
    assert "shutdown exceeded" not in caplog.text


async def _ends_with(rig: Rig) -> Follower:
    async with rig.following() as follower:
        await follower.until("messages")
        closing = asyncio.create_task(rig.api.__aexit__(None, None, None))
        while await follower.next() is not None:
            pass
        await closing
    return follower
