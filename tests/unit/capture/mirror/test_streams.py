"""The table of streams: what is RTP, whose it is, and that it stays small."""

import random
import tracemalloc
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.mirror.counts import RtpCounts, together
from hepscope_capture.mirror.sample import LOWEST_PORT, is_sampled
from hepscope_capture.mirror.streams import RtpStreams
from support.media_traffic import SECOND, START_US, datagram
from support.rtp_packets import Voice, rtp

CALL = Voice()


def packets(voice: Voice, numbers: Iterable[int]) -> list[Datagram]:
    """Return packets of a stream."""
    (source, destination), (source_port, destination_port) = voice.hosts, voice.ports
    return [
        datagram(
            voice.payload(number),
            (source, source_port),
            (destination, destination_port),
            (voice.time_us(number) - START_US) / SECOND,
        )
        for number in numbers
    ]


class Stage:
    """A table that was fed."""

    def __init__(self, sample: int = 1, most: int = 20_000) -> None:
        self.by_place: dict[str, RtpCounts] = {}
        self.streams = RtpStreams(self.by_place, sample, most=most)

    def feed(self, *voices: tuple[Voice, Iterable[int]]) -> "Stage":
        """Feed packets of streams, one stream after the other."""
        for voice, numbers in voices:
            for one in packets(voice, numbers):
                self.streams.feed(one)
        return self

    @property
    def counts(self) -> RtpCounts:
        """The counts of all places."""
        return together(self.by_place.values())

    def finished(self) -> RtpCounts:
        """The counts of all places when it has ended."""
        self.streams.finish()
        return self.counts


def test_streams_are_told_apart_by_sender_and_ports() -> None:
    """A new SSRC, another port and the other direction are streams of their own, and no loss."""
    other = Voice(ssrc=7, first=900)
    moved = Voice(ports=(30_002, 40_000), first=5000)
    found = Stage().feed(
        (CALL, range(50)), (other, range(50)), (moved, range(50)), (CALL.back(), range(50))
    )
    counts = found.finished()
    assert (counts.streams, counts.packets, counts.missing, counts.restarts) == (4, 200, 0, 0)


def test_a_direction_that_is_not_there_is_told() -> None:
    """Of a call with both, of one that ends early, and of one with one only."""
    both, lonely = Voice(), Voice(ports=(30_010, 40_010))
    stage = Stage().feed((both, range(20)), (lonely, range(20)), (both.back(), range(20)))
    assert stage.streams.one_way() == 1
    assert stage.finished().one_way == 1


def test_what_is_missing_is_told_by_interface_and_stream() -> None:
    """The worst first; what has ended once only."""
    stage = Stage()
    stage.streams.place = "eth1"
    stage.feed((CALL, [*range(10), *range(15, 30)]), (Voice(ssrc=2), range(10)))
    stage.streams.place = "eth2"
    stage.feed((CALL.back(), [0, 1, 2, 2, 4, *range(20, 40)]))
    stage.streams.finish()
    assert (stage.by_place["eth1"].missing, stage.by_place["eth2"].missing) == (5, 16)
    assert stage.by_place["eth2"].duplicate == 1
    worst = stage.streams.take_worst()
    assert [(one.place, one.missing) for one in worst] == [("eth2", 16), ("eth1", 5)]
    assert stage.streams.take_worst() == []


@given(st.binary(max_size=40), st.integers(0, 65_535), st.integers(0, 65_535))
def test_any_bytes(payload: bytes, source: int, destination: int) -> None:
    """Nothing raises; what comes less than three times is no stream."""
    stage = Stage()
    for _ in range(2):
        stage.streams.feed(datagram(payload, ("10.0.0.1", source), ("10.0.0.2", destination)))
    assert stage.finished() == RtpCounts()


@pytest.mark.parametrize(
    "payload",
    [
        bytes.fromhex("80c80006") + bytes(24),  # RTCP
        bytes.fromhex("81c90007") + bytes(28),
        b"\x00\x01\x00\x08" + bytes(16),  # STUN
        b"\x16\xfe\xfd" + bytes(20),  # DTLS
        rtp(1, 1)[:11],
        b"INVITE sip:a@b SIP/2.0\r\n",
        rtp(1, 1, payload_type=72),
    ],
)
def test_what_is_not_rtp(payload: bytes) -> None:
    """However often it comes."""
    stage = Stage()
    for _ in range(10):
        stage.streams.feed(datagram(payload, ("10.0.0.1", 30_000), ("10.0.0.2", 30_000)))
    assert stage.finished() == RtpCounts()


