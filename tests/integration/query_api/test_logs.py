"""Logs of a call out of the database: which lines are its own, order, pages, and plans."""

import base64
import json

import httpx
import pytest

from hepscope_common.calls import stored_call_id
from hepscope_query_api.timestamps import format_time, from_us
from integration.query_api.asking import get, items, pages, problem
from integration.query_api.logs_rig import BEGIN, CALL, END, asking, log, loki_state, path, texts
from integration.query_api.stored import BOB, DAY, SECOND, Stored, request

pytestmark = pytest.mark.database

OLDEST = {"order": "time"}


async def test_lists_what_agents_sent_of_a_call(stored: Stored, client: httpx.AsyncClient) -> None:
    """Time, node, type and text of each line, newest first; other calls' lines are not there."""
    await stored.call(CALL, BEGIN)
    await log(stored, "routing to gw1\r\n", BEGIN + 5000)
    await log(stored, '{"event": "xlog"}', BEGIN + 2 * SECOND, kind=86)
    await log(stored, "of another call", BEGIN + SECOND, of="logs-2@192.0.2.10")
    await stored.commit()
    answer = await get(client, path())
    assert answer["items"] == [
        {
            "time": format_time(from_us(BEGIN + 2 * SECOND)),
            "source": "database",
            "node": "edge-1",
            "protocol_type": 86,
            "correlation_id": None,
            "text": '{"event": "xlog"}',
            "labels": None,
        },
        {
            "time": format_time(from_us(BEGIN + 5000)),
            "source": "database",
            "node": "edge-1",
            "protocol_type": 100,
            "correlation_id": None,
            "text": "routing to gw1",
            "labels": None,
        },
    ]
    assert answer["next_cursor"] is None
    assert loki_state(answer) == ("off", "api.loki_url is not set.")
    assert answer["explore_url"] is None


@pytest.mark.parametrize(
    ("kind", "payload", "is_shown"),
    [
        (100, b"caf\xe9", True),
        (53, b'{"qname": "example.net"}', True),
        (54, b"\x00\x01binary", False),
        (200, b"caf\xe9 is no UTF-8", False),
        (5, b'{"type": 200}', False),
    ],
)
async def test_shows_logs_and_what_is_text(
    stored: Stored, client: httpx.AsyncClient, kind: int, payload: bytes, is_shown: bool
) -> None:
    """Log types whatever they hold, DNS and the like if they are text, media never."""
    await stored.call(CALL, BEGIN)
    await stored.put_packet(payload, BEGIN, protocol_type=kind, call_id=CALL)
    await stored.commit()
    shown = [payload.decode("utf-8", "backslashreplace")] if is_shown else []
    assert texts(await get(client, path())) == shown


async def test_finds_lines_by_the_chunk_17_of_the_calls_messages(
    stored: Stored, client: httpx.AsyncClient
) -> None:
    """An agent that names calls by a suffix or a channel names its log lines so, too."""
    invite = request("INVITE", CALL)
    await stored.put(invite, BEGIN, correlation_id=f"{CALL}_b2b-1")
    await stored.put(invite, BEGIN + 9, correlation_id="PJSIP/1000-00000001")
    await stored.put(invite, BEGIN + 20, BOB, correlation_id="short")
    await log(stored, "by suffix", BEGIN + 1, of=f"{CALL}_b2b-1")
    await log(stored, "by channel", BEGIN + 2, of="PJSIP/1000-00000001")
    await log(stored, "what is short belongs to many", BEGIN + 3, of="short")
    await log(stored, "the channel again, next day", BEGIN + DAY, of="PJSIP/1000-00000001")
    await stored.commit()
    found = await items(client, path(), **OLDEST)
    assert [(item["text"], item["correlation_id"]) for item in found] == [
        ("by suffix", f"{CALL}_b2b-1"),
        ("by channel", "PJSIP/1000-00000001"),
    ]


async def test_tells_calls_of_one_call_id_apart(stored: Stored, client: httpx.AsyncClient) -> None:
    """`at` chooses; a line shortly before the second call belongs to it."""
    second = BEGIN + 2 * DAY
    await stored.call(CALL, BEGIN)
    await stored.put(request("INVITE", CALL), second, new_record=True)
    await log(stored, "first", BEGIN + SECOND)
    await log(stored, "second", second - SECOND)
    await stored.commit()
    assert texts(await get(client, path())) == ["second"]
    first = await get(client, path(), at=format_time(from_us(BEGIN)))
    assert "first" in texts(first)


