"""``/calls/{call_id}/media``: streams and points as the reports tell them."""

from typing import Any

import httpx
import pytest

from hep.rtcp import middle_bits, us_to_ntp
from hepscope_query_api.media.repository import MAX_POINTS, MAX_STREAMS
from hepscope_query_api.timestamps import format_time, from_us
from integration.media.rig import (
    ALICE,
    BOB,
    SECOND,
    block,
    check_sums,
    join,
    mos_of,
    rtcp,
    signalling,
    store,
    with_body,
)
from support.builders import BASE_US, make_packet, make_request

pytestmark = pytest.mark.database

CALL = "call-1@example.org"
PATH = "/api/v1/calls/call-1%40example.org/media"


async def media(client: httpx.AsyncClient, path: str = PATH, **query: str) -> dict[str, Any]:
    """Return the media of a call."""
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def time_of(after_seconds: float) -> str:
    """Return a time as the API writes it."""
    return format_time(from_us(BASE_US + int(after_seconds * SECOND)))


async def test_both_directions_are_streams_of_their_own(
    client: httpx.AsyncClient, database: str
) -> None:
    """Each receiver tells of what came to it; only receiver reports are needed."""
    await store(database, signalling(CALL))
    await store(
        database,
        [
            packet
            for second in (5, 10, 20)
            for packet in (
                rtcp(block(1, fraction=second), time_us=BASE_US + second * SECOND),
                rtcp(
                    block(2),
                    time_us=BASE_US + second * SECOND + 1000,
                    source=ALICE,
                    destination=BOB,
                ),
            )
        ],
    )
    found = await media(client)
    first, second = found["streams"]

    assert (found["call_id"], found["is_thinned"], found["streams_left_out"]) == (CALL, False, 0)
    # Bob says what he received: the stream of SSRC 1, from Alice to Bob.
    assert first["ssrc"] == 1
    assert first["source"] == {"ip": ALICE[0], "port": ALICE[1] + 1, "name": None}
    assert first["destination"] == {"ip": BOB[0], "port": BOB[1] + 1, "name": None}
    assert (first["way"], first["kind"], first["node"]) == ("received", "rtcp_json", "media-1")
    assert (first["codec"], first["codec_from"], first["medium"]) == ("PCMA", "sdp", "audio")
    assert (first["loss_window"], first["joined_by"]) == ("interval", "address")
    # Nothing between 10 and 20 seconds: a gap is a gap.
    assert [point["time"] for point in first["points"]] == [time_of(5), time_of(10), time_of(20)]
    assert [point["loss"] for point in first["points"]] == pytest.approx(
        [5 / 256, 10 / 256, 20 / 256], abs=1e-6
    )
    assert first["points"][0] == {
        "time": time_of(5),
        "loss": pytest.approx(5 / 256, abs=1e-6),
        "discarded": None,
        "packets_lost": 0,
        "packets": None,
        "jitter_ms": 10.0,
        "round_trip_ms": None,
        "round_trip_said": None,
        "one_way_ms": None,
        "mos": pytest.approx(mos_of("PCMA", fraction=5 / 256), abs=1e-4),
        "r": pytest.approx(87.4, abs=5),
        "context": "MOS-LQEN",
        "mos_lq_said": None,
        "mos_cq_said": None,
        "r_lq_said": None,
        "r_cq_said": None,
        "is_final": False,
    }
    assert first["summary"]["reports"] == 3
    assert first["summary"]["loss"] == {
        "mean": pytest.approx(35 / 3 / 256, abs=1e-6),
        "worst": pytest.approx(20 / 256, abs=1e-6),
    }
    assert first["summary"]["mos"]["worst"] == first["points"][2]["mos"]
    assert (second["ssrc"], second["source"]["ip"]) == (2, BOB[0])


async def test_several_ssrcs_between_the_same_ends_stay_apart(
    client: httpx.AsyncClient, database: str
) -> None:
    """A source that changes, as after a transfer, is another stream."""
    await store(database, signalling(CALL))
    await store(
        database,
        [rtcp(block(ssrc), time_us=BASE_US + ssrc * SECOND) for ssrc in (11, 12, 13)],
    )

    assert [stream["ssrc"] for stream in (await media(client))["streams"]] == [11, 12, 13]


async def test_round_trips_come_of_sender_reports_that_were_seen(
    client: httpx.AsyncClient, database: str
) -> None:
    """From capture point to reporter and back: the answer's time, less what it was held."""
    sent_us = BASE_US + 10 * SECOND
    # Alice's clock is an hour wrong, which does not matter.
    sender_clock_us = sent_us - 3600 * SECOND
    await store(database, signalling(CALL))
    await store(
        database,
        [
            rtcp(
                time_us=sent_us,
                source=ALICE,
                destination=BOB,
                ssrc=5,
                sender_us=sender_clock_us,
                call_id=CALL,
            ),
            rtcp(
                block(5, lsr=_middle(sender_clock_us), dlsr=int(1.5 * 65536)),
                time_us=sent_us + 1_580_000,
                call_id=CALL,
            ),
        ],
    )
    (stream,) = (await media(client))["streams"]
    (point,) = stream["points"]

    assert point["round_trip_ms"] == pytest.approx(80, abs=0.1)
    assert point["round_trip_said"] is False
    assert point["context"] == "MOS-CQEN"


