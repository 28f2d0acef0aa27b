"""Reports find their call: in either order, by what they say, by address in time."""

import pytest

from integration.media.rig import (
    ALICE,
    BOB,
    SECOND,
    address,
    block,
    check_sums,
    join,
    mos_of,
    reports,
    rtcp,
    rtp_port,
    signalling,
    store,
    worst,
)
from support.builders import BASE_US

pytestmark = pytest.mark.database

CALL = "call-1@example.org"
LOSSY = rtcp(block(77, fraction=26, lost=12), time_us=BASE_US + 10 * SECOND)


async def test_a_report_finds_the_call_that_offered_its_address(database: str) -> None:
    """RTCP without a Call-ID goes by the ports in SDP, RTP's plus one; SDP tells the codec."""
    await store(database, signalling(CALL))
    counts = await store(database, [LOSSY])
    (row,) = await reports(database)

    assert counts["media_reports_total{address}"] == 1
    assert (row["call_id"], row["joined_by"]) == (CALL, "address")
    assert (row["codec"], row["codec_from"], row["medium"]) == ("PCMA", "sdp", "audio")
    assert (row["source"], row["source_port"]) == (address(BOB[0]), BOB[1] + 1)
    assert (row["way"], row["loss_window"], row["ssrc"]) == ("received", "interval", 77)
    assert row["loss"] == pytest.approx(26 / 256)
    assert row["jitter_ms"] == pytest.approx(10)
    assert row["packets_lost"] == 12
    assert row["mos"] == pytest.approx(mos_of("PCMA", fraction=26 / 256))
    assert row["context"] == "MOS-LQEN"
    assert await check_sums(database) == 1


async def test_either_order_of_arrival_gives_the_same(database: str) -> None:
    """The report first: unjoined and rated as G.711 at first, then as what SDP says."""
    g729 = [rtp_port(ALICE, "18"), rtp_port(BOB, "18")]
    await store(database, [LOSSY])
    (before,) = await reports(database)
    await join(database)
    await store(database, signalling(CALL, offer=g729[0], reply=g729[1]))
    joiner = await join(database)
    (after,) = await reports(database)

    assert (before["call_id"], before["codec_from"]) == ("", "assumed")
    assert before["jitter_ms"] is None
    assert (after["call_id"], after["joined_by"]) == (CALL, "address")
    assert (after["codec"], after["codec_from"]) == ("G729", "sdp")
    assert after["mos"] == pytest.approx(mos_of("G729", fraction=26 / 256))
    assert after["mos"] < before["mos"]
    assert joiner.counts.joined == 1
    assert await check_sums(database) == 1
    assert await worst(database, CALL) == pytest.approx((after["mos"], 26 / 256, 10.0))


@pytest.mark.parametrize("report_first", [True, False])
async def test_a_whole_call_in_one_batch_is_joined(database: str, *, report_first: bool) -> None:
    """Neither sees the other in the database while it is stored."""
    sip = signalling(CALL)
    await store(database, [LOSSY, *sip] if report_first else [*sip, LOSSY])
    await join(database)
    (row,) = await reports(database)

    assert row["call_id"] == CALL
    assert row["codec"] == "PCMA"
    assert await check_sums(database) == 1
    assert (await worst(database, CALL))[1] == pytest.approx(26 / 256)


async def test_reports_after_the_end_still_join(database: str) -> None:
    """The last RTCP comes seconds after BYE; what comes ten minutes later is not of the call."""
    await store(database, signalling(CALL, seconds=60))
    await store(
        database,
        [
            rtcp(block(77, fraction=1), time_us=BASE_US + 62 * SECOND),
            rtcp(block(77, fraction=2), time_us=BASE_US + 660 * SECOND),
        ],
    )
    await join(database)

    assert [row["call_id"] for row in await reports(database)] == [CALL, ""]


async def test_a_port_used_again_is_told_apart_by_time(database: str) -> None:
    """Two calls minutes apart offer the same addresses; a report is of the one before it."""
    late = BASE_US + 180 * SECOND
    packets = [
        *signalling(CALL, seconds=60),
        *signalling("call-2@example.org", start_us=late),
    ]
    early_reports = [
        rtcp(block(77, fraction=1), time_us=BASE_US + 30 * SECOND),
        rtcp(block(77, fraction=2), time_us=late + 30 * SECOND),
    ]
    await store(database, early_reports[:1])
    await store(database, packets)
    await store(database, early_reports[1:])
    await join(database)

    assert [row["call_id"] for row in await reports(database)] == [CALL, "call-2@example.org"]


async def test_both_ends_decide_before_the_newer_offer(database: str) -> None:
    """A media server gives its port to the next call while the last reports still come."""
    carol = ("203.0.113.30", 50000)
    await store(
        database,
        [
            *signalling(CALL, seconds=60),
            *signalling(
                "call-2@example.org", start_us=BASE_US + 61 * SECOND, offer=rtp_port(carol)
            ),
        ],
    )
    await store(database, [rtcp(block(77), time_us=BASE_US + 65 * SECOND)])
    (row,) = await reports(database)

    assert row["call_id"] == CALL