async def test_pages_through_all_lines_once(stored: Stored, client: httpx.AsyncClient) -> None:
    """Either order, also where many lines have one time."""
    await stored.call(CALL, BEGIN)
    sent = [f"line {number:02}" for number in range(25)]
    for number, text in enumerate(sent):
        await log(stored, text, BEGIN + number // 7)
    await stored.commit()
    for limit in (1, 4, 7, 25, 26):
        found = await pages(client, path(), limit=limit, **OLDEST)
        assert [item["text"] for item in found] == sent
        found = await pages(client, path(), limit=limit)
        assert [item["text"] for item in found] == sent[::-1]


async def test_takes_a_part_by_start_and_end(stored: Stored, client: httpx.AsyncClient) -> None:
    """`start` inclusive, `end` exclusive."""
    await stored.call(CALL, BEGIN)
    for second in range(4):
        await log(stored, str(second), BEGIN + second * SECOND)
    await stored.commit()
    part = {
        "start": format_time(from_us(BEGIN + SECOND)),
        "end": format_time(from_us(BEGIN + 3 * SECOND)),
    }
    assert texts(await get(client, path(), **part)) == ["2", "1"]


async def test_lists_logs_of_which_no_message_is_stored(
    stored: Stored, client: httpx.AsyncClient
) -> None:
    """Logs alone are enough; nothing at all is a 404."""
    await log(stored, "alone", BEGIN)
    await stored.commit()
    assert texts(await get(client, path())) == ["alone"]
    await problem(client, path("nobody@example.net"), 404)


async def test_refuses_what_it_does_not_know(stored: Stored, client: httpx.AsyncClient) -> None:
    """Unknown parameters, and cursors of another list."""
    await stored.call(CALL, BEGIN)
    await log(stored, "one", BEGIN)
    await log(stored, "two", BEGIN + 1)
    await stored.commit()
    await problem(client, path(), 400, level="error")
    cursor = (await get(client, path(), limit=1))["next_cursor"]
    await problem(client, path(), 400, limit=1, cursor=cursor, order="time")
    await problem(client, path().replace("logs", "messages"), 400, cursor=cursor)


HUGE = (1 << 63) - 1


@pytest.mark.parametrize(
    "key",
    [
        *([HUGE, 0, 0, ""], [-HUGE, 0, 0, ""], [0, HUGE, -HUGE, "~"], [0, -HUGE, 0, "x" * 900]),
        *(["0", 0, 0, ""], [0, 0, 0], [0, 0, 0, "\0"], [0, 0, HUGE + 1, ""]),
    ],
)
@pytest.mark.parametrize("order", ["time", "-time"])
async def test_survives_forged_cursors(
    stored: Stored, database: str, key: list[object], order: str
) -> None:
    """What a cursor holds is foreign too: a list, perhaps empty, or a 400."""
    await stored.call(CALL, BEGIN)
    await log(stored, "one", BEGIN)
    await log(stored, "two", BEGIN + 1)
    await stored.commit()
    async with asking(database, loki_url="http://127.0.0.1:1") as client:
        given = str((await get(client, path(), limit=1, order=order))["next_cursor"])
        fields = json.loads(base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)))
        forged = base64.urlsafe_b64encode(json.dumps([*fields[:4], *key]).encode()).decode()
        query = {"limit": "1", "order": order, "cursor": forged.rstrip("=")}
        answer = await client.get(path(), params=query)
    assert answer.status_code in (200, 400), answer.text


@pytest.mark.parametrize("call_id", ["a/../b%2F%@c#d?e", "x\"`'\\\n\t;--", "\N{SNOWMAN}" * 300])
async def test_takes_any_call_id(stored: Stored, client: httpx.AsyncClient, call_id: str) -> None:
    """As it was sent, percent-encoded; however long it is."""
    await log(stored, "found", BEGIN, of=stored_call_id(call_id))
    await stored.commit()
    assert texts(await get(client, path(call_id))) == ["found"]


async def test_links_to_grafana(stored: Stored, database: str) -> None:
    """With `grafana_url`, Explore opens with the same queries at the time of the call."""
    await stored.call(CALL, BEGIN)
    await stored.commit()
    async with asking(database, grafana_url="https://sip.example.net/grafana/") as client:
        url = httpx.URL(str((await get(client, path()))["explore_url"]))
    assert str(url).startswith("https://sip.example.net/grafana/explore?schemaVersion=1&panes=")
    pane = httpx.Response(200, text=url.params["panes"]).json()["logs"]
    assert pane["datasource"] == "loki"
    assert pane["range"] == {
        "from": str(BEGIN // 1000 - 60_000),
        "to": str(END // 1000 + 60_001),
    }
    assert [query["refId"] for query in pane["queries"]] == ["A", "B", "C"]
    assert all(f'"{CALL}"' in query["expr"] for query in pane["queries"])
