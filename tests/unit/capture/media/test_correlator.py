"""RTCP to its call: by what tells it, in either order, behind NAT, over the life of a call."""

import json
from collections.abc import Callable

import pytest

from hep.rtcp import ExtendedReport, VoipMetrics, encode
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.media.correlator import Correlator, CorrelatorLimits
from hepscope_capture.media.evidence import Evidence
from hepscope_capture.media.waiting import MAX_OF_KEY
from support.media_traffic import (
    ALICE_RTP,
    BOB_RTCP,
    BOB_RTP,
    SECOND,
    START_US,
    answer,
    beside,
    bye,
    compound,
    datagram,
    description,
    failure,
    invite,
    message,
    receiver_report,
    rtcp,
)

PUBLIC = ("203.0.113.9", 61001)
NOWHERE = ("203.0.113.200", 999)


def learned(*messages: Datagram) -> Correlator:
    """Return a correlator that has seen these messages."""
    correlator = Correlator()
    for one in messages:
        assert correlator.learn(one) == ()
    return correlator


def call_of(correlator: Correlator, packet: Datagram) -> bytes | None:
    """Return the id that a packet is sent under, None when it is held."""
    sent = correlator.correlate(packet)
    assert len(sent) <= 1
    return sent[0].correlation_id if sent else None


def evidence(correlator: Correlator) -> list[Evidence]:
    """Return what told the calls so far."""
    return sorted(correlator.counts.matched.elements())


def test_a_report_keeps_its_addresses_and_time() -> None:
    """HEP type 5 with JSON, between the ends that the wire had."""
    packet = rtcp()
    packet.vlan, packet.tos, packet.macs = 7, 0xB8, b"\1" * 12

    (sent,) = learned(invite(), answer()).correlate(packet)

    assert (sent.kind, sent.correlation_id) == (5, b"call-1")
    assert sent.time_us == packet.time_us
    assert (sent.source, sent.source_port) == (packet.source, packet.source_port)
    assert (sent.destination, sent.destination_port) == (packet.destination, 40001)
    assert (sent.protocol, sent.vlan, sent.tos, sent.macs) == (17, 7, 0xB8, b"\1" * 12)
    assert json.loads(sent.payload)["ssrc"] == 0x1111


@pytest.mark.parametrize(
    ("said", "mos"), [((41, 39), 390), ((41, 127), 410), ((127, 127), 0), ((0, 60), 0)]
)
def test_a_mos_that_an_end_said(said: tuple[int, int], mos: int) -> None:
    """Of XR, in hundredths; what is unknown or impossible is none, and none is made of losses."""
    metrics = VoipMetrics(2, 9, mos_lq=said[0], mos_cq=said[1])
    packet = rtcp()
    packet.payload = encode(*compound(), ExtendedReport(0x1111, (metrics,)))

    (sent,) = learned(invite()).correlate(packet)

    assert sent.mos == mos


@pytest.mark.parametrize(
    ("more", "port", "told_by"),
    [
        ("", 40001, Evidence.RTCP),
        ("a=rtcp:40100\r\n", 40100, Evidence.RTCP),
        ("a=rtcp:40100 IN IP4 203.0.113.9\r\n", 40100, Evidence.RTCP),
        ("a=rtcp-mux\r\n", 40000, Evidence.MUX),
        ("a=rtcp-mux\r\n", 40001, Evidence.RTCP),
        ("", 40000, Evidence.RTP_PORT),
        ("a=candidate:1 2 UDP 1 203.0.113.9 50001 typ host\r\n", 50001, Evidence.CANDIDATE),
    ],
)
def test_what_sdp_says_of_rtcp(more: str, port: int, told_by: Evidence) -> None:
    """RFC 3605, RFC 5761, RFC 8839, and the odd port of old."""
    correlator = learned(answer(reply=description(BOB_RTP, more)))
    host = "203.0.113.9" if "203.0.113.9" in more else BOB_RTP[0]

    assert call_of(correlator, rtcp(NOWHERE, (host, port))) == b"call-1"
    assert evidence(correlator) == [told_by]


@pytest.mark.parametrize("kind", ["audio", "video", "image", "application"])
def test_every_kind_of_media(kind: str) -> None:
    """Not only audio."""
    correlator = learned(invite(offer=description(ALICE_RTP, kind=kind)))

    assert call_of(correlator, rtcp()) == b"call-1"