async def test_a_report_behind_nat_joins_by_the_other_end(database: str) -> None:
    """SDP has the private address of the phone; the packet comes from the router's."""
    await store(database, signalling(CALL, offer=rtp_port(("10.0.0.5", 30000))))
    nat = ("203.0.113.99", 61234)
    await store(
        database,
        [
            rtcp(block(77), time_us=BASE_US + 5 * SECOND, source=nat, destination=BOB),
            rtcp(block(78), time_us=BASE_US + 6 * SECOND, source=nat, destination=nat),
        ],
    )
    await join(database)

    assert [row["call_id"] for row in await reports(database)] == [CALL, ""]


async def test_ipv6_addresses_join(database: str) -> None:
    """Also where SDP writes them in another form than the packet's."""
    alice, bob = ("2001:db8:0:0::10", 30000), ("2001:db8::20", 40000)
    await store(database, signalling(CALL, offer=rtp_port(alice), reply=rtp_port(bob)))
    report = rtcp(
        block(77), time_us=BASE_US + 5 * SECOND, source=bob, destination=("2001:db8::10", 30000)
    )
    await store(database, [report])

    assert [row["call_id"] for row in await reports(database)] == [CALL]


@pytest.mark.parametrize(
    ("attribute", "port"),
    [
        ("a=rtcp-mux\r\n", 30000),
        ("a=rtcp-mux\r\n", 30001),
        ("a=rtcp:31999\r\n", 31999),
        ("a=rtcp:32001 IN IP4 203.0.113.7\r\n", 32001),
    ],
)
async def test_rtcp_comes_to_the_port_that_sdp_tells(
    database: str, attribute: str, port: int
) -> None:
    """Multiplexed, at a port of its own, or at a host of its own."""
    host = "203.0.113.7" if "203" in attribute else ALICE[0]
    await store(database, signalling(CALL, offer=rtp_port(ALICE, more=attribute)))
    elsewhere = ("203.0.113.99", 61234)
    await store(
        database,
        [
            rtcp(
                block(77),
                time_us=BASE_US + 5 * SECOND,
                source=elsewhere,
                destination=(host, port),
                as_rtcp_port=False,
            )
        ],
    )

    assert [row["call_id"] for row in await reports(database)] == [CALL]


async def test_chunk_17_counts_when_it_is_the_call_id_of_a_known_call(database: str) -> None:
    """Agents put other things there; those leave the address to decide."""
    await store(database, signalling(CALL))
    nowhere = ("203.0.113.99", 61234)
    await store(
        database,
        [
            rtcp(
                block(1),
                time_us=BASE_US + SECOND,
                source=nowhere,
                destination=nowhere,
                call_id=CALL,
            ),
            rtcp(block(2), time_us=BASE_US + 2 * SECOND, call_id="some-uuid-of-the-agent"),
        ],
    )

    assert [(row["call_id"], row["joined_by"]) for row in await reports(database)] == [
        (CALL, "correlation"),
        (CALL, "address"),
    ]


async def test_chunk_17_of_a_call_yet_to_come_joins_then(database: str) -> None:
    """The report is stored first, and no address of it is known."""
    nowhere = ("203.0.113.99", 61234)
    report = rtcp(
        block(1), time_us=BASE_US + SECOND, source=nowhere, destination=nowhere, call_id=CALL
    )
    await store(database, [report])
    await join(database)
    await store(database, signalling(CALL))
    await join(database)

    assert [(row["call_id"], row["joined_by"]) for row in await reports(database)] == [
        (CALL, "correlation")
    ]
    assert await check_sums(database) == 1


async def test_the_answer_tells_the_codec(database: str) -> None:
    """Of several codecs offered the answer takes one; events are no codec."""
    await store(
        database,
        signalling(
            CALL,
            offer=rtp_port(
                ALICE,
                "101 96 8 0",
                "a=rtpmap:96 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n",
            ),
            reply=rtp_port(BOB, "96", "a=rtpmap:96 opus/48000/2\r\n"),
        ),
    )
    await store(database, [rtcp(block(77, jitter=480), time_us=BASE_US + 5 * SECOND)])
    (row,) = await reports(database)

    assert (row["codec"], row["jitter_ms"]) == ("opus", pytest.approx(10))
    assert row["context"] == "MOS-LQEF"


async def test_video_is_joined_and_not_rated(database: str) -> None:
    """The E-model is about speech."""
    video = (ALICE[0], 30010)
    more = f"m=video {video[1]} RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n"
    reply = f"m=video {BOB[1] + 10} RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n"
    await store(
        database,
        signalling(CALL, offer=rtp_port(ALICE, more=more), reply=rtp_port(BOB, more=reply)),
    )
    await store(
        database,
        [
            rtcp(
                block(77, fraction=10, jitter=900),
                time_us=BASE_US + 5 * SECOND,
                source=(BOB[0], BOB[1] + 10),
                destination=video,
            )
        ],
    )
    (row,) = await reports(database)

    assert (row["call_id"], row["medium"], row["codec"]) == (CALL, "video", "H264")
    assert (row["jitter_ms"], row["mos"], row["r"]) == (pytest.approx(10), None, None)
