"""Named addresses over HTTP: the list itself, and names wherever an address is told."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import httpx
import pytest

from hepscope_common.names import Names, NamesSettings
from hepscope_migrations import head
from hepscope_query_api.app import create_app
from hepscope_query_api.component import make_pool
from hepscope_query_api.settings import ApiSettings
from integration.query_api.asking import Json, get, items, problem
from integration.query_api.conftest import API
from integration.query_api.stored import MIDNIGHT, NOW_US, Stored, request

pytestmark = pytest.mark.database

FILE = """
[[name]]
name = "carrier"
address = "192.0.2.0/24"

[[name]]
name = "sbc-1"
address = "192.0.2.2"
port = 5060
node = "edge"
"""


@pytest.fixture
def names(tmp_path: Path) -> Names:
    """A file of two names, and one of the settings."""
    file = tmp_path / "names.toml"
    file.write_text(FILE)
    return Names(NamesSettings(file=file, target_ip=("2001:db8::5",), target_name=("six",)))


@pytest.fixture
async def named(
    database: str, settings: ApiSettings, names: Names
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application that knows names."""
    async with make_pool(database, settings) as pool:
        app = create_app(settings, pool, needed_schema=head(), now_us=lambda: NOW_US, names=names)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=API) as client:
            yield client


async def test_lists_what_is_in_force(named: httpx.AsyncClient) -> None:
    """Of the file first, then of the settings; an address stands without its prefix length."""
    assert await items(named, "/api/v1/aliases") == [
        {"name": "carrier", "address": "192.0.2.0/24", "port": None, "node": None},
        {"name": "sbc-1", "address": "192.0.2.2", "port": 5060, "node": "edge"},
        {"name": "six", "address": "2001:db8::5", "port": None, "node": None},
    ]


async def test_a_change_of_the_file_counts(
    named: httpx.AsyncClient, names: Names, tmp_path: Path
) -> None:
    """Without a restart."""
    (tmp_path / "names.toml").write_text("")
    names.refresh()

    assert [alias["name"] for alias in await items(named, "/api/v1/aliases")] == ["six"]


async def test_takes_no_parameters(named: httpx.AsyncClient) -> None:
    """An unknown one is refused as everywhere."""
    await problem(named, "/api/v1/aliases", 400, name="x")


async def test_hosts_of_a_flow_have_their_names(named: httpx.AsyncClient, stored: Stored) -> None:
    """By the longest prefix and the port; who has none is labelled by its address."""
    await stored.put(request("INVITE", "c1"), MIDNIGHT)
    await stored.commit()

    flow = await get(named, "/api/v1/calls/c1/flow")

    hosts = cast("list[Json]", flow["hosts"])
    assert [(host["address"], host["label"]) for host in hosts] == [
        ("192.0.2.10", "carrier"),
        ("198.51.100.20", "198.51.100.20"),
    ]


@pytest.mark.parametrize("path", ["calls", "calls/c1", "messages", "calls/c1/messages"])
async def test_endpoints_have_their_names(
    named: httpx.AsyncClient, stored: Stored, path: str
) -> None:
    """Of calls and of messages; null where an address has none."""
    await stored.put(request("INVITE", "c1"), MIDNIGHT)
    await stored.commit()

    found = await get(named, f"/api/v1/{path}")

    one = cast("list[Json]", found["items"])[0] if "items" in found else found
    assert one["source"] == {"ip": "192.0.2.10", "port": 5060, "name": "carrier"}
    assert one["destination"] == {"ip": "198.51.100.20", "port": 5062, "name": None}


async def test_a_name_of_one_node_is_told_of_its_messages(
    named: httpx.AsyncClient, stored: Stored
) -> None:
    """What another node captured there has the name of the network around it."""
    for node in ("edge", "core"):
        await stored.put(request("INVITE", node), MIDNIGHT, source=("192.0.2.2", 5060), node=node)
    await stored.commit()

    found = await items(named, "/api/v1/messages")

    names = {one["call_id"]: cast("Json", one["source"])["name"] for one in found}
    assert names == {"edge": "sbc-1", "core": "carrier"}


async def test_what_nobody_else_saw_has_the_name_of_its_node(
    named: httpx.AsyncClient, stored: Stored
) -> None:
    """Calls, registrations and hosts of a ladder, too: a name of one node is no other node's."""
    sbc = ("192.0.2.2", 5060)
    for node in ("edge", "core"):
        await stored.put(request("INVITE", node), MIDNIGHT, source=sbc, node=node)
        await stored.put(request("REGISTER", f"r-{node}"), MIDNIGHT, source=sbc, node=node)
    await stored.commit()

    async def sources(path: str, **query: str) -> dict[object, object]:
        found = await items(named, f"/api/v1/{path}", **query)
        return {one["call_id"]: cast("Json", one["source"])["name"] for one in found}

    async def first_host(call_id: str) -> object:
        flow = await get(named, f"/api/v1/calls/{call_id}/flow")
        return cast("list[Json]", flow["hosts"])[0]["label"]

    assert await sources("calls", method="INVITE") == {"edge": "sbc-1", "core": "carrier"}
    assert await sources("registrations") == {"r-edge": "sbc-1", "r-core": "carrier"}
    assert [await first_host("edge"), await first_host("core")] == ["sbc-1", "carrier"]


async def test_an_export_as_json_has_the_names(named: httpx.AsyncClient, stored: Stored) -> None:
    """Of the call and of its messages."""
    await stored.put(request("INVITE", "c1"), MIDNIGHT)
    await stored.commit()

    found = await get(named, "/api/v1/calls/c1/export", format="json")

    call, (message,) = cast("Json", found["call"]), cast("list[Json]", found["messages"])
    assert cast("Json", call["source"])["name"] == "carrier"
    assert cast("Json", message["source"])["name"] == "carrier"


async def test_registrations_name_their_clients(named: httpx.AsyncClient, stored: Stored) -> None:
    """As calls do."""
    await stored.put(request("REGISTER", "r1"), MIDNIGHT)
    await stored.commit()

    (one,) = await items(named, "/api/v1/registrations")

    assert one["source"] == {"ip": "192.0.2.10", "port": 5060, "name": "carrier"}


async def test_values_seen_of_addresses_are_labelled(
    named: httpx.AsyncClient, stored: Stored
) -> None:
    """With the name of the address at any port; a status with its phrase, as ever."""
    await stored.put(request("INVITE", "c1"), MIDNIGHT)
    await stored.commit()

    async def labels(field: str) -> dict[object, object]:
        found = await items(named, f"/api/v1/fields/{field}/values")
        return {one["value"]: one["label"] for one in found}

    assert await labels("source") == {"192.0.2.10": "carrier"}
    assert await labels("destination") == {"198.51.100.20": None}
    assert await labels("from_user") == {"alice": None}
