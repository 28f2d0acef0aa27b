"""Frames to messages, by every way; what none leads to is counted."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.frame import Frame
from hepscope_capture.frame_counts import FrameCounts
from hepscope_capture.inputs.counts import LogCounts
from hepscope_capture.inputs.log_lines import LogLines
from hepscope_capture.inputs.plans import LogPlan
from hepscope_capture.pipeline import Pipeline, Wanted
from hepscope_capture.rules.plan import Cover, MaskPlan, RulePlan
from hepscope_capture.rules.rules import Rules
from support.frames import (
    ALICE,
    BOB,
    ethernet,
    ipv4,
    make_invite,
    make_options,
    sip_frame,
    tcp,
    udp,
)
from support.rtp_packets import rtp

START_US = 1_700_000_000_000_000
REPORT = b"\x80\xc9\x00\x01\x00\x00\x00\x07"
SIP_PORTS = frozenset({5060})
MEDIA = ethernet(ipv4(udp(rtp(7, 1), ports=(4000, 5000))))


class Stage:
    """A pipeline that is fed, a frame each millisecond."""

    def __init__(self, wanted: Wanted | None = None, *, shares_news: bool = False) -> None:
        lines = LogLines(LogPlan(needs_call_id=False), LogCounts())
        self.pipeline = Pipeline(
            wanted or Wanted(), FrameCounts(), lines.log_of, shares_news=shares_news
        )
        self.counts = self.pipeline.counts
        self.time_us = START_US

    def feed(self, *packets: bytes) -> list[Datagram]:
        """Feed IPv4 packets; return what comes out."""
        found: list[Datagram] = []
        for packet in packets:
            self.time_us += 1000
            data = ethernet(packet)
            found += self.pipeline.feed(Frame(self.time_us, 1, data, len(data)))
        return found


def tcp_packet(payload: bytes, sequence: int = 1) -> bytes:
    """A segment in IPv4."""
    return ipv4(tcp(payload, sequence=sequence), protocol=6)


def udp_packet(payload: bytes, ports: tuple[int, int] = (5060, 5070)) -> bytes:
    """A datagram in IPv4."""
    return ipv4(udp(payload, ports=ports))


def shown(messages: Sequence[Datagram]) -> list[tuple[int, int, bytes]]:
    """Kind, protocol and beginning."""
    return [(one.kind, one.protocol, one.payload[:6]) for one in messages]


def test_each_way() -> None:
    """UDP, TCP, RTCP and syslog, in the order in which they came."""
    stage = Stage(Wanted(log_ports=frozenset({514})))
    invite = make_invite("call-7", "192.0.2.1", 4000)
    found = stage.feed(
        udp_packet(make_options()),
        tcp_packet(invite[:50]),
        tcp_packet(invite[50:], 51),
        udp_packet(REPORT, (4001, 9001)),
        udp_packet(b"<34>Oct 11 22:14:15 proxy kamailio[1]: done", (9999, 514)),
        udp_packet(b"\x16\x03\x01 something else"),
    )
    assert [(kind, protocol) for kind, protocol, _ in shown(found)] == [
        (1, 17), (1, 6), (5, 17), (100, 17),
    ]  # fmt: skip
    assert found[2].correlation_id == b"call-7"
    assert (stage.counts.frames, stage.counts.not_sip) == (6, 1)


def test_ports_are_those_of_sip_only() -> None:
    """RTCP is looked for beside them, and TCP and SCTP are not."""
    stage = Stage(Wanted(ports=SIP_PORTS))
    found = stage.feed(
        udp_packet(make_options(), (9, 10)),
        ipv4(tcp(make_options(), ports=(9, 10)), protocol=6),
        ipv4(tcp(make_options(), ports=(9, 10)), protocol=132),
        udp_packet(make_invite("call-7", "192.0.2.1", 4000)),
        udp_packet(REPORT, (4001, 9001)),
    )
    assert [kind for kind, _, _ in shown(found)] == [1, 5]
    assert stage.counts.other_ports == 3


def test_time_lets_go_of_what_waits() -> None:
    """RTCP without a call after ten seconds, also by the time of other frames."""
    stage = Stage()
    assert stage.feed(udp_packet(REPORT, (4001, 9001))) == []
    stage.time_us += 30_000_000
    found = stage.feed(udp_packet(make_options()))
    assert [kind for kind, _, _ in shown(found)] == [5, 1]
    assert stage.counts.media.uncorrelated == 1
    assert stage.feed(udp_packet(REPORT, (7001, 9001))) == []
    late = stage.pipeline.expire(stage.time_us + 30_000_000)
    assert [one.kind for one in late] == [5]


def test_another_capture_may_be_older() -> None:
    """What waits is not kept until its time comes again."""
    stage = Stage()
    stage.feed(udp_packet(make_options()))
    stage.time_us = START_US - 86_400_000_000
    stage.feed(udp_packet(REPORT, (4001, 9001)))
    stage.time_us += 30_000_000
    assert [kind for kind, _, _ in shown(stage.feed(udp_packet(make_options())))] == [5, 1]


def test_rules_change_and_their_counts_stay() -> None:
    """Refusals of former rules are counted together with those of now."""

    def wanted(method: str) -> Wanted:
        return Wanted(rules=Rules.compile(RulePlan(exclude_methods=frozenset({method}))))

    stage = Stage(wanted("OPTIONS"))
    assert stage.feed(udp_packet(make_options())) == []
    stage.pipeline.adopt(wanted("INVITE"))
    assert len(stage.feed(udp_packet(make_options()))) == 1
    assert stage.feed(udp_packet(make_invite("call-7", "192.0.2.1", 4000))) == []
    assert stage.pipeline.refused_by_rules()["method"] == 2
    assert not stage.pipeline.takes_everything
    stage.pipeline.adopt(Wanted())
    assert stage.pipeline.refused_by_rules()["method"] == 2


def test_rtcp_finds_a_call_that_another_process_saw() -> None:
    """Whichever of both comes first."""
    first, second = Stage(shares_news=True), Stage(shares_news=True)
    assert first.feed(udp_packet(REPORT, (4001, 9001))) == []
    second.feed(udp_packet(REPORT, (8001, 9001)))
    second.feed(udp_packet(make_invite("call-7", "192.0.2.1", 4000)))
    found = [one for news in second.pipeline.take_news() for one in first.pipeline.absorb(news)]
    assert [(one.kind, one.correlation_id) for one in found] == [(5, b"call-7")]
    third = Stage(shares_news=True)
    for news in second.pipeline.all_news():
        third.pipeline.absorb(news)
    assert third.feed(udp_packet(REPORT, (4001, 9001)))[0].correlation_id == b"call-7"


def test_the_end_brings_everything() -> None:
    """Behind gaps, without calls; a second time there is nothing."""
    stage = Stage()
    stage.feed(tcp_packet(make_options()), tcp_packet(make_options("behind"), 9000))
    stage.feed(udp_packet(REPORT, (4001, 9001)))
    found = stage.pipeline.finish()
    assert [kind for kind, _, _ in shown(found)] == [1, 5]
    assert list(stage.pipeline.finish()) == []


@given(
    st.lists(
        st.tuples(
            st.sampled_from([sip_frame(), ethernet(tcp_packet(make_options())), MEDIA, b""]),
            st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=6),
            st.integers(-(2**40), 2**52),
            st.sampled_from([1, 101, 113, 276, 0, 12]),
        ),
        max_size=8,
    )
)
def test_no_frame_ends_it(
    frames: list[tuple[bytes, list[tuple[int, int]], int, int]],
) -> None:
    """Whatever is in it, and whenever it says that it was."""
    stage = Stage(Wanted(ports=SIP_PORTS, log_ports=frozenset({514}), rtp_sample=1))
    for frame, changes, time_us, link in frames:
        data = bytearray(frame)
        for at, value in changes:
            if at < len(data):
                data[at] = value
        stage.pipeline.feed(Frame(max(time_us, 0), link, bytes(data), len(data)))
    stage.pipeline.finish()
    assert stage.counts.frames == len(frames)


def test_what_waits_is_told_by_table_and_goes_although_no_more_is_wanted() -> None:
    """Settings may change while it waits."""
    stage = Stage()
    half = make_options()[:-10]
    assert not stage.feed(tcp_packet(half), udp_packet(REPORT, (4001, 4001)))
    waiting = stage.pipeline.waiting_bytes()
    assert waiting == {"fragments": 0, "tcp": len(half), "sctp": 0, "rtcp": len(REPORT)}
    stage.pipeline.adopt(Wanted(has_rtcp=False))
    assert [one.kind for one in stage.pipeline.expire(stage.time_us + 11_000_000)] == [5]
    stage.pipeline.finish()
    assert not any(stage.pipeline.waiting_bytes().values())


def test_media_are_counted_on_request() -> None:
    """They stay no message, and are not looked at on a port that nobody asked to sample."""
    numbers = [*range(10), *range(12, 20)]
    media = [udp_packet(rtp(number, 1), (4000, 5000)) for number in numbers]
    stage = Stage(Wanted(ports=SIP_PORTS, rtp_sample=1))
    assert stage.feed(*media) == []
    assert list(stage.pipeline.finish()) == []
    found = stage.counts.rtp[""]
    assert (found.packets, found.missing, stage.counts.other_ports) == (18, 2, 18)
    without = Stage(Wanted(ports=SIP_PORTS))
    without.feed(*media)
    without.pipeline.finish()
    assert without.counts.rtp == {}


def test_hosts_that_never_answer_are_known() -> None:
    """Over UDP and TCP."""
    stage = Stage()
    stage.feed(udp_packet(make_options()), tcp_packet(make_options()))
    assert (len(stage.counts.hosts), stage.counts.hosts.one_way) == (1, 1)
    stage.feed(ipv4(udp(make_options()), hosts=(BOB, ALICE)))
    assert (len(stage.counts.hosts), stage.counts.hosts.one_way) == (1, 0)


def test_masked_messages_are_counted_over_changes_of_the_rules() -> None:
    """As those that a rule refuses are."""

    def wanted() -> Wanted:
        plan = RulePlan(masks=MaskPlan(users=Cover.MASK))
        return Wanted(rules=Rules.compile(plan))

    stage = Stage(wanted())
    invite = udp_packet(make_invite("call-7", "192.0.2.1", 4000))
    stage.feed(invite)
    stage.pipeline.adopt(wanted())
    stage.feed(invite)
    stage.pipeline.adopt(Wanted())
    stage.feed(invite)
    assert stage.pipeline.masked() == 2