def test_over_ipv6() -> None:
    """The same with longer addresses."""
    offered = ("2001:db8::1", 30000)
    correlator = learned(invite(offer=offered))

    assert call_of(correlator, rtcp(("2001:db8::2", 40001), beside(offered))) == b"call-1"


def test_several_media_of_one_description() -> None:
    """Each m= has a port of its own, one that is refused has none."""
    body = description(ALICE_RTP) + "m=video 30010 RTP/AVP 96\r\nm=audio 0 RTP/AVP 0\r\n"
    correlator = learned(invite(offer=body))

    assert call_of(correlator, rtcp((ALICE_RTP[0], 30011), NOWHERE)) == b"call-1"
    assert call_of(correlator, rtcp((ALICE_RTP[0], 1), PUBLIC, ssrc=5, about=6)) is None


def test_rtcp_waits_for_the_description() -> None:
    """What came before comes out with it, in order and with its own time."""
    correlator = Correlator()
    early = [rtcp(seconds=0.1), rtcp(beside(BOB_RTP), beside(ALICE_RTP), seconds=0.2, ssrc=0x2222)]
    assert [list(correlator.correlate(packet)) for packet in early] == [[], []]

    sent = correlator.learn(answer(seconds=0.5))

    assert [one.time_us for one in sent] == [one.time_us for one in early]
    assert {one.correlation_id for one in sent} == {b"call-1"}
    assert (correlator.counts.held, correlator.counts.released) == (2, 2)


def test_what_nobody_claims_goes_under_its_addresses() -> None:
    """After ten seconds, the same id in both directions, and counted."""
    correlator = Correlator()
    there, back = rtcp(seconds=0), rtcp(beside(BOB_RTP), beside(ALICE_RTP), seconds=1)
    assert not correlator.correlate(there)
    assert not correlator.correlate(back)

    assert not correlator.expire(START_US + 9 * SECOND)
    first = correlator.expire(START_US + 10 * SECOND)
    second = correlator.finish()

    assert len(first) == len(second) == 1
    assert first[0].correlation_id == b"192.0.2.10:30001-198.51.100.20:40001"
    assert second[0].correlation_id == first[0].correlation_id
    assert correlator.counts.uncorrelated == 2


def test_clocks_that_differ_a_little() -> None:
    """Two interfaces, two processes: nothing is given up for a step back of a moment."""
    correlator = Correlator()
    assert not correlator.correlate(rtcp(seconds=5))
    assert not correlator.expire(START_US + 4 * SECOND)
    correlator = learned(invite(), answer(), bye(seconds=60))
    correlator.correlate(rtcp(seconds=60))
    correlator.expire(START_US + 59 * SECOND)

    assert call_of(correlator, rtcp(seconds=61)) == b"call-1"


def test_an_ipv6_address_stands_in_brackets() -> None:
    """So that its port can be told."""
    correlator = Correlator()
    correlator.correlate(rtcp(("2001:db8::2", 40001), ("2001:db8::1", 30001)))

    (sent,) = correlator.finish()

    assert sent.correlation_id == b"[2001:db8::1]:30001-[2001:db8::2]:40001"


def test_behind_nat_the_other_end_tells() -> None:
    """Comedia: alice's description is private, her RTCP comes from elsewhere and is answered."""
    correlator = learned(invite(offer=("10.0.0.5", 30000)), answer())

    assert call_of(correlator, rtcp(PUBLIC, beside(BOB_RTP))) == b"call-1"
    assert call_of(correlator, rtcp(beside(BOB_RTP), PUBLIC, ssrc=3)) == b"call-1"
    # Once known, her address tells by itself, whoever the other end is.
    assert call_of(correlator, rtcp(PUBLIC, NOWHERE, ssrc=4, about=5)) == b"call-1"
    assert evidence(correlator) == [Evidence.RTCP, Evidence.RTCP, Evidence.SYMMETRIC]


def test_the_address_that_sip_came_from() -> None:
    """A port that the NAT kept, or a server that names its public address."""
    correlator = learned(invite(offer=("10.0.0.5", 30000), source=("203.0.113.9", 5060)))

    assert call_of(correlator, rtcp(("203.0.113.9", 30001), NOWHERE)) == b"call-1"
    assert evidence(correlator) == [Evidence.SIP_SOURCE]


