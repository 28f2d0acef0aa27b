"""The replay: what is sent, when, with which time, and what is counted instead."""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from hep import HepPacket, decode3
from hepscope_capture.decode.errors import Reason
from hepscope_capture.delivery.direct import SendError
from hepscope_capture.files.errors import NotACaptureError
from hepscope_capture.inputs.counts import LogCounts
from hepscope_capture.inputs.log_lines import LogLines
from hepscope_capture.inputs.plans import LogPlan
from hepscope_capture.pace import MAX_SPEED
from hepscope_capture.packets import Labels
from hepscope_capture.pipeline import LogOf, Wanted
from hepscope_capture.replay import BURST, Plan, Replay
from hepscope_capture.rules.plan import RulePlan
from hepscope_capture.rules.rules import Rules
from support.clocks import NOW_US, FakeClock
from support.frames import (
    enhanced,
    ethernet,
    fragments_v4,
    interface,
    ipv4,
    make_invite,
    make_options,
    pcap,
    section,
    simple,
    sip_frame,
    tcp,
    udp,
)

START_US = 1_700_000_000_000_000
LABELS = Labels(42, b"edge-1")
# RFC 3550 section 6.4.2: no blocks; its sender is 7.
RECEIVER_REPORT = b"\x80\xc9\x00\x01\x00\x00\x00\x07"


