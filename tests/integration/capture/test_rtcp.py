"""RTCP of many calls at once: every report equals tshark's, and has the Call-ID of its call."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from hep.rtcp import (
    App,
    Bye,
    Dlrr,
    DlrrItem,
    ExtendedReport,
    Feedback,
    Packet,
    ReceiverReport,
    ReferenceTime,
    ReportBlock,
    SdesChunk,
    SdesItem,
    SenderReport,
    SourceDescription,
    Statistics,
    VoipMetrics,
    encode,
)
from hepscope_capture.decode.datagrams import Datagram, Dissector
from hepscope_capture.frame import Frame
from hepscope_capture.media.correlator import Correlator
from hepscope_capture.media.recognition import looks_like_rtcp
from support.frames import ETHERNET, pcap
from support.media_traffic import (
    ALICE,
    BOB,
    SECOND,
    Address,
    answer,
    as_frame,
    bye,
    description,
    invite,
)
from support.rtcp_witness import of_reports, of_tshark

CALLS = 250
_START_US = 1_700_000_000 * SECOND
# What tshark takes for RTCP without a description, on ports that have one later.
_BY_FORM = ("--enable-heuristic", "rtcp_udp")


@dataclass(frozen=True, slots=True)
class Leg:
    """A call as it is described, and the addresses that its media really have."""

    call_id: str
    offer: str
    reply: str
    near: Address
    far: Address


def legs(dice: random.Random) -> Iterator[Leg]:
    """Return calls of every kind: plain, a=rtcp, rtcp-mux, IPv6, behind NAT."""
    for number in range(CALLS):
        port = 20000 + 4 * number
        near, far = (f"192.0.2.{1 + number % 200}", port), ("198.51.100.7", port)
        kind = dice.choice(["plain", "rtcp", "mux", "ipv6", "nat"])
        more, here = "", near
        if kind == "ipv6":
            near, far = (f"2001:db8::{number + 1:x}", port), ("2001:db8::ffff:7", port)
            here = near
        if kind == "nat":
            here, near = (f"10.0.0.{1 + number % 200}", port), ("203.0.113.9", 40000 + number)
        if kind == "rtcp":
            more = f"a=rtcp:{port + 3}\r\n"
        if kind == "mux":
            more = "a=rtcp-mux\r\n"
        beside = {"rtcp": 3, "mux": 0, "nat": 0}.get(kind, 1)
        yield Leg(
            f"call-{number}@example.com",
            description(here, more),
            description(far, more),
            (near[0], near[1] + beside),
            (far[0], far[1] + (beside or (kind == "nat"))),
        )


def compound(dice: random.Random, ssrc: int, about: int) -> tuple[Packet, ...]:
    """Return a compound with packets of every type."""

    def word() -> int:
        return dice.getrandbits(32)

    blocks = tuple(
        ReportBlock(
            about + number,
            dice.randrange(256),
            dice.randrange(-(2**23), 2**23),
            *(word() for _ in range(4)),
        )
        for number in range(dice.randrange(4))
    )
    report: Packet = ReceiverReport(ssrc, blocks)
    if dice.random() < 0.7:
        report = SenderReport(ssrc, dice.getrandbits(64), word(), word(), word(), blocks)
    texts = SourceDescription((SdesChunk(ssrc, (SdesItem(1, b"user@%d" % ssrc),)),))
    others: list[Packet] = [
        ExtendedReport(ssrc, (VoipMetrics(about, 1, 2, 3, 4), Statistics(0xE0, about, 1, 9))),
        ExtendedReport(ssrc, (ReferenceTime(dice.getrandbits(64)), Dlrr((DlrrItem(1, 2, 3),)))),
        Feedback(205, 1, ssrc, about, bytes(4)),
        Feedback(206, 1, ssrc, about),
        App(1, ssrc, b"test", b"abcd"),
        Bye((ssrc,), b"done"),
    ]
    return report, texts, *dice.sample(others, dice.randrange(4))


def rtcp(source: Address, destination: Address, packets: tuple[Packet, ...]) -> Datagram:
    """Return a compound as a datagram."""
    ends = (ip_address(source[0]).packed, source[1], ip_address(destination[0]).packed)
    return Datagram(0, 17, *ends, destination[1], encode(*packets))


def traffic(dice: random.Random) -> tuple[list[tuple[int, bytes]], dict[int, str]]:
    """Return frames of calls that cross each other, and the Call-ID by the time of its RTCP."""
    frames: list[tuple[int, bytes]] = []
    owners: dict[int, str] = {}
    for number, leg in enumerate(legs(dice)):
        start_us = _START_US + dice.randrange(20 * SECOND)
        answer_us = start_us + dice.randrange(1, 3 * SECOND)
        frames.append((start_us, as_frame(invite(leg.call_id, leg.offer, source=ALICE))))
        frames.append((answer_us, as_frame(answer(leg.call_id, leg.reply, source=BOB))))
        for near_sends in (True, False) * 3:
            # Some overtake the answer, and with NAT there is nothing else that tells their call.
            time_us = start_us + dice.randrange(1, 30 * SECOND)
            ends = (leg.near, leg.far) if near_sends else (leg.far, leg.near)
            ssrc = 0x10000 + 4 * number + near_sends
            frames.append((time_us, as_frame(rtcp(*ends, compound(dice, ssrc, ssrc ^ 1)))))
            owners[time_us] = leg.call_id
        frames.append((start_us + 31 * SECOND, as_frame(bye(leg.call_id))))
    return sorted(frames), owners


def test_calls_that_cross_each_other(tmp_path: Path) -> None:
    """Every datagram comes out once, with the numbers that tshark reads, under its own call."""
    frames, owners = traffic(random.Random(7))
    file = tmp_path / "rtcp.pcap"
    file.write_bytes(pcap(frames))
    correlator, dissector = Correlator(), Dissector()
    sent: list[Datagram] = []
    expire_at = 0
    for time_us, data in frames:
        if time_us >= expire_at:
            sent += correlator.expire(time_us)
            expire_at = time_us + SECOND
        datagram = dissector.dissect(Frame(time_us, ETHERNET, data, len(data)))
        assert datagram is not None
        is_rtcp = looks_like_rtcp(datagram.payload)
        sent += (correlator.correlate if is_rtcp else correlator.learn)(datagram)
    sent += correlator.finish()
    sent.sort(key=lambda one: one.time_us)

    assert of_reports(sent) == of_tshark(file, *_BY_FORM)
    assert {one.time_us: one.correlation_id.decode() for one in sent} == owners
    assert correlator.counts.held > 0
    assert correlator.counts.uncorrelated == 0
