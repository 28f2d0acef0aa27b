"""Fields, and the values that calls have in them."""

from typing import cast

import httpx
import pytest
from prometheus_client import CollectorRegistry

from hepscope_common.names import Names, NamesSettings
from hepscope_query_api.calls.selection import CallQuestion
from hepscope_query_api.component import make_pool
from hepscope_query_api.fields.repository import ValueRepository
from hepscope_query_api.metrics import ApiMetrics
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.period import ALWAYS
from hepscope_query_api.settings import ApiSettings
from integration.query_api.asking import items, problem
from integration.query_api.stored import DAY, MIDNIGHT, NOW_US, PROXY, SECOND, Stored, request

pytestmark = pytest.mark.database

FIELDS = "/api/v1/fields"
NO_FIELDS = {"start", "end", "limit", "order", "cursor", "q", "include", "protocol_type"}


async def values(
    client: httpx.AsyncClient, name: str, /, **query: object
) -> list[tuple[object, object]]:
    """Return the values of a field with their counts."""
    found = await items(client, f"{FIELDS}/{name}/values", **query)
    return [(item["value"], item["count"]) for item in found]


@pytest.fixture
async def five_calls(stored: Stored) -> Stored:
    """Two answered ones, a busy and an unavailable one, a request without an answer."""
    await stored.call("one", MIDNIGHT, from_user="4930123", to_user="4989777")
    await stored.call("two", MIDNIGHT + SECOND, from_user="4930123", to_user="4989778")
    await stored.failed_call("busy", MIDNIGHT + 2 * SECOND, 486, "Busy Here")
    await stored.failed_call("down", MIDNIGHT + 3 * SECOND, 503, "Go away")
    options = request("OPTIONS", "ping", from_user="100%_o'\\", to_user="")
    await stored.put(options, MIDNIGHT + 4 * SECOND, ("2001:db8::7", 5070), PROXY, node="edge-2")
    await stored.commit()
    return stored


@pytest.mark.usefixtures("five_calls")
async def test_values_are_counted_the_most_frequent_first(
    client: httpx.AsyncClient,
) -> None:
    """Of every shape of field; what a call has not is no value."""
    assert await values(client, "method") == [("INVITE", 4), ("OPTIONS", 1)]
    assert await values(client, "status") == [("200", 2), ("486", 1), ("503", 1)]
    assert await values(client, "reason") == [("OK", 2), ("Busy Here", 1), ("Go away", 1)]
    assert await values(client, "nodes") == [("edge-1", 4), ("edge-2", 1)]
    assert await values(client, "source") == [("192.0.2.10", 4), ("2001:db8::7", 1)]
    assert await values(client, "to_user") == [("bob", 2), ("4989777", 1), ("4989778", 1)]
    assert await values(client, "state") == [("completed", 2), ("failed", 2), ("other", 1)]
    assert await values(client, "outcome") == [
        *(("answered", 2), ("fault", 1), ("no_reply", 1), ("not_taken", 1))
    ]
    assert await values(client, "outcome", limit=1) == [("answered", 2)]
    labels = [item["label"] for item in await items(client, f"{FIELDS}/status/values")]
    assert labels == ["OK", "Busy Here", "Service Unavailable"]


PREFIXES = [
    ("from_user", "4930", [("4930123", 2)]),
    ("from_user", "301", [("4930123", 2)]),
    ("from_user", "AL", [("alice", 2)]),
    ("from_user", "ALI", [("alice", 2)]),
    ("to_user", "b", [("bob", 2)]),
    ("to_user", "77", [("4989777", 1), ("4989778", 1)]),
    ("to_user", "77", [("4989777", 1), ("4989778", 1)]),
    ("status", "4", [("486", 1)]),
    ("status", "6", []),
    ("status", "4*", []),
    ("nodes", "EDGE-2", [("edge-2", 1)]),
    ("source", "db8", [("2001:db8::7", 1)]),
    ("user_agent", "phone", [("Phone/1.0", 5)]),
    ("outcome", "no", [("no_reply", 1), ("not_taken", 1)]),
    ("from_user", "%", [("100%_o'\\", 1)]),
    ("from_user", "_", [("100%_o'\\", 1)]),
    ("from_user", "%_o", [("100%_o'\\", 1)]),
    ("from_user", "'\\", [("100%_o'\\", 1)]),
    ("from_user", "o'\\", [("100%_o'\\", 1)]),
    ("from_user", "*", []),
    ("from_user", "a%c", []),
    ("from_user", "\0", []),
    ("from_user", "é\u2028😀", []),
    ("user_agent", "'; drop table hepscope.call; --", []),
    ("user_agent", "x" * 1024, []),
]


@pytest.mark.usefixtures("five_calls")
async def test_a_prefix_is_taken_literally_in_either_case(
    client: httpx.AsyncClient,
) -> None:
    """Also what means something to LIKE, to SQL or to filters."""
    found = [(name, text, await values(client, name, prefix=text)) for name, text, _ in PREFIXES]

    assert found == PREFIXES


async def test_values_that_begin_so_come_first(client: httpx.AsyncClient, stored: Stored) -> None:
    """Before those that hold it elsewhere, however frequent; parties as any other field."""
    for number, user in enumerate(["x-anna", "x-anna", "anna-x", "otto"]):
        headers = f"Subject: {number}\r\n"
        await stored.put(request("INVITE", f"c{number}", from_user=user, headers=headers), MIDNIGHT)
    await stored.commit()

    for prefix in ("an", "ann"):
        assert await values(client, "from_user", prefix=prefix) == [("anna-x", 1), ("x-anna", 2)]
    assert await values(client, "ruri_user", prefix="bo") == [("bob", 4)]


