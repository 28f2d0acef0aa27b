"""The list of calls, one call, and the errors of both."""

from typing import cast

import httpx
import pytest

from integration.query_api.asking import Json, get, items, pages
from integration.query_api.stored import (
    ALICE,
    BOB,
    DAY,
    HOUR,
    MIDNIGHT,
    NOW_US,
    PROXY,
    SECOND,
    Stored,
    request,
    response,
)

pytestmark = pytest.mark.database


async def ids(client: httpx.AsyncClient, **query: object) -> list[str]:
    """Return the Call-IDs of a list."""
    listed = await get(client, "/api/v1/calls", **query)
    return [cast("str", item["call_id"]) for item in cast("list[Json]", listed["items"])]


async def test_a_call_has_exactly_the_fields_of_its_shape(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """An item says what happened, times with microseconds, durations as numbers."""
    await stored.call("a84b4c76e66710@pc33", MIDNIGHT)
    await stored.commit()

    listed = await get(client, "/api/v1/calls")

    assert listed == {
        "items": [
            {
                "call_id": "a84b4c76e66710@pc33",
                "method": "INVITE",
                "status": 200,
                "reason": "OK",
                "state": "completed",
                "outcome": "answered",
                "started_at": "2026-03-11T00:00:00.000000Z",
                "answered_at": "2026-03-11T00:00:02.000000Z",
                "ended_at": "2026-03-11T00:00:12.000000Z",
                "pdd_ms": 500.0,
                "duration_s": 10.0,
                "from_user": "alice",
                "from_domain": "example.com",
                "to_user": "bob",
                "to_domain": "example.net",
                "ruri_user": "bob",
                "ruri_domain": "example.net",
                "user_agent": "Phone/1.0",
                "source": {"ip": "192.0.2.10", "port": 5060, "name": None},
                "destination": {"ip": "198.51.100.20", "port": 5062, "name": None},
                "message_count": 6,
                "nodes": ["edge-1"],
                "worst_mos": None,
                "worst_loss": None,
                "worst_jitter_ms": None,
            }
        ],
        "next_cursor": None,
    }


async def test_calls_of_any_method_are_listed_newest_first(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """The order is by first message; `time` turns it round."""
    await stored.call("one", MIDNIGHT)
    await stored.put(request("OPTIONS", "two"), MIDNIGHT + SECOND)
    await stored.put(request("REGISTER", "three"), MIDNIGHT + 2 * SECOND)
    await stored.commit()

    assert await ids(client) == ["three", "two", "one"]
    assert await ids(client, order="time") == ["one", "two", "three"]
    assert await ids(client, method="INVITE") == ["one"]
    assert await ids(client, state="other") == ["three", "two"]


async def test_the_period_is_half_open_and_by_default_the_last_day(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """Start <= started_at < end; without them 24 h, and the clock-ahead hour."""
    for name, time_us in {
        "old": NOW_US - DAY - 1,
        "first": NOW_US - DAY,
        "midnight": MIDNIGHT,
        "ahead": NOW_US + HOUR // 2,
    }.items():
        await stored.put(request("INVITE", name), time_us)
    await stored.commit()

    assert await ids(client) == ["ahead", "midnight", "first"]
    assert await ids(client, start="2026-03-11T00:00:00Z") == ["ahead", "midnight"]
    assert await ids(client, end="2026-03-11T00:00:00Z") == ["first", "old"]
    assert await ids(client, start="2026-03-11T00:00:00Z", end="2026-03-11T00:00:00.000001Z") == [
        "midnight"
    ]
    # A "+" that was not percent-encoded arrives as a blank.
    assert await ids(
        client, start="2026-03-11T01:00:00+01:00", end="2026-03-11T00:00:01-00:00"
    ) == ["midnight"]


FILTERS: list[tuple[dict[str, str | list[str]], list[str]]] = [
    ({"call_id": "refused"}, ["refused"]),
    ({"call_id": "*e*"}, ["refused", "ended", "entered"]),
    ({"status": "486"}, ["refused"]),
    ({"status": "4*"}, ["refused"]),
    ({"status": "*86"}, ["refused"]),
    ({"status": "*"}, ["refused", "ended"]),
    ({"status": ""}, ["entered"]),
    ({"reason": "Busy*"}, ["refused"]),
    ({"state": "completed"}, ["ended"]),
    ({"state": "failed"}, ["refused"]),
    ({"state": "timeout"}, ["entered"]),
    ({"from_user": "4930123"}, ["ended"]),
    ({"from_user": "4930*"}, ["ended"]),
    ({"from_user": "*3012*"}, ["ended"]),
    ({"from_user": "*3"}, ["ended"]),
    ({"from_user": "4_30%"}, []),
    ({"from_user": ["49*", "*23"]}, ["ended"]),
    ({"from_user": ["4930123", "dora"]}, ["ended", "entered"]),
    ({"from_user": ["*3012*", "dora"]}, ["ended", "entered"]),
    ({"from_user": ["alice", ""]}, ["refused"]),
    ({"from_user": "!49*"}, ["refused", "entered"]),
    ({"from_user": ["!49*", "!dora"]}, ["refused"]),
    ({"from_user": ["*a*", "!dora"]}, ["refused"]),
    ({"from_user": r"\!49*"}, []),
    ({"to_user": r"!\*67*"}, ["refused", "ended"]),
    ({"status": "!486"}, ["ended", "entered"]),
    ({"status": ["486", "200"]}, ["refused", "ended"]),
    ({"status": ["486", ""]}, ["refused", "entered"]),
    ({"status": "!"}, ["refused", "ended"]),
    ({"status": "!*"}, ["entered"]),
    ({"state": ["failed", "timeout"]}, ["refused", "entered"]),
    ({"outcome": "answered"}, ["ended"]),
    ({"outcome": "!answered"}, ["refused", "entered"]),
    ({"outcome": ["not_taken", "no_reply", "fault"]}, ["refused", "entered"]),
    ({"source": "!192.0.2.0/24"}, ["entered"]),
    ({"answered_at": "!*"}, ["refused", "entered"]),
    ({"pdd_ms": "!500"}, ["refused", "entered"]),
    ({"nodes": "!edge-1"}, ["entered"]),
    ({"to_user": r"\*67\*99"}, ["entered"]),
    ({"to_user": r"\*67*"}, ["entered"]),
    ({"from_domain": "example.com"}, ["refused", "ended", "entered"]),
    ({"to_domain": "*.net"}, ["refused", "ended", "entered"]),
    ({"ruri_user": "bob"}, ["refused", "ended"]),
    ({"user_agent": "Phone/*"}, ["refused", "ended", "entered"]),
    ({"source": "192.0.2.10"}, ["refused", "ended"]),
    ({"source": "192.0.2.10:5060"}, ["refused", "ended"]),
    ({"source": "192.0.2.10:5061"}, []),
    ({"source": "192.0.2.0/24"}, ["refused", "ended"]),
    ({"source": "192.0.2.77/24"}, ["refused", "ended"]),
    ({"source": "192.0.*"}, ["refused", "ended"]),
    ({"source": "2001:db8::7"}, ["entered"]),
    ({"source": "[2001:db8::7]:5070"}, ["entered"]),
    ({"source": "2001:db8::/32"}, ["entered"]),
    ({"destination": "*:5062"}, ["refused", "ended"]),
    ({"destination": "*:5060"}, ["entered"]),
    ({"nodes": "edge-1"}, ["refused", "ended"]),
    ({"nodes": "edge*"}, ["refused", "ended", "entered"]),
    ({"nodes": ["edge-2", "edge-3"]}, ["entered"]),
    ({"call_id": ["ended", "entered", "!entered"]}, ["ended"]),
    ({"pdd_ms": "500"}, ["ended"]),
    ({"pdd_ms": "500.0"}, ["ended"]),
    ({"pdd_ms": ""}, ["refused", "entered"]),
    ({"duration_s": "10"}, ["ended"]),
    ({"answered_at": "*"}, ["ended"]),
    ({"answered_at": "2026-03-11T00:00:02Z"}, ["ended"]),
    ({"ended_at": ""}, ["entered"]),
    ({"ended_at": "2026-03-11T00:00:12Z"}, ["ended"]),
    ({"ended_at": "2026-03-11T00:01:01Z"}, ["refused"]),
    ({"started_at": "2026-03-11T00:00:00Z"}, ["ended"]),
    ({"message_count": "6"}, ["ended"]),
    ({"from_user": "4930*", "status": "486"}, []),
    ({"q": "ended"}, ["ended"]),
    ({"q": "3012"}, ["ended"]),
    ({"q": "4930123@EXAMPLE"}, ["ended"]),
    ({"q": "sip:4930123@example.com"}, ["ended"]),
    ({"q": "BOB 198.51.100.20"}, ["refused", "ended"]),
    ({"q": "alice 192.0.2.0/24 bob"}, ["refused"]),
    ({"q": "2001:db8::7"}, ["entered"]),
    ({"q": "4930*"}, ["ended"]),
    ({"q": "ab"}, []),
    ({"q": "ob"}, ["refused", "ended"]),
    ({"q": "  "}, ["refused", "ended", "entered"]),
    ({"q": "nobody"}, []),
]


async def test_filters(client: httpx.AsyncClient, stored: Stored) -> None:
    """Each filter keeps what it names, in every form that it takes."""
    await stored.call("ended", MIDNIGHT, from_user="4930123", to_user="bob")
    await stored.failed_call("refused", MIDNIGHT + 60 * SECOND, 486, "Busy Here")
    invite = request("INVITE", "entered", from_user="dora", to_user="*67*99")
    await stored.put(invite, MIDNIGHT - SECOND, ("2001:db8::7", 5070), PROXY, node="edge-3")
    await stored.commit()

    assert [(query, await ids(client, **query)) for query, _ in FILTERS] == FILTERS


async def test_a_call_that_rings_is_in_progress_until_timer_c(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """State is that of now: what waits too long has timed out."""
    for name, age in {"fresh": 10, "silent": 40, "rings": 100, "forgotten": 200}.items():
        await stored.put(request("INVITE", name), NOW_US - age * SECOND)
    for name, age in {"rings": 99, "forgotten": 199}.items():
        ringing = response(180, "Ringing", "INVITE", name)
        await stored.put(ringing, NOW_US - age * SECOND, BOB, ALICE)
    await stored.commit()

    assert await ids(client, state="setup") == ["fresh"]
    assert await ids(client, state="ringing") == ["rings"]
    assert await ids(client, state="timeout") == ["silent", "forgotten"]


async def test_pages_are_whole_while_calls_arrive(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """Paging gives every call once, whatever is stored meanwhile, also calls of one instant."""
    for number in range(7):
        await stored.put(request("INVITE", f"c{number}"), MIDNIGHT + number // 3 * SECOND)
    await stored.commit()
    seen: list[str] = []
    cursor: object = None
    pages = 0
    while True:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = await get(client, "/api/v1/calls", **query)
        seen += [cast("str", item["call_id"]) for item in cast("list[Json]", page["items"])]
        pages += 1
        await stored.put(request("INVITE", f"new{pages}"), MIDNIGHT + HOUR + pages)
        await stored.commit()
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert (seen, pages) == (["c6", "c5", "c4", "c3", "c2", "c1", "c0"], 3)


async def test_a_cursor_freezes_the_default_period(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """Oldest first, a list ends where it would have ended when it began."""
    for number in range(3):
        await stored.put(request("INVITE", f"c{number}"), MIDNIGHT + number)
    await stored.commit()

    page = await get(client, "/api/v1/calls", order="time", limit=2)
    rest = await get(client, "/api/v1/calls", order="time", limit=1000, cursor=page["next_cursor"])

    assert [item["call_id"] for item in cast("list[Json]", rest["items"])] == ["c2"]
    assert rest["next_cursor"] is None


async def test_a_search_by_parts_pages_like_any_other(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """A call found by caller and callee is listed once, and pages continue."""
    for number in range(5):
        invite = request("INVITE", f"c{number}", from_user="49301", to_user=f"49302{number}")
        await stored.put(invite, MIDNIGHT + number)
    await stored.commit()

    first = await get(client, "/api/v1/calls", q="4930", limit=3)
    rest = await get(client, "/api/v1/calls", q="4930", limit=3, cursor=first["next_cursor"])

    found = [*cast("list[Json]", first["items"]), *cast("list[Json]", rest["items"])]
    assert [item["call_id"] for item in found] == ["c4", "c3", "c2", "c1", "c0"]


HOSTILE_IDS = [
    "a/b@c",
    "a%2Fb",
    "a?b#c&d=e",
    "a b+c",
    "..",
    "*",
    "\\*",
    "é\u2028<script>",
    "'; drop table call; --",
    "messages",
    "x/messages",
    "{x}%",
    "a" * 3000,
]


async def test_any_call_id_is_found_by_its_path(client: httpx.AsyncClient, stored: Stored) -> None:
    """A percent-encoded Call-ID names its call, whatever is in it; one too long by its all."""
    for call_id in HOSTILE_IDS:
        await stored.put(request("INVITE", call_id), MIDNIGHT)
    await stored.commit()
    for call_id in HOSTILE_IDS:
        encoded = "".join(f"%{octet:02X}" for octet in call_id.encode())

        call = await get(client, f"/api/v1/calls/{encoded}")
        messages = await get(client, f"/api/v1/calls/{encoded}/messages")
        escaped = call_id.replace("\\", "\\\\").replace("*", "\\*")

        assert str(call["call_id"])[:100] == call_id[:100]
        (message,) = cast("list[Json]", messages["items"])
        assert message["call_id"] == call["call_id"]
        assert await ids(client, call_id=escaped) == [call["call_id"]]


async def test_a_reused_call_id_is_several_calls(client: httpx.AsyncClient, stored: Stored) -> None:
    """The newest answers; `at` picks another; the others are named."""
    await stored.call("again", MIDNIGHT - 3 * DAY)
    await stored.put(request("INVITE", "again"), MIDNIGHT, new_record=True)
    await stored.commit()

    newest = await get(client, "/api/v1/calls/again")
    older = await get(client, "/api/v1/calls/again", at="2026-03-08T00:00:05Z")
    messages = await get(client, "/api/v1/calls/again/messages", at="2026-03-08T00:00:05Z")
    flow = await get(client, "/api/v1/calls/again/flow")

    assert (newest["started_at"], newest["message_count"]) == ("2026-03-11T00:00:00.000000Z", 1)
    assert newest["other_records"] == [{"started_at": "2026-03-08T00:00:00.000000Z"}]
    assert (older["started_at"], older["message_count"]) == ("2026-03-08T00:00:00.000000Z", 6)
    assert len(cast("list[Json]", messages["items"])) == 6
    assert len(cast("list[Json]", flow["arrows"])) == 1
    for outside in ({"end": "2026-03-10T00:00:00Z"}, {"start": "2026-03-11T00:00:01Z"}):
        assert await items(client, "/api/v1/calls/again/messages", **outside) == []


async def test_an_orphan_is_part_of_the_call_before_it(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """The BYE of a call whose record was not found again ends that call, in list and detail."""
    await stored.put(request("INVITE", "long"), MIDNIGHT)
    await stored.put(response(200, "OK", "INVITE", "long"), MIDNIGHT + SECOND, BOB, ALICE)
    bye = request("BYE", "long", to_tag="t1", cseq=2)
    await stored.put(bye, MIDNIGHT + HOUR, new_record=True)
    await stored.put(request("BYE", "lonely", to_tag="t1"), MIDNIGHT)
    await stored.commit()

    listed = await get(client, "/api/v1/calls", call_id="long")
    one = await get(client, "/api/v1/calls/long")

    (item,) = cast("list[Json]", listed["items"])
    assert (item["state"], item["message_count"], item["duration_s"]) == ("completed", 3, 3599.0)
    assert one == {**item, "other_records": []}
    assert await ids(client, call_id="lonely") == ["lonely"]
    paged = [item["call_id"] for item in await pages(client, "/api/v1/calls", limit=1)]
    assert paged == ["long", "lonely"]


async def test_a_call_of_responses_only_is_a_call(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """Capture at one side may miss every request; parties and outcome are still said."""
    await stored.put(response(404, "Not Found", "INVITE", "half"), MIDNIGHT, BOB, ALICE)
    await stored.commit()

    call = await get(client, "/api/v1/calls/half")

    assert (call["method"], call["status"], call["state"]) == ("INVITE", 404, "failed")
    assert call["source"] == {"ip": "192.0.2.10", "port": 5060, "name": None}
    assert call["ruri_user"] is None


async def test_an_unknown_call_is_a_problem_that_says_what_to_do(
    client: httpx.AsyncClient,
) -> None:
    """404 for a call, and for everything under it."""
    for tail in ("", "/messages", "/flow", "/export?format=pcap", "/export?format=text"):
        answer = await client.get(f"/api/v1/calls/no%2Fbody{tail}")

        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert (problem["type"], problem["status"]) == ("/problems/not-found", 404)
        assert "no/body" in problem["detail"]
        assert "percent-encoded" in problem["detail"]
