"""The replay: what is sent, when, with which time, and what is counted instead."""

import random
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from hep import HepPacket, decode3
from hepscope_capture.decode.errors import Reason
from hepscope_capture.files.errors import NotACaptureError
from hepscope_capture.pace import MAX_SPEED
from hepscope_capture.packets import Labels
from hepscope_capture.replay import BURST, Plan, Replay
from hepscope_capture.senders.sender import SendCounts
from support.clocks import NOW_US, FakeClock
from support.frames import (
    enhanced,
    ethernet,
    fragments_v4,
    interface,
    ipv4,
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


class Recorder:
    """A sender that keeps what it is given, and when."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.counts = SendCounts()
        self.packets: list[HepPacket] = []
        self.sent_at: list[float] = []
        self.events: list[str] = []

    def __enter__(self) -> Self:
        """Do nothing."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Do nothing."""

    def send(self, packet: bytes) -> None:
        """Keep the packet."""
        self.counts.sent += 1
        self.packets.append(decode3(packet))
        self.sent_at.append(self._clock.elapsed_seconds() - 1000)
        self.events.append("send")

    def flush(self) -> None:
        """Note it."""
        self.events.append("flush")

    def finish(self) -> None:
        """Note it."""
        self.events.append("finish")


class Stage:
    """A replay of files that are made from bytes."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self._folder = folder
        self.clock = FakeClock()
        self.sender = Recorder(self.clock)
        self.replay = Replay(plan, self.sender, self.clock)
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
    assert at_once.sender.events == ["flush", "send", "flush", "send", "send", "flush", "finish"]


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
    narrow = Stage(tmp_path, Plan(LABELS, ports=frozenset({5060})))
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
        ethernet(ipv4(tcp(make_options()), protocol=6)),
        ethernet(ipv4(tcp(b"...\r\n"), protocol=6)),
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
    assert (summary.files, summary.frames, summary.cut_messages) == (2, 9, 1)
    assert (summary.not_sip, summary.tcp_sip, summary.tcp_other) == (1, 1, 1)
    assert (summary.fragments.received, summary.fragments.incomplete) == (1, 1)
    assert summary.refused == {
        Reason.NOT_IP: 1,
        Reason.BAD_LENGTH: 1,
        Reason.UNSUPPORTED_LINK: 1,
    }
    assert summary.unknown_links == {147}
    assert (summary.gaps, summary.lost_bytes) == (1, 2)
    assert summary.is_complete


def test_a_message_that_hep_cannot_carry_is_counted(tmp_path: Path) -> None:
    """The others are sent, and the replay is not complete."""
    labels = Labels(1, node_name=bytes(65_000))
    heavy = Stage(tmp_path, Plan(labels))
    body = make_options() + random.Random(1).randbytes(1000)
    capture = pcap([(START_US, ethernet(ipv4(udp(body)))), (START_US, sip_frame())])
    assert len(heavy.run(capture)) == 1
    assert heavy.summary.unencodable == 1
    assert not heavy.summary.is_complete


def test_a_file_that_is_none_stops_with_what_was_done(tmp_path: Path) -> None:
    """The files before it are counted."""
    two = Stage(tmp_path, Plan(LABELS))
    with pytest.raises(NotACaptureError):
        two.run(messages(0, 2), b"text")
    assert (two.summary.files, two.summary.delivery.sent) == (1, 2)
    assert two.summary.seconds == pytest.approx(2)
    assert two.replay.reading.endswith("1.pcap")
