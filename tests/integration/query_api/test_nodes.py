"""The list of nodes: what is stored of them, and what ingests report, over HTTP."""

from typing import cast

import httpx
import pytest

from hepscope_common.node_report import NodeKind, NodeReport, NodeState
from hepscope_common.store.node_reports import ReportedNodes, store
from hepscope_query_api.timestamps import format_time, from_us
from integration.query_api.asking import Json, items, pages, problem
from integration.query_api.stored import DAY, MIDNIGHT, SECOND, Stored, at

pytestmark = pytest.mark.database

NODES = "/api/v1/nodes"
OTHERS = NodeState(slot=0, kind=NodeKind.OTHER, name="other")


def node(name: str, slot: int = 1, /, **fields: object) -> NodeState:
    """A state of a node."""
    return NodeState.model_validate({"slot": slot, "kind": NodeKind.NODE, "name": name, **fields})


async def report(
    stored: Stored,
    *states: NodeState,
    instance: str = "ams:9060",
    started_us: int = MIDNIGHT,
    at_us: int = MIDNIGHT + 60 * SECOND,
    age_seconds: float = 0.0,
    others: NodeState = OTHERS,
) -> None:
    """Store a report as the writer does, so many seconds ago."""
    reported = ReportedNodes()
    reported.add(
        NodeReport(
            instance=instance,
            started_us=started_us,
            reported_us=at_us,
            period_ms=10_000,
            nodes=[others, *states],
        )
    )
    await store(stored.connection, "bus", reported)
    await stored.connection.execute(
        "update hepscope.node_report set stored_at = stored_at - $1 * interval '1 s'"
        " where instance = $2",
        age_seconds,
        instance,
    )


async def put_node(stored: Stored, name: str, last_us: int, number: int = 2001) -> None:
    """Store a node as the writer does for packets."""
    await stored.connection.execute(
        "insert into hepscope.node values ($1, $2, $3, $4, 3, 10)",
        name,
        number,
        at(MIDNIGHT - 90 * DAY),
        at(last_us),
    )


async def names(client: httpx.AsyncClient, /, **query: object) -> list[object]:
    """The names of a list."""
    return [item["name"] for item in await items(client, NODES, **query)]


def instances(item: Json) -> list[Json]:
    """What the ingests say of an item."""
    return cast("list[Json]", item["instances"])


