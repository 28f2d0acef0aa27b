"""Filters that are given several times, over pages and in every list."""

import httpx
import pytest

from integration.query_api.asking import get, items, pages, problem
from integration.query_api.stored import MIDNIGHT, SECOND, Stored, request

pytestmark = pytest.mark.database


async def test_a_cursor_belongs_to_all_values_of_a_filter(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """It goes on where all are repeated, and nowhere else."""
    for number, status in enumerate([486, 503, 486, 503, 404]):
        await stored.failed_call(f"c{number}", MIDNIGHT + number * SECOND, status, "No")
    await stored.commit()
    query = {"status": ["486", "503"], "call_id": "!c1"}

    assert [item["call_id"] for item in await pages(client, "/api/v1/calls", limit=1, **query)] == [
        *("c3", "c2", "c0")
    ]
    page = await get(client, "/api/v1/calls", limit=1, **query)
    for other in ({"status": "486"}, {"status": ["486", "503"]}, {**query, "call_id": "c1"}):
        details = await problem(
            client, "/api/v1/calls", 400, limit=1, cursor=page["next_cursor"], **other
        )
        assert details["type"] == "/problems/invalid-cursor"


MESSAGES: list[tuple[dict[str, object], list[str]]] = [
    ({"call_id": ["c0", "c2"]}, ["c2", "c0"]),
    ({"call_id": ["c*", "!c1"]}, ["c2", "c0"]),
    ({"method": "INVITE", "from_user": ["!anna", "!otto"]}, ["c2"]),
]
REGISTRATIONS: list[tuple[dict[str, object], list[str]]] = [
    ({"aor_user": ["anna", "emil"]}, ["r2", "r0"]),
    ({"state": ["registered", "failed"], "aor_user": "!emil"}, ["r1", "r0"]),
    ({"state": "!failed"}, []),
]


@pytest.mark.parametrize(
    ("of", "cases"), [("messages", MESSAGES), ("registrations", REGISTRATIONS)]
)
async def test_every_list_takes_them(
    client: httpx.AsyncClient,
    stored: Stored,
    of: str,
    cases: list[tuple[dict[str, object], list[str]]],
) -> None:
    """Messages by several Call-IDs, also by all but one; registrations by several states."""
    for number, user in enumerate(["anna", "otto", "emil"]):
        invite = request("INVITE", f"c{number}", from_user=user)
        await stored.put(invite, MIDNIGHT + number * SECOND)
        await stored.put(request("REGISTER", f"r{number}", to_user=user), MIDNIGHT + number)
    await stored.commit()

    for query, found in cases:
        listed = await items(client, f"/api/v1/{of}", **query)
        assert [item["call_id"] for item in listed] == found, query