@pytest.mark.usefixtures("five_calls")
async def test_values_are_those_of_the_calls_that_fit(
    client: httpx.AsyncClient,
) -> None:
    """Range, filters in every form, and words."""
    assert await values(client, "status", outcome=["fault", "not_taken"]) == [
        ("486", 1),
        ("503", 1),
    ]
    assert await values(client, "method", status="!200") == [("INVITE", 2), ("OPTIONS", 1)]
    assert await values(client, "status", from_user="4930*") == [("200", 2)]
    assert await values(client, "status", q="alice 192.0.2.0/24") == [("486", 1), ("503", 1)]
    assert await values(client, "to_user", q="4930123", prefix="498977") == [
        ("4989777", 1),
        ("4989778", 1),
    ]
    assert await values(client, "from_user", prefix="alice", status="503") == [("alice", 1)]
    assert await values(client, "method", end="2026-03-11T00:00:02Z") == [("INVITE", 2)]
    assert await values(client, "method", start="2026-03-11T00:00:04Z") == [("OPTIONS", 1)]
    assert await values(client, "method", end="2026-03-10T13:00:00Z") == []


async def test_an_orphan_that_is_part_of_another_call_does_not_count(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """As the list does not show it."""
    await stored.put(request("INVITE", "long"), MIDNIGHT)
    bye = request("BYE", "long", to_tag="t1", cseq=2)
    await stored.put(bye, MIDNIGHT + SECOND, new_record=True)
    await stored.put(request("BYE", "lonely", to_tag="t1"), MIDNIGHT)
    await stored.commit()

    assert await values(client, "method") == [("BYE", 1), ("INVITE", 1)]


@pytest.mark.parametrize("name", ["call_id", "started_at", "form_user", "x" * 5000, "%00"])
async def test_a_field_without_values_to_list_is_a_problem(
    client: httpx.AsyncClient, name: str
) -> None:
    """It names those that have some, and the nearest."""
    found = await problem(client, f"{FIELDS}/{name}/values", 404)

    assert "from_user" in cast("list[str]", found["expected"])
    assert ("Did you mean from_user?" in str(found["detail"])) == (name == "form_user")


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"prefix": "x" * 10_000}, "prefix"),
        ({"limit": 0}, "limit"),
        ({"limit": 201}, "limit"),
        ({"status": "busy"}, "status"),
        ({"cursor": "x"}, "cursor"),
        ({"prefix": ["a", "b"]}, "prefix"),
        ({"q": "status=486"}, "q"),
    ],
)
async def test_what_cannot_be_read_is_a_problem_of_its_parameter(
    client: httpx.AsyncClient, query: dict[str, object], parameter: str
) -> None:
    """400, by name."""
    found = await problem(client, f"{FIELDS}/status/values", 400, **query)

    assert found["parameter"] == parameter


async def test_every_filter_is_a_field(client: httpx.AsyncClient) -> None:
    """With its lists, its kind, and what it can be."""
    found = await items(client, FIELDS)
    by_name = {(str(field["name"]), cast("list[str]", field["of"])[0]): field for field in found}

    assert by_name["status", "calls"] == {
        "name": "status",
        "of": ["calls", "messages", "registrations"],
        "kind": "number",
        "description": "Final code: `486`, or `4*`.",
        "values": None,
        "has_values": True,
    }
    assert by_name["source", "calls"]["kind"] == "address"
    assert by_name["registered_at", "registrations"]["kind"] == "time"
    assert (by_name["call_id", "calls"]["kind"], by_name["call_id", "calls"]["has_values"]) == (
        "text",
        False,
    )
    assert cast("list[str]", by_name["outcome", "calls"]["values"])[0] == "answered"
    states = [by_name["state", of]["values"] for of in ("calls", "registrations")]
    assert "ringing" in cast("list[str]", states[0])
    assert "challenged" in cast("list[str]", states[1])
    for field in found:
        if field["has_values"]:
            assert await items(client, f"{FIELDS}/{field['name']}/values") == []
    for of in ("calls", "messages", "registrations"):
        refused = await problem(client, f"/api/v1/{of}", 400, nonsense="1")
        taken = set(cast("list[str]", refused["expected"])) - NO_FIELDS
        assert {field["name"] for field in found if of in cast("list[str]", field["of"])} == taken


async def test_a_bound_is_kept_and_told(
    database: str, stored: Stored, settings: ApiSettings
) -> None:
    """The newest calls are counted, of an index's calls those; parties one by one."""
    for number in range(8):
        user = "anna" if number < 4 else f"otto{number}"
        await stored.put(request("INVITE", f"c{number}", from_user=user), MIDNIGHT + number)
    await stored.commit()
    async with make_pool(database, settings) as pool:
        session = Session(pool, 60, ApiMetrics(CollectorRegistry()))

        async def counted(
            name: str, prefix: str = "", *, most: int, **filters: str
        ) -> tuple[int, bool]:
            question = CallQuestion(ALWAYS, [*filters.items()], None, NOW_US + DAY)
            values = ValueRepository(session, question, Names(NamesSettings()), most)
            found = await values.values(name, prefix, 100)
            return sum(item.count for item in found.items), found.is_sampled

        assert await counted("method", most=8) == (8, False)
        assert await counted("method", most=7) == (7, True)
        assert await counted("method", most=3, to_domain="example.net") == (3, True)
        assert await counted("method", most=4, from_user="anna") == (4, False)
        assert await counted("method", most=3, from_user="anna") == (3, True)
        assert await counted("method", most=3, from_domain="nowhere") == (0, True)
        assert await counted("from_user", "anna", most=5) == (4, False)
        assert await counted("from_user", "anna", most=4) == (4, True)
        assert await counted("from_user", "otto", most=8) == (4, False)
        assert await counted("from_user", "otto", most=4) == (4, True)
