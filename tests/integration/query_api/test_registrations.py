"""Registrations."""

import httpx
import pytest

from integration.query_api.asking import get, items, pages
from integration.query_api.stored import (
    ALICE,
    BOB,
    DAY,
    HOUR,
    NOW_US,
    SECOND,
    Stored,
    request,
    response,
)

pytestmark = pytest.mark.database

REGISTRATIONS = "/api/v1/registrations"


async def register(
    stored: Stored, call_id: str, time_us: int, *, status: int = 200, user: str = "alice"
) -> None:
    """Store a REGISTER with a lifetime of an hour, and its answer."""
    contact = "Contact: <sip:alice@192.0.2.10>\r\nExpires: 3600\r\n"
    asked = request("REGISTER", call_id, from_user=user, to_user=user, headers=contact)
    await stored.put(asked, time_us)
    headers = contact if status == 200 else ""
    reply = response(
        status, "OK", "REGISTER", call_id, from_user=user, to_user=user, headers=headers
    )
    await stored.put(reply, time_us + SECOND, BOB, ALICE)


async def test_a_registration_has_exactly_the_fields_of_its_shape(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """An item says who is registered where, until when."""
    await register(stored, "r1", NOW_US - HOUR // 2)
    await stored.commit()

    assert await get(client, REGISTRATIONS) == {
        "items": [
            {
                "call_id": "r1",
                "aor_user": "alice",
                "aor_domain": "example.net",
                "contact": "<sip:alice@192.0.2.10>",
                "state": "registered",
                "status": 200,
                "reason": "OK",
                "expires_s": 3600,
                "registered_at": "2026-03-11T11:30:01.000000Z",
                "started_at": "2026-03-11T11:30:00.000000Z",
                "last_at": "2026-03-11T11:30:01.000000Z",
                "user_agent": "Phone/1.0",
                "source": {"ip": "192.0.2.10", "port": 5060, "name": None},
                "destination": {"ip": "198.51.100.20", "port": 5062, "name": None},
                "message_count": 2,
                "nodes": ["edge-1"],
            }
        ],
        "next_cursor": None,
    }


async def test_days_of_one_call_id_are_one_registration(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """Rows of several days within the period are joined; what lies before it is not."""
    for days in (3, 1, 0):
        await register(stored, "r1", NOW_US - days * DAY - HOUR)
        await stored.commit()

    (today,) = await items(client, REGISTRATIONS)
    (both,) = await items(client, REGISTRATIONS, start="2026-03-10T00:00:00Z")
    (yesterday,) = await items(
        client, REGISTRATIONS, start="2026-03-10T00:00:00Z", end="2026-03-11T00:00:00Z"
    )

    assert (today["message_count"], today["started_at"]) == (2, "2026-03-11T11:00:00.000000Z")
    assert (both["message_count"], both["started_at"]) == (4, "2026-03-10T11:00:00.000000Z")
    assert both["last_at"] == "2026-03-11T11:00:01.000000Z"
    assert (yesterday["message_count"], yesterday["state"]) == (2, "unregistered")


async def test_a_phone_that_goes_on_is_heard_of(client: httpx.AsyncClient, stored: Stored) -> None:
    """Its Call-ID may be hours old: what counts is that it was heard of within the range."""
    for hour in range(4):
        await register(stored, "phone", NOW_US - 4 * HOUR + hour * HOUR)
    await register(stored, "gone", NOW_US - 3 * HOUR)
    await register(stored, "later", NOW_US - HOUR // 4)
    await stored.commit()

    async def heard(start: str, end: str) -> list[object]:
        found = await items(
            client, REGISTRATIONS, start=f"2026-03-11T{start}:00Z", end=f"2026-03-11T{end}:00Z"
        )
        return [item["call_id"] for item in found]

    assert await heard("10:30", "11:30") == ["phone"]
    assert await heard("08:30", "10:00") == ["gone", "phone"]
    assert await heard("11:30", "12:00") == ["later"]
    assert await heard("11:02", "11:30") == []


async def test_a_range_over_midnight_holds_each_once(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """Rows of both days are one item; pages hold each once; silence amid a day is no end."""
    for name in ("a", "b", "c"):
        for hours in (18, 12.5, 11.5):
            await register(stored, name, NOW_US - int(hours * HOUR))
    await register(stored, "gone", NOW_US - 20 * HOUR)
    await stored.commit()
    night = {"start": "2026-03-10T22:00:00Z", "end": "2026-03-11T01:00:00Z"}

    found = await pages(client, REGISTRATIONS, limit=1, **night)

    assert [(one["call_id"], one["message_count"]) for one in found] == [
        ("c", 6),
        ("b", 6),
        ("a", 6),
    ]
    assert {one["started_at"] for one in found} == {"2026-03-10T18:00:00.000000Z"}
    silent = {"start": "2026-03-10T19:00:00Z", "end": "2026-03-10T20:00:00Z"}
    assert len(await items(client, REGISTRATIONS, **silent)) == 3


FILTERS: list[tuple[dict[str, str], list[str]]] = [
    ({}, ["r3", "r2", "r1"]),
    ({"order": "time"}, ["r1", "r2", "r3"]),
    ({"state": "registered"}, ["r3"]),
    ({"state": "unregistered"}, ["r1"]),
    ({"state": "failed"}, ["r2"]),
    ({"status": "4*"}, ["r2"]),
    ({"aor_user": "al*"}, ["r3", "r1"]),
    ({"aor_user": "*ro*"}, ["r2"]),
    ({"aor_domain": "example.net"}, ["r3", "r2", "r1"]),
    ({"contact": "*192.0.2.10*"}, ["r3", "r2", "r1"]),
    ({"expires_s": "3600"}, ["r3", "r2", "r1"]),
    ({"call_id": "r2"}, ["r2"]),
    ({"source": "192.0.2.0/24", "nodes": "edge-1"}, ["r3", "r2", "r1"]),
    ({"user_agent": "Phone*", "message_count": "2"}, ["r3", "r2", "r1"]),
    ({"registered_at": "2026-03-11T11:59:31Z"}, ["r3"]),
]


async def test_filters_and_pages(client: httpx.AsyncClient, stored: Stored) -> None:
    """Each filter keeps what it names; pages hold every item once."""
    await register(stored, "r1", NOW_US - 2 * HOUR)
    await register(stored, "r2", NOW_US - HOUR, status=403, user="carol-rose")
    await register(stored, "r3", NOW_US - 30 * SECOND)
    await stored.commit()

    async def found(query: dict[str, str]) -> list[object]:
        return [item["call_id"] for item in await pages(client, REGISTRATIONS, limit=2, **query)]

    assert [(query, await found(query)) for query, _ in FILTERS] == FILTERS