class Recorder:
    """An outlet that keeps what it is given, and when."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.packets: list[HepPacket] = []
        self.sent_at: list[float] = []
        self.events: list[str] = []
        self.has_room = True

    def put_waiting(self, packets: Sequence[bytes], kind: int, seconds: float) -> bool:
        """Keep packets of one type."""
        assert seconds > 0
        if not self.has_room:
            return False
        for packet in packets:
            self.packets.append(decode3(packet))
            self.sent_at.append(self._clock.elapsed_seconds() - 1000)
        assert {packet.protocol_type for packet in self.packets[-len(packets) :]} == {kind}
        self.events.append(f"put {len(packets)}")
        return True

    def finish(self, patience_seconds: float) -> bool:
        """Note it."""
        assert patience_seconds > 0
        self.events.append("finish")
        return True


class Stage:
    """A replay of files that are made from bytes."""

    def __init__(self, folder: Path, plan: Plan, log_of: LogOf | None = None) -> None:
        self._folder = folder
        self.clock = FakeClock()
        self.sender = Recorder(self.clock)
        self.replay = Replay(plan, self.sender, self.clock, log_of)
        self.summary = self.replay.summary

    def run(self, *files: bytes) -> Sequence[HepPacket]:
        """Replay the files; return what was sent."""
        names = []
        for at, data in enumerate(files):
            path = self._folder / f"{at}.pcap"
            path.write_bytes(data)
            names.append(str(path))
        self.replay.run(names)
        return self.sender.packets


def messages(*seconds: float) -> bytes:
    """A capture of one message at each of these seconds."""
    times = [START_US + round(second * 1_000_000) for second in seconds]
    return pcap((time, sip_frame(f"call-{at}")) for at, time in enumerate(times))


def test_messages_are_sent_with_their_times_and_labels(tmp_path: Path) -> None:
    """Payload, addresses and original times; the node of this agent."""
    first, second = Stage(tmp_path, Plan(LABELS)).run(messages(0, 1.5))
    assert (first.payload, second.payload) == (make_options("call-0"), make_options("call-1"))
    assert (first.time_us, second.time_us) == (START_US, START_US + 1_500_000)
    assert (first.node_id, first.node_name, first.auth_key) == (42, b"edge-1", None)


def test_original_timing_and_what_waits_is_flushed_before(tmp_path: Path) -> None:
    """A packet leaves when it is due, not when the next one is."""
    at_once = Stage(tmp_path, Plan(LABELS))
    at_once.run(messages(0, 1.5, 1.5))
    assert at_once.sender.sent_at == pytest.approx([0, 1.5, 1.5])
    assert at_once.sender.events == ["put 1", "put 2", "finish"]


@pytest.mark.parametrize(("speed", "last"), [(1, 4), (4, 1), (0.5, 8), (MAX_SPEED, 0)])
def test_speed_changes_when_but_not_what(tmp_path: Path, speed: float, last: float) -> None:
    """Timestamps stay, whatever the pace."""
    fast = Stage(tmp_path, Plan(LABELS, speed=speed))
    packets = fast.run(messages(0, 1, 4))
    assert fast.sender.sent_at[-1] == pytest.approx(last)
    assert [packet.time_us - START_US for packet in packets] == [0, 1_000_000, 4_000_000]


@pytest.mark.parametrize(("speed", "begin"), [(1, 0), (0.5, 0), (4, -1.5), (MAX_SPEED, -2)])
def test_now_shifts_all_times_by_one_amount(tmp_path: Path, speed: float, begin: float) -> None:
    """Distances stay; no message lies ahead of the clock when it is sent, and the last is now."""
    shifted = Stage(tmp_path, Plan(LABELS, speed=speed, is_now=True))
    packets = shifted.run(messages(10, 12), messages(11, 9))
    seconds = [(packet.time_us - NOW_US) / 1_000_000 for packet in packets]
    assert seconds == [begin + step for step in (0, 2, 1, -1)]
    latest = shifted.sender.sent_at[1]
    assert speed < 1 or seconds[1] == pytest.approx(latest)


def test_each_round_of_now_begins_now(tmp_path: Path) -> None:
    """A loop is traffic that goes on, not the same hour again."""
    shifted = Stage(tmp_path, Plan(LABELS, is_now=True, loops=2))
    packets = shifted.run(messages(10, 12))
    seconds = [(packet.time_us - NOW_US) / 1_000_000 for packet in packets]
    assert seconds == [0, 2, 2, 4]
    assert seconds == pytest.approx(shifted.sender.sent_at)


def test_each_round_has_connections_of_its_own(tmp_path: Path) -> None:
    """The same numbers of TCP are not taken for segments that were sent again."""
    frames = [(START_US, ethernet(ipv4(tcp(make_options()), protocol=6)))]
    packets = Stage(tmp_path, Plan(LABELS, speed=MAX_SPEED, loops=3)).run(pcap(frames))
    assert [packet.payload for packet in packets] == [make_options()] * 3


def test_without_a_time_it_is_unknown_or_now(tmp_path: Path) -> None:
    """A simple packet of pcapng at the start of a section has none."""
    capture = section() + interface() + simple(sip_frame()) + enhanced(START_US, sip_frame())
    first, second = Stage(tmp_path, Plan(LABELS)).run(capture)
    assert (first.time_us, second.time_us) == (0, START_US)
    first, second = Stage(tmp_path, Plan(LABELS, is_now=True)).run(capture)
    assert (first.time_us, second.time_us) == (NOW_US, NOW_US)


def test_the_rate_is_capped_in_small_bursts(tmp_path: Path) -> None:
    """Only a burst leaves at once; a hundred packets take about a second at 100 a second."""
    capped = Stage(tmp_path, Plan(LABELS, speed=MAX_SPEED, rate=100))
    capped.run(messages(*[0] * 100))
    assert capped.sender.sent_at[BURST - 1] == 0
    assert capped.sender.sent_at[BURST] > 0
    assert capped.sender.sent_at[-1] == pytest.approx((100 - BURST) / 100)


def test_ports_narrow_what_is_sent(tmp_path: Path) -> None:
    """Either end may be on the port; without a list any port will do."""
    frames = [
        ethernet(ipv4(udp(make_options(), ports=ports)))
        for ports in ((5060, 40_000), (40_000, 5060), (40_000, 40_001))
    ]
    capture = pcap((START_US, frame) for frame in frames)
    assert len(Stage(tmp_path, Plan(LABELS)).run(capture)) == 3
    narrow = Stage(tmp_path, Plan(LABELS, wanted=Wanted(ports=frozenset({5060}))))
    assert len(narrow.run(capture)) == 2
    assert narrow.summary.other_ports == 1


def test_a_datagram_may_begin_in_one_file_and_end_in_the_next(tmp_path: Path) -> None:
    """Captures are rotated without regard to fragments."""
    *first, last = (ethernet(piece) for piece in fragments_v4(udp(make_options()), 128))
    across = Stage(tmp_path, Plan(LABELS))
    (packet,) = across.run(pcap((START_US, frame) for frame in first), pcap([(START_US + 5, last)]))
    assert (packet.payload, packet.time_us) == (make_options(), START_US + 5)
    assert across.summary.fragments.joined == 1


def test_everything_else_is_counted(tmp_path: Path) -> None:
    """Each frame ends in exactly one count."""
    cut = sip_frame()[:-30]
    frames = [
        sip_frame(),
        ethernet(ipv4(udp(b"\r\n\r\n"))),
        ethernet(b"\x00\x01", kind=0x0806),
        ethernet(fragments_v4(udp(make_options()), 64)[0]),
        ethernet(ipv4(udp(make_options(), length=4))),
        cut,
    ]
    mixed = Stage(tmp_path, Plan(LABELS))
    capture = pcap(((START_US, frame) for frame in frames), wire_lengths=[2000] * len(frames))
    packets = mixed.run(capture + b"\x01\x02", pcap([(START_US, b"?")], link_type=147))
    summary = mixed.summary
    assert [packet.payload for packet in packets] == [make_options(), make_options()[:-30]]
    assert (summary.files, summary.frames, summary.cut_messages) == (2, 7, 1)
    assert summary.not_sip == 1
    assert (summary.fragments.received, summary.fragments.incomplete) == (1, 1)
    assert summary.refused == {
        Reason.NOT_IP: 1,
        Reason.BAD_LENGTH: 1,
        Reason.UNSUPPORTED_LINK: 1,
    }
    assert summary.unknown_links == {147}
    assert (summary.gaps, summary.lost_bytes) == (1, 2)


def test_messages_over_tcp_are_put_together(tmp_path: Path) -> None:
    """Of two segments; what stands behind a gap at the end of the files comes out, too."""
    message = make_options()
    frames = [
        ethernet(ipv4(tcp(message[:100]), protocol=6)),
        ethernet(ipv4(tcp(message[100:], sequence=101), protocol=6)),
        ethernet(ipv4(tcp(make_options("behind"), sequence=5000), protocol=6)),
    ]
    joined = Stage(tmp_path, Plan(LABELS))
    packets = joined.run(pcap((START_US + at, frame) for at, frame in enumerate(frames)))
    assert [packet.payload for packet in packets] == [message, make_options("behind")]
    assert [packet.time_us for packet in packets] == [START_US, START_US + 2]
    assert {packet.ip_protocol for packet in packets} == {6}
    assert joined.summary.streams.gaps == 1


def test_rtcp_is_sent_under_its_call(tmp_path: Path) -> None:
    """Whether the offer comes before it or behind; what has no call comes out at the end."""
    offer = make_invite("call-7", "192.0.2.1", 4000)
    frames = [
        ethernet(ipv4(udp(RECEIVER_REPORT, ports=(4001, 9001)))),
        ethernet(ipv4(udp(offer))),
        ethernet(ipv4(udp(RECEIVER_REPORT, ports=(4001, 9001)))),
        ethernet(ipv4(udp(RECEIVER_REPORT[:-1] + b"\x08", ports=(7777, 7779)))),
    ]
    capture = pcap((START_US + at, frame) for at, frame in enumerate(frames))
    stage = Stage(tmp_path, Plan(LABELS))
    packets = stage.run(capture)
    assert [packet.protocol_type for packet in packets] == [1, 5, 5, 5]
    assert [packet.correlation_id for packet in packets[1:3]] == [b"call-7"] * 2
    assert packets[3].correlation_id not in (b"", b"call-7")
    assert (stage.summary.messages, stage.summary.reports) == (1, 3)
    without = Stage(tmp_path, Plan(LABELS, wanted=Wanted(has_rtcp=False))).run(capture)
    assert [packet.protocol_type for packet in without] == [1]


def test_log_lines_off_the_wire_are_sent_under_their_call(tmp_path: Path) -> None:
    """To the ports that are asked for; what names no call, or is no syslog, is counted."""
    lines = [
        (b"<134>sbc kamailio[7]: callid=abc@x", 514),
        (b"<134>sbc sshd[7]: accepted", 514),
        (b"neither", 514),
        (b"<134>callid=other", 515),
    ]
    frames = [ethernet(ipv4(udp(line, ports=(40_000, port)))) for line, port in lines]
    wanted = Wanted(log_ports=frozenset({514}))
    log_of = LogLines(LogPlan(), LogCounts()).log_of
    stage = Stage(tmp_path, Plan(LABELS, wanted=wanted), log_of)
    packets = stage.run(pcap((START_US + at, frame) for at, frame in enumerate(frames)))
    assert [(one.protocol_type, one.correlation_id) for one in packets] == [(100, b"abc@x")]
    assert packets[0].payload == lines[0][0]
    summary = stage.summary
    assert (summary.log_lines, summary.other_lines, summary.not_sip) == (1, 2, 1)


def test_rules_hold(tmp_path: Path) -> None:
    """What they refuse is not sent, and counted by rule."""
    rules = Rules.compile(RulePlan(exclude_methods=frozenset({"OPTIONS"})))
    ruled = Stage(tmp_path, Plan(LABELS, wanted=Wanted(rules=rules)))
    invite = ethernet(ipv4(udp(make_invite("call-7", "192.0.2.1", 4000))))
    packets = ruled.run(pcap([(START_US, sip_frame()), (START_US, invite)]))
    assert [packet.payload[:6] for packet in packets] == [b"INVITE"]
    assert sum(ruled.summary.rules.values()) == 1


def test_a_message_that_hep_cannot_carry_is_counted(tmp_path: Path) -> None:
    """The others are sent, and the replay is not complete."""
    labels = Labels(1, node_name=bytes(65_000))
    heavy = Stage(tmp_path, Plan(labels))
    body = make_options() + random.Random(1).randbytes(1000)
    capture = pcap([(START_US, ethernet(ipv4(udp(body)))), (START_US, sip_frame())])
    assert len(heavy.run(capture)) == 1
    assert heavy.summary.unencodable == 1


def test_a_file_that_is_none_stops_with_what_was_done(tmp_path: Path) -> None:
    """The files before it are counted."""
    two = Stage(tmp_path, Plan(LABELS))
    with pytest.raises(NotACaptureError):
        two.run(messages(0, 2), b"text")
    assert (two.summary.files, two.summary.messages) == (1, 2)
    assert two.sender.events[-1] == "finish"
    assert two.summary.seconds == pytest.approx(2)
    assert two.replay.reading.endswith("1.pcap")


def test_without_room_it_stops(tmp_path: Path) -> None:
    """Nothing is read on when the servers take nothing any more."""
    full = Stage(tmp_path, Plan(LABELS))
    full.sender.has_room = False
    with pytest.raises(SendError, match="nothing was delivered for 60 s"):
        full.run(messages(0, 2))
    assert not full.replay.is_delivered


def test_files_may_be_read_again(tmp_path: Path) -> None:
    """As often as asked for."""
    thrice = Stage(tmp_path, Plan(LABELS, speed=MAX_SPEED, loops=3))
    assert len(thrice.run(messages(0, 1))) == 6
    assert thrice.summary.files == 3
