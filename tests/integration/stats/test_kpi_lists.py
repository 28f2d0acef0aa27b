"""KPIs by node, by target and by user agent, in pages; and what is refused."""

from collections.abc import Callable, Sequence

import httpx
import pytest

from integration.measuring import flows
from integration.stats.asking import ask, ratio, refused
from integration.stats.conftest import Put
from support.sip_calls import BOB, PROXY, Flow, Sent

pytestmark = pytest.mark.database


def some_calls() -> list[Sent]:
    """Calls of two agents to two targets, seen by two nodes."""
    sent = flows.proxied("p").sent + flows.answered("a").sent
    other = Flow("o", callee=BOB, nodes=("core",), agent="Other/2")
    return sent + other.request("INVITE", 0).response(486, 1).sent


async def test_by_node_each_counts_as_it_saw_them(client: httpx.AsyncClient, put: Put) -> None:
    """The proxied call counts under both."""
    await put(some_calls())

    answer = await ask(client, "kpi", by="node")

    assert [item["key"] for item in answer["items"]] == ["core", "edge"]
    assert [ratio(item, "asr") for item in answer["items"]] == [(1, 2), (2, 2)]
    assert answer["next_cursor"] is None


async def test_by_node_and_node_is_that_node(client: httpx.AsyncClient, put: Put) -> None:
    """The same numbers as with node alone."""
    await put(some_calls())

    (item,) = (await ask(client, "kpi", by="node", node="edge"))["items"]

    assert item == {"key": "edge", **await ask(client, "kpi", node="edge")}


async def test_by_user_agent(client: httpx.AsyncClient, put: Put) -> None:
    """Of the request at the hop seen first."""
    await put(some_calls())

    items = (await ask(client, "kpi", by="user_agent"))["items"]

    assert {item["key"]: ratio(item, "asr") for item in items} == {
        "Other/2": (0, 1),
        "Phone/1.0": (2, 2),
    }


async def test_by_target_without_names(client: httpx.AsyncClient, put: Put) -> None:
    """Destinations of the first hop."""
    await put(some_calls())

    items = (await ask(client, "kpi", by="target"))["items"]

    assert {item["key"]: ratio(item, "asr") for item in items} == {
        "192.0.2.1:5060": (2, 2),
        "198.51.100.20:5062": (0, 1),
    }


async def test_by_target_with_names(
    client: httpx.AsyncClient, put: Put, name_all: Callable[[str, Sequence[str]], None]
) -> None:
    """Addresses of one name are one target, the others keep their addresses."""
    await put(some_calls())
    name_all("core", [f"{PROXY[0]}/32", f"{BOB[0]}/32"])

    (item,) = (await ask(client, "kpi", by="target"))["items"]

    assert (item["key"], ratio(item, "asr")) == ("core", (2, 3))


@pytest.mark.parametrize("by", ["node", "target", "user_agent"])
async def test_pages_follow_on(client: httpx.AsyncClient, put: Put, by: str) -> None:
    """All pages together are the list."""
    await put(some_calls())
    whole = (await ask(client, "kpi", by=by))["items"]

    first = await ask(client, "kpi", by=by, limit=1)
    second = await ask(client, "kpi", by=by, limit=1, cursor=first["next_cursor"])

    assert first["items"] + second["items"] == whole
    assert second["next_cursor"] is None


async def test_a_cursor_belongs_to_its_list(client: httpx.AsyncClient, put: Put) -> None:
    """By something else it is refused."""
    await put(some_calls())
    first = await ask(client, "kpi", by="node", limit=1)

    problem = await refused(client, "kpi", by="target", cursor=first["next_cursor"])

    assert problem["type"].endswith("invalid-cursor")


async def test_nothing_stored_is_nothing_counted(client: httpx.AsyncClient) -> None:
    """Ratios without a whole are null, and so are times of none."""
    answer = await ask(client, "kpi")

    assert len(answer) == 17
    assert answer["ser"] == {"value": None, "numerator": 0, "denominator": 0}
    assert answer["pdd"] == {"count": 0, "mean_ms": None, "p50_ms": None, "p95_ms": None}
    assert await ask(client, "kpi", by="node") == {"items": [], "next_cursor": None}


async def test_unknown_parameters_and_values_are_refused(client: httpx.AsyncClient) -> None:
    """With what would be accepted."""
    assert (await refused(client, "kpi", nod="x"))["type"].endswith("unknown-parameter")
    assert (await refused(client, "kpi", by="color"))["parameter"] == "by"
    assert (await refused(client, "kpi", start="yesterday"))["parameter"] == "start"
