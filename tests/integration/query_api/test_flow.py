"""Flows: one call as a ladder, or several."""

from typing import cast

import httpx
import pytest

from hepscope_query_api.messages import call_rows, flow_endpoint
from integration.query_api.asking import Json, get, items, problem
from integration.query_api.stored import (
    ALICE,
    BOB,
    DAY,
    MIDNIGHT,
    PROXY,
    SECOND,
    Stored,
    request,
    response,
)

pytestmark = pytest.mark.database

FLOW = "/api/v1/calls/c1/flow"
SDP = (
    "v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
)


async def test_a_flow_is_the_ladder_of_a_call(client: httpx.AsyncClient, stored: Stored) -> None:
    """Hosts in order of appearance, arrows in order of events, copies marked."""
    await stored.put(request("INVITE", "c1"), MIDNIGHT)
    await stored.put(request("INVITE", "c1"), MIDNIGHT + 500_000)
    await stored.put(response(180, "Ringing", "INVITE", "c1"), MIDNIGHT + 600_000, BOB, ALICE)
    await stored.put(response(302, "Moved", "INVITE", "c1"), MIDNIGHT + 700_000, BOB, ALICE)
    await stored.commit()

    flow = await get(client, "/api/v1/calls/c1/flow")
    first = await items(client, "/api/v1/calls/c1/messages", order="time", limit=1)

    hosts = cast("list[Json]", flow["hosts"])
    arrows = cast("list[Json]", flow["arrows"])
    assert [host["address"] for host in hosts] == ["192.0.2.10", "198.51.100.20"]
    assert [(arrow["label"], arrow["kind"], arrow["retransmission"]) for arrow in arrows] == [
        ("INVITE", "request", False),
        ("INVITE", "request", True),
        ("180 Ringing", "provisional", False),
        ("302 Moved", "redirect", False),
    ]
    assert arrows[0] == {
        "message_id": first[0]["id"],
        "time": "2026-03-11T00:00:00.000000Z",
        "from": hosts[0]["id"],
        "to": hosts[1]["id"],
        "label": "INVITE",
        "kind": "request",
        "retransmission": False,
        "resend": 0,
        "leg": "A",
        "call_id": "c1",
        "from_port": 5060,
        "to_port": 5062,
        "method": "INVITE",
        "status": None,
        "cseq": "1 INVITE",
        "transport": "udp",
        "branch": "z9hG4bK1",
        "from_tag": "f1",
        "to_tag": None,
        "user_agent": "Phone/1.0",
        "nodes": ["edge-1"],
        "copies": [],
        "sdp": None,
        "reason_header": None,
        "skew_ms": 0,
        "early_ms": None,
    }
    assert hosts[0] == {
        "id": "192.0.2.10",
        "address": "192.0.2.10",
        "port": 5060,
        "label": "192.0.2.10",
        "is_named": False,
        "node": [],
    }
    assert flow["skews"] == []
    assert flow["truncated"] is False