def test_on_hold_with_an_address_of_zeros() -> None:
    """RFC 2543's hold tells a port only."""
    correlator = learned(invite(offer=("0.0.0.0", 30000)))

    assert call_of(correlator, rtcp()) == b"call-1"
    assert evidence(correlator) == [Evidence.SIP_SOURCE]


def test_a_proxy_is_no_author() -> None:
    """With two Vias the request was forwarded: its source says nothing of the media."""
    proxied = invite(offer=("10.0.0.5", 30000), source=("203.0.113.9", 5060), vias=2)

    assert call_of(learned(proxied), rtcp(("203.0.113.9", 30001), NOWHERE)) is None


def test_by_an_ssrc_of_the_description() -> None:
    """No address fits, but a=ssrc does (RFC 5576)."""
    correlator = learned(invite(offer=description(ALICE_RTP, "a=ssrc:4369 cname:x\r\n")))

    assert call_of(correlator, rtcp(PUBLIC, NOWHERE, ssrc=4369)) == b"call-1"
    assert evidence(correlator) == [Evidence.SSRC]


def test_by_the_ssrc_that_a_report_is_about() -> None:
    """The answerer's reports name the offerer's stream."""
    correlator = learned(invite(offer=description(ALICE_RTP, "a=ssrc:4369 cname:x\r\n")))
    report = receiver_report(NOWHERE, PUBLIC, seconds=2, ssrc=9, about=4369)

    assert call_of(correlator, report) == b"call-1"


def test_an_ssrc_of_two_calls_tells_none() -> None:
    """Some devices have the same in every call."""
    offer = "a=ssrc:4369 cname:x\r\n"
    correlator = learned(
        invite("call-1", description(ALICE_RTP, offer)),
        invite("call-2", description(BOB_RTP, offer)),
    )

    assert call_of(correlator, rtcp(PUBLIC, NOWHERE, ssrc=4369)) is None


def test_legs_on_one_address() -> None:
    """A B2BUA has both legs on one host: the ports tell them apart."""
    b2bua = "198.51.100.20"
    correlator = learned(
        invite("leg-1", ALICE_RTP),
        answer("leg-1", (b2bua, 10000)),
        invite("leg-2", (b2bua, 10002)),
        answer("leg-2", ("203.0.113.7", 20000)),
    )

    assert call_of(correlator, rtcp(beside(ALICE_RTP), (b2bua, 10001))) == b"leg-1"
    assert call_of(correlator, rtcp((b2bua, 10003), ("203.0.113.7", 20001))) == b"leg-2"
    assert call_of(correlator, rtcp((b2bua, 10001), PUBLIC)) == b"leg-1"


def test_descriptions_passed_on_keep_to_one_leg() -> None:
    """A B2BUA without media: both legs claim both ends; a stream stays where it was put first."""
    correlator = learned(
        *(invite(leg, ALICE_RTP, seconds=n) for n, leg in enumerate(("leg-1", "leg-2"))),
        *(answer(leg, BOB_RTP, seconds=3 - n) for n, leg in enumerate(("leg-1", "leg-2"))),
    )
    first = call_of(correlator, rtcp(seconds=5))
    correlator.learn(invite("leg-2", ALICE_RTP, seconds=6))

    assert call_of(correlator, rtcp(seconds=10)) == first == b"leg-1"


def test_a_port_that_is_used_again() -> None:
    """Without a BYE the newest call has it, as soon as it has told of itself."""
    correlator = learned(invite("old"), answer("old"))
    assert call_of(correlator, rtcp(seconds=5)) == b"old"

    correlator.learn(invite("new", seconds=300))
    correlator.learn(answer("new", seconds=301))

    assert call_of(correlator, rtcp(seconds=305, ssrc=0x3333)) == b"new"


def test_after_a_bye_the_last_reports_still_count() -> None:
    """For a minute; then the address is nobody's."""
    correlator = learned(invite(), answer(), bye(seconds=60))

    assert call_of(correlator, rtcp(seconds=90)) == b"call-1"
    assert call_of(correlator, rtcp(seconds=121)) is None
    correlator.expire(START_US + 121 * SECOND)
    assert (correlator.gauges.calls(), correlator.gauges.addresses()) == (0, 0)
    assert correlator.counts.calls.ended == 1