def _middle(time_us: int) -> int:
    return middle_bits(us_to_ntp(time_us))


VQ = (
    "VQSessionReport: CallTerm\r\nCallID: call-1@example.org\r\n"
    "LocalID: <sip:alice@example.org>\r\nRemoteID: <sip:bob@example.org>\r\n"
    "OrigID: <sip:alice@example.org>\r\nLocalAddr: IP=192.0.2.10 PORT=30000 SSRC=0x0b\r\n"
    "RemoteAddr: IP=198.51.100.20 PORT=40000 SSRC=0x0a\r\n"
    "LocalMetrics:\r\nTimestamps: START=2026-11-23T08:53:21Z STOP=2026-11-23T08:54:20Z\r\n"
    "SessionDesc: PT=18 PD=G729 SR=8000 FD=20 FPP=1 PPS=50 PLC=3 SSUP=on\r\n"
    "JitterBuffer: JBA=3 JBR=2 JBN=40 JBM=80 JBX=120\r\n"
    "PacketLoss: NLR=5.0 JDR=2.0\r\nDelay: RTD=200 ESD=140 IAJ=12\r\n"
    "QualityEst: RLQ=70 RCQ=65 MOSLQ=3.6 MOSCQ=3.3\r\n"
)


async def test_a_publish_tells_of_the_call_that_it_names(
    client: httpx.AsyncClient, database: str
) -> None:
    """RFC 6035: the PUBLISH has a Call-ID of its own; what it says stands beside what we say."""
    await store(database, signalling(CALL))
    publish = with_body(
        make_request("PUBLISH", "publish-1@example.org"), VQ, "application/vq-rtcpxr"
    )
    await store(database, [make_packet(publish, time_us=BASE_US + 70 * SECOND)])
    await join(database)
    (stream,) = (await media(client))["streams"]
    (point,) = stream["points"]

    assert (stream["kind"], stream["joined_by"]) == ("vq_rtcpxr_session", "report")
    assert (stream["loss_window"], stream["codec"], stream["codec_from"]) == (
        "cumulative",
        "G729",
        "said",
    )
    assert (stream["ssrc"], stream["source"]) == (10, {"ip": BOB[0], "port": BOB[1], "name": None})
    assert stream["reporter"] == "<sip:alice@example.org>"
    assert (point["loss"], point["discarded"], point["jitter_ms"]) == pytest.approx(
        (0.05, 0.02, 12)
    )
    assert (point["round_trip_ms"], point["round_trip_said"]) == (200, True)
    assert (point["mos_lq_said"], point["mos_cq_said"]) == pytest.approx((3.6, 3.3))
    assert (point["r_lq_said"], point["r_cq_said"]) == (70, 65)
    assert point["context"] == "MOS-CQEN"
    assert 2 < point["mos"] < 3.3
    assert point["is_final"]
    assert stream["summary"]["loss"] == {"mean": None, "worst": pytest.approx(0.05)}
    # The PUBLISH is a record of its own, without media.
    assert (await media(client, "/api/v1/calls/publish-1%40example.org/media"))["streams"] == []


async def test_a_publish_for_a_call_that_nobody_captured_is_found(
    client: httpx.AsyncClient, database: str
) -> None:
    """Only the phone tells of it."""
    publish = with_body(
        make_request("PUBLISH", "publish-1@example.org"), VQ, "application/vq-rtcpxr"
    )
    await store(database, [make_packet(publish, time_us=BASE_US + 70 * SECOND)])

    assert len((await media(client))["streams"]) == 1


async def test_statistics_in_a_bye_are_streams_of_both_ways(
    client: httpx.AsyncClient, database: str
) -> None:
    """X-RTP-Stat: what the phone received, with its MOS, and what it sent."""
    bye = make_request(
        "BYE",
        CALL,
        cseq=2,
        to_tag="to-1",
        headers="X-RTP-Stat: PS=3000;PR=2990;PL=10,4;JI=8;LA=30;DU=60;EN=PCMA;DE=PCMA;MOS=4.1;"
        "IP=192.0.2.10:30000,198.51.100.20:40000\r\n",
    )
    await store(database, signalling(CALL, end=bye))
    await join(database)
    streams = {stream["way"]: stream for stream in (await media(client))["streams"]}
    received = streams["received"]["points"][0]

    assert set(streams) == {"received", "sent"}
    assert streams["received"]["kind"] == "x_rtp_stat"
    assert streams["received"]["source"] == {"ip": BOB[0], "port": BOB[1], "name": None}
    assert streams["sent"]["source"] == {"ip": ALICE[0], "port": ALICE[1], "name": None}
    assert (received["packets"], received["packets_lost"]) == (2990, 10)
    assert received["mos_lq_said"] == pytest.approx(4.1)
    assert received["loss"] == pytest.approx(10 / 3000, abs=1e-6)
    assert await check_sums(database) == 2


