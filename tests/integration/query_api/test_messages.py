"""Messages: lists, one by id, and those of a call."""

import base64
from typing import cast

import httpx
import pytest

from hepscope_query_api.messages.repository import PAYLOAD_BYTES
from integration.query_api.asking import Json, get, items, pages, problem
from integration.query_api.stored import (
    ALICE,
    BOB,
    DAY,
    HOUR,
    MIDNIGHT,
    NOW_US,
    SECOND,
    Stored,
    request,
    response,
)

pytestmark = pytest.mark.database

MESSAGES = "/api/v1/messages"


async def test_a_message_has_exactly_the_fields_of_its_shape(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """An item says who sent what to whom, when, and how the transaction is named."""
    await stored.put(
        response(486, "Busy Here", "INVITE", "c1"), MIDNIGHT, BOB, ALICE, correlation_id="c1-leg2"
    )

    (item,) = await items(client, MESSAGES)

    assert item.pop("id")
    assert item == {
        "call_id": "c1",
        "correlation_id": "c1-leg2",
        "time": "2026-03-11T00:00:00.000000Z",
        "received_at": "2026-03-11T00:00:00.001500Z",
        "capture_time": None,
        "source": {"ip": "198.51.100.20", "port": 5062, "name": None},
        "destination": {"ip": "192.0.2.10", "port": 5060, "name": None},
        "transport": "udp",
        "method": None,
        "status": 486,
        "reason": "Busy Here",
        "cseq": "1 INVITE",
        "from_user": "alice",
        "from_domain": "example.com",
        "from_tag": "f1",
        "to_user": "bob",
        "to_domain": "example.net",
        "to_tag": "t1",
        "ruri_user": None,
        "ruri_domain": None,
        "user_agent": None,
        "via_branch": "z9hG4bK1",
        "node": "edge-1",
        "node_id": 2001,
        "protocol_type": 1,
        "fault": None,
    }


async def test_payload_is_text_or_base64(client: httpx.AsyncClient, stored: Stored) -> None:
    """include=payload adds the message: text where it is valid UTF-8, NUL and all."""
    text = request("MESSAGE", "c1", body="héllo\0", content_type="text/plain")
    binary = request("MESSAGE", "c2", body="x", content_type="application/isup") + b"\xff\xfe"
    await stored.put(text, MIDNIGHT)
    await stored.put(binary, MIDNIGHT + 1)

    second, first = await items(client, MESSAGES, include="payload")
    one = await get(client, f"{MESSAGES}/{second['id']}", include="payload")
    bare = await get(client, f"{MESSAGES}/{second['id']}")

    assert first["payload"] == text.decode()
    assert "payload_base64" not in first
    assert base64.b64decode(cast("str", second["payload_base64"])) == binary
    assert "payload" not in second
    assert one == second
    assert bare == {name: value for name, value in second.items() if name != "payload_base64"}


async def test_every_message_of_every_table_is_found_by_its_id(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """Ids lead to SIP of all classes, strays and other protocols."""
    for number, method in enumerate(("INVITE", "REGISTER", "OPTIONS")):
        await stored.put(request(method, "c1"), MIDNIGHT + number)
    await stored.put(request("INFO", "c1"), MIDNIGHT + 3, stray=True)
    await stored.put_packet(b"{}", MIDNIGHT + 4, protocol_type=5, call_id="c1")

    listed = await items(client, MESSAGES, protocol_type="*")

    assert [item["method"] for item in listed] == [None, "INFO", "OPTIONS", "REGISTER", "INVITE"]
    for item in listed:
        assert await get(client, f"{MESSAGES}/{item['id']}") == item


NO_IDS = ["x", "A" * 23, "A" * 22, "_" * 23, "%FF", "AAAAAAAAAAAAAAAAAAAAAAA=", "é", "f" * 9000]


async def test_an_id_that_names_nothing_is_not_found(client: httpx.AsyncClient) -> None:
    """Whatever is asked for, the answer is a 404."""
    for message_id in NO_IDS:
        await problem(client, f"{MESSAGES}/{message_id}", 404)


async def test_lists_hold_sip_unless_asked_for_more(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """protocol_type chooses other HEP types, several, or all."""
    await stored.put(request("INVITE", "c1"), MIDNIGHT)
    await stored.commit()
    await stored.put_packet(b"{}", MIDNIGHT + 1, protocol_type=5, call_id="c1")
    await stored.put_packet(b"a log line", MIDNIGHT + 2, protocol_type=100, call_id="c1")
    await stored.put_packet(b"?", MIDNIGHT + 3, protocol_type=53)

    async def types(path: str, **query: str) -> list[object]:
        return [item["protocol_type"] for item in await items(client, path, **query)]

    for path in (MESSAGES, "/api/v1/calls/c1/messages"):
        assert await types(path) == [1]
        assert await types(path, protocol_type="1") == [1]
        assert await types(path, protocol_type="5") == [5]
        assert await types(path, protocol_type="1,100") == [100, 1]
    assert await types(MESSAGES, protocol_type="*") == [53, 100, 5, 1]
    assert await types(MESSAGES, protocol_type="99999,53") == [53]
    assert await types("/api/v1/calls/c1/messages", protocol_type="*") == [100, 5, 1]
    (log,) = await items(client, MESSAGES, protocol_type="100", include="payload")
    assert (log["payload"], log["transport"], log["method"]) == ("a log line", "udp", None)


async def test_pages_over_a_day_hold_every_message_once(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """Windows widen over hours without messages; order and limits hold over all tables."""
    before = [NOW_US - DAY, NOW_US - 20 * HOUR]
    times = [*before, MIDNIGHT, MIDNIGHT, MIDNIGHT, NOW_US - SECOND, NOW_US + HOUR // 2]
    for number, time_us in enumerate(times):
        message = request("OPTIONS", f"c{number}")
        await stored.put(message, time_us, stray=number % 3 == 1)

    newest = [item["call_id"] for item in await pages(client, MESSAGES, limit=2)]
    oldest = [item["call_id"] for item in await pages(client, MESSAGES, limit=2, order="time")]

    assert newest == ["c6", "c5", "c4", "c3", "c2", "c1", "c0"]
    assert oldest == newest[::-1]


async def test_payloads_of_a_page_are_bounded_in_bytes(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """A page ends early, with a cursor, where its payloads would take too much memory."""
    body = "x" * 64_000
    for number in range(150):
        await stored.put(request("INVITE", "large", cseq=number, body=body), MIDNIGHT - number)
    await stored.commit()
    for path in (MESSAGES, "/api/v1/calls/large/messages"):
        for order in ("time", "-time"):
            query = {"include": "payload", "limit": 1000, "order": order}
            first = cast("list[Json]", (await get(client, path, **query))["items"])
            whole = await pages(client, path, **query)

            assert len(first) == -(-PAYLOAD_BYTES // len(cast("str", first[0]["payload"])))
            cseqs = [item["cseq"] for item in whole]
            expected = [f"{number} INVITE" for number in range(150)]
            assert cseqs == (expected if order == "-time" else expected[::-1])
            assert len(await items(client, path, limit=1000, order=order)) == 150


async def test_a_call_is_covered_whole(client: httpx.AsyncClient, stored: Stored) -> None:
    """Messages of days ago and strays belong to the call; start and end narrow it."""
    await stored.put(request("INVITE", "long"), NOW_US - 5 * DAY)
    await stored.put(request("INFO", "long"), NOW_US - 2 * DAY, stray=True)
    await stored.put(request("BYE", "long", to_tag="t1"), NOW_US - HOUR)
    await stored.commit()
    path = "/api/v1/calls/long/messages"

    whole = [item["method"] for item in await pages(client, path, limit=2)]
    part = await items(client, path, start="2026-03-08T00:00:00Z", end="2026-03-11T00:00:00Z")

    assert whole == ["BYE", "INFO", "INVITE"]
    assert [item["method"] for item in await items(client, path, order="time")] == whole[::-1]
    assert [item["method"] for item in part] == ["INFO"]
    assert [item["method"] for item in await items(client, path, method="B*")] == ["BYE"]


async def test_messages_without_a_call_record_are_found(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """What is stored under a Call-ID answers, even if retention took the record."""
    await stored.put(request("INVITE", "rest"), MIDNIGHT)
    await stored.put_packet(b"{}", MIDNIGHT, protocol_type=5, call_id="only-rtcp")

    (item,) = await items(client, "/api/v1/calls/rest/messages")
    assert item["method"] == "INVITE"
    assert await items(client, "/api/v1/calls/only-rtcp/messages") == []
    assert len(await items(client, "/api/v1/calls/only-rtcp/messages", protocol_type="5")) == 1
    await problem(client, "/api/v1/calls/rest", 404)


FILTERS: list[tuple[dict[str, str], int]] = [
    ({"call_id": "c1"}, 2),
    ({"call_id": "c*"}, 3),
    ({"correlation_id": "*"}, 0),
    ({"method": "INVITE"}, 1),
    ({"status": "4*"}, 1),
    ({"status": ""}, 2),
    ({"reason": "Not*"}, 1),
    ({"cseq": "1 INVITE"}, 2),
    ({"cseq": "* OPTIONS"}, 1),
    ({"from_user": "al*"}, 3),
    ({"from_tag": "f1"}, 3),
    ({"to_tag": ""}, 2),
    ({"to_user": "bob", "transport": "tcp"}, 1),
    ({"transport": "udp"}, 2),
    ({"transport": "wss"}, 0),
    ({"source": "198.51.100.20"}, 1),
    ({"destination": "198.51.100.0/24"}, 2),
    ({"node": "edge-2"}, 1),
    ({"node_id": "2001"}, 3),
    ({"via_branch": "z9hG4bK*"}, 3),
    ({"user_agent": "Phone/1.0"}, 2),
    ({"ruri_domain": "example.net"}, 2),
    ({"fault": "*"}, 0),
    ({"fault": ""}, 3),
    ({"time": "2026-03-11T00:00:00Z"}, 1),
    ({"received_at": "2026-03-11T00:00:00.001500Z"}, 1),
    ({"capture_time": "*"}, 0),
]


async def test_filters(client: httpx.AsyncClient, stored: Stored) -> None:
    """Each filter keeps what it names."""
    await stored.put(request("INVITE", "c1"), MIDNIGHT)
    await stored.put(response(404, "Not Found", "INVITE", "c1"), MIDNIGHT + SECOND, BOB, ALICE)
    options = request("OPTIONS", "c2")
    await stored.put(options, MIDNIGHT + 2 * SECOND, transport="tcp", node="edge-2")

    found = [(query, len(await items(client, MESSAGES, **query))) for query, _ in FILTERS]

    assert found == FILTERS