def test_a_stranger_after_the_bye_waits_for_its_own_call() -> None:
    """The port was given out again, and RTCP overtook the new call's SIP."""
    correlator = learned(invite("old"), answer("old"))
    call_of(correlator, rtcp(seconds=50))
    correlator.learn(bye("old", seconds=60))

    assert call_of(correlator, rtcp(seconds=63, ssrc=7, about=8)) is None
    (sent,) = correlator.learn(invite("new", seconds=64))

    assert sent.correlation_id == b"new"


def test_an_address_that_was_only_seen_is_no_claim() -> None:
    """The NAT gave a port of one call to another, whose last report it is."""
    correlator = learned(
        invite("other", ("10.0.0.5", 30000)), answer("other", ("198.51.100.20", 50000))
    )
    assert call_of(correlator, rtcp(PUBLIC, ("198.51.100.20", 50001), ssrc=1, about=2)) == b"other"
    correlator.learn(answer(seconds=10))
    correlator.learn(bye(seconds=20))

    assert call_of(correlator, rtcp(PUBLIC, BOB_RTCP, seconds=21, ssrc=3, about=4)) == b"call-1"


def test_of_two_dialogs_one_may_end() -> None:
    """A forked call that was answered twice (RFC 3261 section 13.2.2.4)."""
    correlator = learned(
        invite(), answer(tags=("a", "b")), answer(tags=("a", "c")), bye(tags=("a", "c"), seconds=9)
    )
    assert call_of(correlator, rtcp(seconds=500)) == b"call-1"

    correlator.learn(bye(tags=("b", "a"), seconds=600))

    assert call_of(correlator, rtcp(seconds=700)) is None


def test_a_call_that_failed_is_over_unless_it_goes_on() -> None:
    """A challenge is followed by the same Call-ID with credentials."""
    correlator = learned(invite(), failure(status="407 Proxy Authentication Required"))
    correlator.learn(invite(seconds=2))
    assert call_of(correlator, rtcp(seconds=300)) == b"call-1"

    failed = learned(invite("call-2"), failure("call-2"))

    assert call_of(failed, rtcp(seconds=300)) is None


def test_a_failed_reinvite_ends_nothing() -> None:
    """Its dialog goes on as it was (RFC 3261 section 14.1)."""
    correlator = learned(invite(), answer(), failure(seconds=20, status="488 Not Acceptable"))

    assert call_of(correlator, rtcp(seconds=300)) == b"call-1"


def test_a_reinvite_adds_addresses() -> None:
    """The new ones count at once, the old ones for what is under way."""
    correlator = learned(invite(), answer(), invite(offer=(ALICE_RTP[0], 31000), seconds=20))

    assert call_of(correlator, rtcp((ALICE_RTP[0], 31001), NOWHERE, seconds=21)) == b"call-1"
    assert call_of(correlator, rtcp(beside(ALICE_RTP), NOWHERE, seconds=21)) == b"call-1"


def test_rtcp_keeps_a_call_alive() -> None:
    """Twelve hours without any, and it is forgotten."""
    hour = 3600
    correlator = learned(invite())
    for hours in (10, 20, 30):
        correlator.expire(START_US + hours * hour * SECOND)
        assert call_of(correlator, rtcp(seconds=hours * hour)) == b"call-1"

    correlator.expire(START_US + 43 * hour * SECOND)

    assert correlator.gauges.calls() == 0
    assert correlator.counts.calls.idle == 1


def test_calls_are_bounded() -> None:
    """The one that was heard of longest ago gives way."""
    correlator = Correlator(CorrelatorLimits(calls=2))
    for number in range(3):
        correlator.learn(invite(f"call-{number}", (ALICE_RTP[0], 30000 + 2 * number)))

    assert call_of(correlator, rtcp(seconds=1)) is None
    assert correlator.gauges.calls() == 2
    assert correlator.counts.calls.evicted == 1


@pytest.mark.parametrize("limits", [CorrelatorLimits(held=2), CorrelatorLimits(held_bytes=200)])
def test_what_waits_is_bounded(limits: CorrelatorLimits) -> None:
    """What has to give way is sent at once."""
    correlator = Correlator(limits)
    sent = [one for n in range(3) for one in correlator.correlate(rtcp(seconds=n))]

    assert [one.time_us for one in sent] == [START_US]
    assert (correlator.counts.evicted, correlator.gauges.waiting()) == (1, 2)