async def test_nodes_are_listed_by_their_last_packet(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """Also nodes that fell silent long ago; start and end choose; nothing need be reported."""
    for number, name in enumerate(("old", "edge-2", "edge-1")):
        await put_node(stored, name, MIDNIGHT - (2 - number) * 40 * DAY, 2000 + number)

    listed = await pages(client, NODES, limit=1)
    recent = await items(client, NODES, start="2026-03-01T00:00:00Z")
    named = await names(client, name="edge*", order="time", node_id="2001")

    assert [item["name"] for item in listed] == ["edge-1", "edge-2", "old"]
    assert recent == [
        {
            "kind": "node",
            "name": "edge-1",
            "node_id": 2002,
            "first_seen": "2025-12-11T00:00:00.000000Z",
            "last_seen": "2026-03-11T00:00:00.000000Z",
            "last_refused": None,
            "hep_version": 3,
            "packet_count": 10,
            "packets_per_s": None,
            "bytes_per_s": None,
            "refused_per_s": None,
            "refusals": {},
            "clock_skew_ms": None,
            "hep_versions": [],
            "quirks": {},
            "instances": [],
        }
    ]
    assert named == ["edge-2"]


async def test_living_instances_are_summed(client: httpx.AsyncClient, stored: Stored) -> None:
    """Rates and counts of each; the skew is of the one that heard it last."""
    await put_node(stored, "edge", MIDNIGHT)
    await report(
        stored,
        node(
            "edge",
            node_id=2001,
            packets=100,
            packet_bytes=5000,
            packets_per_s=1.5,
            bytes_per_s=75.5,
            refused={"auth_key": 2, "no_payload": 1},
            refused_per_s=0.25,
            last_seen_us=MIDNIGHT + 40 * SECOND,
            last_refused_us=MIDNIGHT + 30 * SECOND,
            clock_skew_us=-1500,
            hep_versions=[3],
            quirks={"no_time": 5},
        ),
    )
    await report(
        stored,
        node(
            "edge",
            4,
            packets=7,
            packets_per_s=0.5,
            refused={"auth_key": 3},
            last_seen_us=MIDNIGHT + 50 * SECOND,
            clock_skew_us=2500,
            hep_versions=[2, 3],
            quirks={"no_time": 1, "inflated": 2},
        ),
        instance="lon:9060",
        at_us=MIDNIGHT + 70 * SECOND,
    )

    (item,) = await items(client, NODES)
    told = instances(item)
    del item["instances"]
    assert item == {
        "kind": "node",
        "name": "edge",
        "node_id": 2001,
        "first_seen": format_time(from_us(MIDNIGHT - 90 * DAY)),
        "last_seen": format_time(from_us(MIDNIGHT + 50 * SECOND)),
        "last_refused": format_time(from_us(MIDNIGHT + 30 * SECOND)),
        "hep_version": 3,
        "packet_count": 10,
        "packets_per_s": 2.0,
        "bytes_per_s": 75.5,
        "refused_per_s": 0.25,
        "refusals": {"auth_key": 5, "no_payload": 1},
        "clock_skew_ms": 2.5,
        "hep_versions": [2, 3],
        "quirks": {"inflated": 2, "no_time": 6},
    }
    first = told[0]
    age = first.pop("report_age_s")
    assert isinstance(age, float)
    assert 0 <= age < 30
    assert first == {
        "instance": "lon:9060",
        "is_living": True,
        "started_at": format_time(from_us(MIDNIGHT)),
        "reported_at": format_time(from_us(MIDNIGHT + 70 * SECOND)),
        "last_seen": format_time(from_us(MIDNIGHT + 50 * SECOND)),
        "packets": 7,
        "bytes": 0,
        "packets_per_s": 0.5,
        "bytes_per_s": 0.0,
        "refused_per_s": 0.0,
        "refusals": {"auth_key": 3},
        "clock_skew_ms": 2.5,
    }


async def test_silent_instances_are_shown_and_not_counted(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """What an ingest said before it fell silent is no rate of the present."""
    await report(stored, node("edge", packets_per_s=5, refused={"network": 1}), age_seconds=31)

    (item,) = await items(client, NODES)
    assert (item["packets_per_s"], item["refusals"]) == (None, {})
    (said,) = instances(item)
    assert (said["is_living"], said["packets_per_s"]) == (False, 5.0)
    age = said["report_age_s"]
    assert isinstance(age, float)
    assert age >= 31


@pytest.mark.parametrize("later_us", [80 * SECOND, -DAY], ids=["later", "its clock a day back"])
async def test_what_an_earlier_start_counted_is_over(
    client: httpx.AsyncClient, stored: Stored, later_us: int
) -> None:
    """Its rows stay until their slots are used again; the instance lives, they do not."""
    await report(stored, node("a", 1, packets=500), node("b", 2, packets=50))
    await report(
        stored,
        node("a", 2, packets=3),
        started_us=MIDNIGHT + later_us,
        at_us=MIDNIGHT + later_us + 10 * SECOND,
    )

    (item,) = await items(client, NODES)
    (said,) = instances(item)
    assert (item["name"], said["packets"], said["is_living"]) == ("a", 3, True)


async def test_an_address_without_a_node_is_listed(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """By when it was refused last; a node that is called like it is another item."""
    await put_node(stored, "192.0.2.9", MIDNIGHT)
    address = NodeState(
        slot=3,
        kind=NodeKind.ADDRESS,
        name="192.0.2.9",
        refused={"network": 9},
        first_seen_us=MIDNIGHT + SECOND,
        last_refused_us=MIDNIGHT + 2 * SECOND,
    )
    await report(stored, address)

    listed = await pages(client, NODES, limit=1)
    assert [(item["kind"], item["packet_count"], item["refusals"]) for item in listed] == [
        ("address", 0, {"network": 9}),
        ("node", 10, {}),
    ]
    assert listed[0]["last_seen"] == format_time(from_us(MIDNIGHT + 2 * SECOND))
    assert listed[0]["first_seen"] == format_time(from_us(MIDNIGHT + SECOND))


async def test_the_others_are_listed_once_something_is_counted(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """Slot 0 is also the sign of life, and then no item."""
    await report(stored)
    assert await items(client, NODES) == []

    crowd = OTHERS.model_copy(update={"refused": {"not_hep": 70}, "last_refused_us": MIDNIGHT})
    await report(stored, others=crowd)
    (item,) = await items(client, NODES)
    assert (item["kind"], item["refusals"]) == ("other", {"not_hep": 70})


FILTERS = [
    ({"kind": "node"}, ["a", "b", "silent"]),
    ({"kind": "address"}, ["198.51.100.1"]),
    ({"refusals": "auth_key"}, ["a"]),
    ({"refusals": "*"}, ["a", "198.51.100.1"]),
    ({"refusals": "net*"}, ["198.51.100.1"]),
    ({"refusals": ""}, ["b", "silent"]),
    ({"refusals": "auth_key", "quirks": "no_time"}, []),
    ({"quirks": "no_time"}, ["b"]),
    ({"quirks": "no%"}, []),
    ({"hep_versions": "2"}, ["b"]),
    ({"hep_versions": "*"}, ["a", "b"]),
    ({"hep_versions": ""}, ["198.51.100.1", "silent"]),
    ({"instances": "ams:*"}, ["a", "198.51.100.1"]),
    ({"instances": "lon:9060"}, ["b"]),
    ({"instances": ""}, ["silent"]),
    ({"name": "198.51.*"}, ["198.51.100.1"]),
    ({"last_refused": "*"}, ["198.51.100.1"]),
    ({"node_id": "2001"}, ["silent"]),
    ({"packet_count": "0"}, ["a", "b", "198.51.100.1"]),
]


async def test_filters_choose_nodes(client: httpx.AsyncClient, stored: Stored) -> None:
    """Each field by its own rule; several are joined by and; paging changes none of it."""
    await report(
        stored,
        node("a", 1, refused={"auth_key": 1}, hep_versions=[3], last_seen_us=MIDNIGHT + 9 * SECOND),
        NodeState(
            slot=2,
            kind=NodeKind.ADDRESS,
            name="198.51.100.1",
            refused={"network": 1},
            last_refused_us=MIDNIGHT + 5 * SECOND,
        ),
    )
    await report(
        stored,
        node(
            "b",
            quirks={"no_time": 1},
            hep_versions=[1, 2],
            last_seen_us=MIDNIGHT + 8 * SECOND,
        ),
        instance="lon:9060",
    )
    await put_node(stored, "silent", MIDNIGHT)

    async def found(query: dict[str, str]) -> list[object]:
        return [item["name"] for item in await pages(client, NODES, limit=1, **query)]

    assert [(query, await found(query)) for query, _ in FILTERS] == FILTERS


@pytest.mark.parametrize(
    ("query", "parameter"),
    [({"kind": "planet"}, "kind"), ({"hep_versions": "x"}, "hep_versions")],
)
async def test_a_filter_that_cannot_match_is_a_problem(
    client: httpx.AsyncClient, query: dict[str, str], parameter: str
) -> None:
    """It says which one."""
    details = await problem(client, NODES, 400, **query)
    assert details["parameter"] == parameter


async def test_full_tables_of_many_ingests_are_listed(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """Ten ingests with 600 rows each: a page of them stays within the time of a search."""
    states = [node(f"node-{slot}", slot, last_seen_us=MIDNIGHT + slot) for slot in range(1, 601)]
    for number in range(10):
        await report(stored, *states, instance=f"ingest-{number}")

    page = await items(client, NODES, limit=100)

    assert [item["name"] for item in page] == [f"node-{slot}" for slot in range(600, 500, -1)]
    assert {len(instances(item)) for item in page} == {10}