async def test_a_flow_goes_by_the_packets_own_clock(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """An implausible time is shown in flows, where it orders and measures, unless absurd."""
    invite = request("INVITE", "c1")
    await stored.put(invite, MIDNIGHT, capture_us=MIDNIGHT - 400 * DAY)
    await stored.put(response(200, "OK", "INVITE", "c1"), MIDNIGHT + 1, BOB, ALICE, capture_us=0)
    await stored.commit()

    flow = await get(client, "/api/v1/calls/c1/flow")
    first, second = await items(client, "/api/v1/calls/c1/messages", order="time")

    times = [arrow["time"] for arrow in cast("list[Json]", flow["arrows"])]
    assert times == ["2025-02-04T00:00:00.000000Z", "2026-03-11T00:00:00.000001Z"]
    assert (first["time"], first["capture_time"]) == ("2026-03-11T00:00:00.000000Z", times[0])
    assert second["capture_time"] == "1970-01-01T00:00:00.000000Z"


def arrows_of(flow: Json) -> list[Json]:
    """Return the arrows of a flow."""
    return cast("list[Json]", flow["arrows"])


async def test_what_two_nodes_saw_is_one_arrow(client: httpx.AsyncClient, stored: Stored) -> None:
    """With the ids of all copies; the resend is another, whoever saw it; fold=0 shows all."""
    for node, late in (("edge-1", 0), ("core-1", 6_800)):
        for sent in (0, 500_000):
            await stored.put(request("INVITE", "c1"), MIDNIGHT + sent + late, node=node)
    await stored.put(response(503, "No", "INVITE", "c1"), MIDNIGHT + SECOND, BOB, ALICE)
    await stored.commit()

    flow = await get(client, FLOW)
    unfolded = await get(client, FLOW, fold="0")
    stored_ids = {item["id"] for item in await items(client, "/api/v1/calls/c1/messages")}

    arrows = arrows_of(flow)
    assert [(arrow["label"], arrow["resend"], arrow["nodes"]) for arrow in arrows] == [
        ("INVITE", 0, ["edge-1", "core-1"]),
        ("INVITE", 1, ["edge-1", "core-1"]),
        ("503 No", 0, ["edge-1"]),
    ]
    first = cast("list[Json]", arrows[0]["copies"])
    assert [(copy["node"], copy["time"]) for copy in first] == [
        ("edge-1", "2026-03-11T00:00:00.000000Z"),
        ("core-1", "2026-03-11T00:00:00.006800Z"),
    ]
    assert flow["skews"] == [{"node": "core-1", "skew_ms": 6.8}]
    ids = [copy["message_id"] for arrow in arrows for copy in cast("list[Json]", arrow["copies"])]
    assert {*ids, arrows[2]["message_id"]} == stored_ids
    assert [(arrow["resend"], arrow["skew_ms"]) for arrow in arrows_of(unfolded)] == [
        *[(0, 0), (0, -6.8), (1, 0), (1, -6.8), (0, 0)]
    ]


async def test_payloads_tell_of_offers_and_reasons(
    client: httpx.AsyncClient, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also without a body; what is broken or not SDP tells nothing."""
    typed = response(200, "OK", "INVITE", "c1", headers="Content-Type: application/sdp\r\n")
    answer = typed.replace(b"Content-Length: 0\r\n", b"")
    bye = request(
        "BYE", "c1", to_tag="t1", cseq=2, branch="b2", headers="Reason: Q.850;cause=34\r\n"
    )
    broken = request("INVITE", "c1", to_tag="t1", cseq=3, branch="b3", body="\0\xff not sdp")
    sent = [
        (request("INVITE", "c1", body=SDP), ALICE),
        (answer + SDP.replace("8 101", "8").encode() + b"a=sendonly\r\n", BOB),
        (request("ACK", "c1", to_tag="t1"), ALICE),
        (broken, ALICE),
        (request("INFO", "c1", to_tag="t1", cseq=4, body="5", content_type="text/plain"), ALICE),
        (bye, ALICE),
    ]
    for at, (payload, source) in enumerate(sent):
        other = BOB if source is ALICE else ALICE
        await stored.put(payload, MIDNIGHT + at, source, other)
    await stored.commit()

    arrows = arrows_of(await get(client, FLOW))

    audio = {
        "kind": "audio",
        "port": 4000,
        "address": "192.0.2.10",
        "codecs": ["PCMA"],
        "has_telephone_event": True,
        "direction": "sendrecv",
        "is_held": False,
    }
    held = audio | {"has_telephone_event": False, "direction": "sendonly", "is_held": True}
    assert [arrow["sdp"] for arrow in arrows] == [
        {"role": "offer", "media": [audio]},
        {"role": "answer", "media": [held]},
        *[None] * 4,
    ]
    reasons = [arrow["reason_header"] for arrow in arrows]
    assert reasons == [*[None] * 5, "Q.850 34 no circuit available"]

    monkeypatch.setattr(call_rows, "LADDER_BYTES", len(sent[0][0]) + 1)
    cut = await get(client, FLOW)
    assert (len(arrows_of(cut)), cut["truncated"]) == (2, True)
    monkeypatch.setattr(flow_endpoint, "FLOW_LIMIT", 1)
    cut = await get(client, FLOW)
    assert (len(arrows_of(cut)), cut["truncated"]) == (1, True)


async def test_several_calls_are_one_ladder(client: httpx.AsyncClient, stored: Stored) -> None:
    """Legs by start, hosts shared; each call within its own time; one that is missing is named."""
    await stored.failed_call("late", MIDNIGHT + SECOND, 486, "Busy Here")
    await stored.put(request("INVITE", "c1"), MIDNIGHT, ALICE, PROXY)
    # The same Call-ID a day before is another call.
    await stored.put(request("INVITE", "leg/b@x"), MIDNIGHT - DAY, PROXY, BOB)
    again = request("INVITE", "leg/b@x", branch="b")
    await stored.put(again, MIDNIGHT + 10, PROXY, BOB, new_record=True)
    await stored.commit()
    others = ["late", "leg/b@x", "late", "c1"]

    answer = await client.get(FLOW, params={"with": others})
    flow = answer.json()

    legs = [(leg["leg"], leg["call_id"], leg["outcome"]) for leg in flow["legs"]]
    assert legs == [
        ("A", "c1", "no_reply"),
        ("B", "leg/b@x", "no_reply"),
        ("C", "late", "not_taken"),
    ]
    assert flow["legs"][2]["started_at"] == "2026-03-11T00:00:01.000000Z"
    assert (flow["legs"][2]["from_user"], flow["legs"][2]["to_user"]) == ("alice", "bob")
    assert [(arrow["leg"], arrow["label"]) for arrow in flow["arrows"]] == [
        ("A", "INVITE"),
        ("B", "INVITE"),
        ("C", "INVITE"),
        ("C", "486 Busy Here"),
        ("C", "ACK"),
    ]
    assert [host["address"] for host in flow["hosts"]] == [ALICE[0], PROXY[0], BOB[0]]

    missing = await client.get(FLOW, params={"with": ["late", "gone-1", "gone-2"]})
    assert missing.status_code == 404
    assert missing.json()["call_ids"] == ["gone-1", "gone-2"]
    assert "“gone-1”, “gone-2”" in missing.json()["detail"]
    details = await problem(client, FLOW, 400, **{"with": [f"c{n}" for n in range(21)]})
    assert "20" in str(details["detail"])
    assert (await problem(client, FLOW, 400, **{"with": ""}))["parameter"] == "with"


async def test_what_only_packets_tell_of_is_a_ladder_without_messages(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """A call of which only a log is stored; asked for, its packets are arrows."""
    await stored.put_packet(b"line", MIDNIGHT, protocol_type=100, call_id="c1")

    flow = await get(client, FLOW)
    logs = await get(client, FLOW, protocol_type="*")

    assert flow["arrows"] == flow["hosts"] == []
    assert [arrow["label"] for arrow in arrows_of(logs)] == ["type 100"]
    (leg,) = cast("list[Json]", logs["legs"])
    assert (leg["started_at"], leg["outcome"]) == ("2026-03-11T00:00:00.000000Z", None)