def test_what_waits_at_one_port_is_looked_at_within_bounds() -> None:
    """The newest come out with the SIP, the others when they are due, all under their call."""
    correlator = Correlator()
    for number in range(MAX_OF_KEY + 10):
        correlator.correlate(rtcp(seconds=number / 100, ssrc=1000 + number, about=5000 + number))

    sent = correlator.learn(invite(seconds=1))

    assert len(sent) == MAX_OF_KEY
    late = correlator.expire(START_US + 20 * SECOND)
    assert len(late) == 10
    assert {one.correlation_id for one in (*sent, *late)} == {b"call-1"}


def test_a_bridge_with_one_port() -> None:
    """Every call claims the bridge's port: only the other end tells."""
    bridge = ("198.51.100.20", 10000)
    messages = [
        one
        for n in range(20)
        for one in (
            invite(f"call-{n}", (f"192.0.2.{100 + n}", 30000), seconds=n / 10),
            answer(f"call-{n}", description(bridge, "a=rtcp-mux\r\n"), seconds=n / 10),
        )
    ]
    correlator = learned(*messages)

    assert call_of(correlator, rtcp(("192.0.2.103", 30001), bridge)) == b"call-3"
    assert call_of(correlator, rtcp(bridge, ("192.0.2.119", 30000), ssrc=9)) == b"call-19"
    assert call_of(correlator, rtcp(PUBLIC, bridge, ssrc=10, about=11)) is None


def test_workers_tell_each_other() -> None:
    """The SIP came to one process, the RTCP to another."""
    first, second = Correlator(shares_news=True), Correlator()
    assert not second.correlate(rtcp(seconds=1))
    first.learn(invite())
    first.learn(answer())
    news = first.take_news()

    sent = [one for data in news for one in second.absorb(data)]

    assert [one.correlation_id for one in sent] == [b"call-1"]
    assert first.take_news() == []
    first.learn(bye())
    for data in first.take_news():
        second.absorb(data)
    assert call_of(second, rtcp(seconds=200)) is None


def test_a_new_worker_is_told_everything() -> None:
    """What was learned before it started, ends included."""
    old, new = learned(invite(), answer(), bye(seconds=60)), Correlator()
    for data in old.all_news():
        assert new.absorb(data) == ()

    assert call_of(new, rtcp(seconds=70)) == b"call-1"
    assert call_of(new, rtcp(seconds=200)) is None


def test_news_of_nobody_takes_is_not_kept() -> None:
    """A process alone, and one whose news are not taken."""
    alone, bounded = Correlator(), Correlator(CorrelatorLimits(news=1), shares_news=True)
    for correlator in (alone, bounded):
        correlator.learn(invite())
        correlator.learn(answer())

    assert (len(alone.take_news()), len(bounded.take_news())) == (0, 1)


@pytest.mark.parametrize("data", [b"", b"\2" + bytes(40), b"\1", b"\1\x09" + bytes(40)])
def test_bad_news_are_counted(data: bytes) -> None:
    """From a process of another version."""
    correlator = Correlator()

    assert correlator.absorb(data) == ()
    assert correlator.all_news() == []
    assert correlator.counts.bad_news == 1


ENDINGS: list[Callable[[bytes], bytes]] = [
    lambda text: text.replace(b"Call-ID", b"i"),
    lambda text: text.replace(b"Call-ID:", b"CALL-ID :"),
    lambda text: b"\r\n\r\n" + text,
    lambda text: text.replace(b"\r\n", b"\n"),
    lambda text: text.replace(b"Content-Type: application/sdp\r\n", b""),
    lambda text: text.replace(b"INVITE sip", b"UPDATE sip"),
]


@pytest.mark.parametrize("change", ENDINGS)
def test_sip_as_it_comes(change: Callable[[bytes], bytes]) -> None:
    """Compact and odd headers, keep-alives in front, bare line feeds."""
    one = invite()
    one.payload = change(one.payload)

    assert call_of(learned(one), rtcp()) == b"call-1"


def test_a_description_among_parts() -> None:
    """ISUP beside SDP."""
    body = (
        "--x\r\nContent-Type: application/isup\r\n\r\nabc\r\n--x\r\n"
        f"Content-Type: application/sdp\r\n\r\n{description(ALICE_RTP)}--x--\r\n"
    )
    text = message(
        "INVITE sip:bob@example.com SIP/2.0", body=body, kind="multipart/mixed;boundary=x"
    )

    assert (
        call_of(learned(datagram(text, ("192.0.2.10", 5060), ("192.0.2.11", 5060))), rtcp())
        == b"call-1"
    )