def test_noise_takes_no_room_from_streams() -> None:
    """Datagrams of chance that look like RTP are forgotten, the oldest first."""
    stage, dice = Stage(), random.Random(5)
    stage.feed((CALL, range(5)))
    tracemalloc.start()
    for _ in range(20_000):
        noise = b"\x80\x08" + dice.randbytes(40)
        stage.streams.feed(datagram(noise, ("10.0.0.1", 30_000), ("10.0.0.2", 30_000)))
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < 4_000_000
    assert stage.feed((CALL, range(5, 10))).finished().streams == 1


def test_a_full_table_counts_what_it_has_no_room_for() -> None:
    """Streams that pause make room; the others stay, and nothing is taken for loss."""
    stage = Stage(most=2)
    voices = [Voice(ssrc=number, ports=(30_000, 40_000 + number)) for number in range(1, 4)]
    stage.feed(*((voice, range(10)) for voice in voices))
    assert (stage.counts.streams, stage.counts.untracked) == (2, 9)
    late = Voice(ssrc=9, start_us=START_US + 60 * SECOND)
    stage.streams.expire(late.start_us)
    stage.feed((late, range(10)))
    assert (stage.counts.streams, len(stage.streams)) == (3, 1)
    assert stage.finished().missing == 0


def test_silence_settles_and_ends() -> None:
    """What is missing counts soon after a call, which is forgotten later."""
    stage = Stage().feed((CALL, [*range(10), *range(12, 20)]))
    assert stage.counts.missing == 0
    stage.streams.expire(CALL.start_us + 15 * SECOND)
    assert (stage.counts.missing, len(stage.streams)) == (2, 1)
    stage.streams.expire(CALL.start_us + 400 * SECOND)
    assert len(stage.streams) == 0
    assert stage.finished().missing == 2


def test_streams_that_come_and_go_leave_nothing() -> None:
    """Tens of thousands of calls, a few at a time."""
    stage = Stage()
    tracemalloc.start()
    for call in range(10_000):
        start_us = START_US + call * 100 * SECOND
        lonely = Voice(ports=(30_000, 2_000 + call), ssrc=call, start_us=start_us)
        stage.feed((lonely, range(3)))
        stage.streams.expire(start_us)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < 1_000_000
    assert (stage.finished().streams, stage.counts.one_way) == (10_000, 10_000)


def test_a_capture_of_before_makes_room() -> None:
    """Files need not be in order: what was seen later is over, too."""
    stage = Stage().feed((CALL, range(10)), (Voice(ssrc=5), range(2)))
    stage.streams.expire(CALL.start_us - 3600 * SECOND)
    assert len(stage.streams) == 0
    assert stage.feed((Voice(ssrc=5), range(2, 3))).finished().streams == 1


def test_what_is_not_certain_at_the_end_is_no_stream() -> None:
    """What comes behind it begins anew."""
    stage = Stage().feed((CALL, range(2)))
    stage.streams.finish()
    assert stage.feed((CALL, range(2, 4))).finished().streams == 0


def test_another_sample_begins_anew() -> None:
    """0 ends it; what was counted stays."""
    stage = Stage().feed((CALL, range(10)))
    stage.streams.adopt(0)
    stage.feed((CALL, range(20, 30)))
    assert (len(stage.streams), stage.finished().packets) == (0, 10)
    stage.streams.adopt(1)
    assert stage.feed((CALL, range(40, 50))).finished().missing == 0


@pytest.mark.parametrize("sample", [1, 2, 3, 10, 100])
def test_the_sample_is_as_large_as_asked_for(sample: int) -> None:
    """Of ports as media have them: every second one, and at random."""
    dice = random.Random(1)
    for pairs in (
        [(10_000 + 2 * one, 40_000) for one in range(5000)],
        [(10_000 + 2 * one, 20_000 + 2 * one) for one in range(5000)],
        [(dice.randrange(1024, 65_536), dice.randrange(1024, 65_536)) for _ in range(5000)],
    ):
        taken = sum(is_sampled(*pair, sample) for pair in pairs)
        assert 0.6 * len(pairs) / sample <= taken <= 1.5 * len(pairs) / sample


@given(st.integers(0, 65_535), st.integers(0, 65_535), st.integers(0, 65_535))
def test_both_directions_are_sampled_together(source: int, destination: int, sample: int) -> None:
    """And never the ports of DNS and its like."""
    assert is_sampled(source, destination, sample) == is_sampled(destination, source, sample)
    if min(source, destination) < LOWEST_PORT or not sample:
        assert not is_sampled(source, destination, sample)