async def test_a_call_without_reports_has_no_streams(
    client: httpx.AsyncClient, database: str
) -> None:
    """An empty list, while a Call-ID of which nothing is stored is not found."""
    await store(database, signalling(CALL))
    missing = await client.get("/api/v1/calls/nobody/media")

    assert (await media(client))["streams"] == []
    assert missing.status_code == 404
    assert missing.json()["title"]
    unknown = await client.get(PATH, params={"foo": "1"})
    assert unknown.status_code == 400


async def test_the_worst_figures_are_shown_and_asked_for_in_the_list(
    client: httpx.AsyncClient, database: str
) -> None:
    """worst_mos, worst_loss and worst_jitter_ms of /calls."""
    await store(database, [*signalling(CALL), *signalling("call-2@example.org")[:1]])
    await store(
        database,
        [
            rtcp(block(1, fraction=64, jitter=80), time_us=BASE_US + 5 * SECOND),
            rtcp(block(1, fraction=1, jitter=240), time_us=BASE_US + 10 * SECOND),
        ],
    )
    await join(database)
    query = {"start": time_of(-60), "end": time_of(3600)}
    listed = (await client.get("/api/v1/calls", params={**query, "worst_mos": "*"})).json()
    (call,) = listed["items"]
    again = await client.get(
        "/api/v1/calls",
        params={**query, "worst_mos": str(call["worst_mos"]), "worst_jitter_ms": "30"},
    )

    assert call["call_id"] == CALL
    assert call["worst_loss"] == 0.25
    assert call["worst_jitter_ms"] == 30.0
    assert call["worst_mos"] == round(mos_of("PCMA", fraction=0.25), 2)
    assert [one["call_id"] for one in again.json()["items"]] == [CALL]


@pytest.mark.parametrize(
    ("protocol_type", "payload", "reason"),
    [
        (5, b"{", "bad_json"),
        (5, b'{"hello":1}', "bad_shape"),
        (5, b"[" * 5000, "too_deep"),
        (34, b"\xff\xfe\x00", "bad_json"),
        (35, b"VQSessionReport\r\n" + b"X: Y=1\r\n" * 2000, "too_many"),
    ],
)
async def test_a_malformed_report_is_counted_and_its_packet_stored(
    client: httpx.AsyncClient, database: str, protocol_type: int, payload: bytes, reason: str
) -> None:
    """Hostile payloads cost nothing but themselves."""
    counts = await store(
        database,
        [
            *signalling(CALL),
            make_packet(
                payload,
                time_us=BASE_US + SECOND,
                protocol_type=protocol_type,
                correlation_id=CALL.encode(),
            ),
        ],
    )

    assert counts[f"media_errors_total{{{reason}}}"] == 1
    assert counts["rows_total{packet_media}"] == 1
    assert (await media(client))["streams"] == []


async def test_twenty_thousand_reports_give_a_bounded_answer(
    client: httpx.AsyncClient, database: str
) -> None:
    """The whole call from begin to end, the worst report in it, and sums over all."""
    await store(database, signalling(CALL, seconds=3000))
    count = 20_000
    bad = 15_555
    await store(
        database,
        (
            rtcp(
                block(1, fraction=200 if number == bad else number % 3),
                time_us=BASE_US + number * 100_000,
                call_id=CALL,
            )
            for number in range(count)
        ),
    )
    found = await media(client)
    (stream,) = found["streams"]
    times = [point["time"] for point in stream["points"]]

    assert found["is_thinned"]
    assert stream["summary"]["reports"] == count
    assert len(stream["points"]) == MAX_POINTS
    assert times == sorted(times)
    assert times[0] < time_of(1)
    assert times[-1] > time_of(1999)
    assert max(point["loss"] for point in stream["points"]) == pytest.approx(200 / 256)
    assert stream["summary"]["loss"]["worst"] == pytest.approx(200 / 256)


async def test_a_flood_of_ssrcs_is_cut(client: httpx.AsyncClient, database: str) -> None:
    """The streams with the most reports are shown, and how many are left out."""
    await store(database, signalling(CALL))
    flood = [
        rtcp(block(ssrc), time_us=BASE_US + ssrc * 1000, call_id=CALL) for ssrc in range(1, 501)
    ]
    await store(database, [*flood, rtcp(block(500), time_us=BASE_US + 40 * SECOND, call_id=CALL)])
    found = await media(client)

    assert len(found["streams"]) == MAX_STREAMS
    assert found["streams_left_out"] == 500 - MAX_STREAMS
    assert 500 in {stream["ssrc"] for stream in found["streams"]}


async def test_at_and_a_part_of_the_call_can_be_asked_for(
    client: httpx.AsyncClient, database: str
) -> None:
    """`start` and `end` cut, as for messages."""
    await store(database, signalling(CALL))
    await store(
        database, [rtcp(block(1), time_us=BASE_US + second * SECOND) for second in (5, 10, 15)]
    )
    (stream,) = (await media(client, start=time_of(6), end=time_of(15)))["streams"]

    assert [point["time"] for point in stream["points"]] == [time_of(10)]
