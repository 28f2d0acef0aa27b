"""Segments in order again: whatever the network or the capture did to them."""

import random
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.streams import StreamLimits, Streams
from support.tcp_streams import ACK, FIN, RST, SYN, Side, answer, shuffled, sip

SIDE = Side()
MESSAGES = [sip(f"call-{n}@example.com", b"v=0\r\n" * (n * 40 % 130)) for n in range(8)]
STREAM = b"".join(MESSAGES)


def fed(streams: Streams, segments: Iterable[Datagram]) -> list[bytes]:
    """The messages that the segments complete."""
    return [found.payload for segment in segments for found in streams.feed(segment)]


def is_empty(streams: Streams) -> bool:
    """Whether nothing is held."""
    return streams.held_bytes == 0 and streams.finish() == []


@given(
    cuts=st.sets(st.integers(1, len(STREAM) - 1), max_size=60),
    number=st.sampled_from((0, 1000, 2**31 - 700, 2**32 - 1, 2**32 - 900)),
    reach=st.integers(0, 8),
    seed=st.integers(0, 2**32),
    copies=st.integers(0, 5),
)
@settings(max_examples=150, deadline=None)
def test_any_cut_order_and_copy_gives_the_same_messages(
    cuts: set[int], number: int, reach: int, seed: int, copies: int
) -> None:
    """All messages once, in order, at the time of their first byte's first segment."""
    chance = random.Random(seed)
    side = Side(number=number)
    segments = side.segments(STREAM, cuts)
    sent = shuffled(segments + chance.choices(segments, k=copies), chance, reach)
    streams = Streams()
    found = [one for part in [side.syn(), *sent] for one in streams.feed(part)]
    assert [one.payload for one in found] == MESSAGES
    starts = [sum(map(len, MESSAGES[:n])) for n in range(len(MESSAGES))]
    edges = [0, *sorted(cuts)]
    assert [one.time_us for one in found] == [
        sum(edge <= start for edge in edges) for start in starts
    ]
    assert is_empty(streams)


@given(
    edges=st.lists(
        st.tuples(st.integers(0, len(STREAM)), st.integers(0, len(STREAM))), max_size=12
    ),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=100, deadline=None)
def test_segments_that_overlap_in_any_way(edges: list[tuple[int, int]], seed: int) -> None:
    """Retransmissions with other bounds than the first time."""
    parts = [
        SIDE.segment(STREAM[min(edge) : max(edge)], min(edge), time_us=1) for edge in edges
    ] + SIDE.segments(STREAM, range(0, len(STREAM), 500))
    random.Random(seed).shuffle(parts)
    streams = Streams()
    assert fed(streams, [SIDE.syn(), *parts]) == MESSAGES
    assert is_empty(streams)


def test_a_message_in_one_segment_comes_out_at_once() -> None:
    """With the segment's addresses, ports, VLAN and time."""
    side = Side(vlan=7)
    streams = Streams()
    streams.feed(side.syn())
    (found,) = streams.feed(side.segment(sip(), time_us=5))
    assert found.payload == sip()
    assert (found.time_us, found.vlan, found.protocol, found.kind) == (5, 7, 6, 1)
    assert (found.source_port, found.destination_port) == side.ports
    assert streams.counts.messages == streams.counts.opened == 1


def test_what_is_counted_as_out_of_order() -> None:
    """Segments that an earlier one came after; not those behind a gap that stays."""
    streams = Streams()
    first, second, third, fourth, fifth = SIDE.segments(sip() * 5, range(0, 9000, len(sip())))
    assert fed(streams, [SIDE.syn(), first, third, fourth, second]) == [sip()] * 4
    assert streams.counts.reordered == 2
    lossy = Streams()
    fed(lossy, [SIDE.syn(), first, third, fourth, fifth])
    assert len(lossy.finish()) == 3
    assert lossy.counts.reordered == 0


def test_both_directions_at_once() -> None:
    """Neither disturbs the other."""
    streams = Streams()
    ask = SIDE.segments(STREAM, range(0, 9000, 700))
    reply = SIDE.other.segments(answer() * 8, range(0, 9000, 500))
    mixed = [part for pair in zip(ask, reply, strict=False) for part in pair]
    rest = ask[len(reply) :] + reply[len(ask) :]
    found = fed(streams, [SIDE.syn(), SIDE.other.syn(), *mixed, *rest])
    assert sorted(found) == sorted([*MESSAGES, *[answer()] * 8])


def test_a_stream_that_is_joined_late_is_read_at_once() -> None:
    """No SYN: the first segment that begins a message gives it."""
    streams = Streams()
    assert fed(streams, [SIDE.segment(sip())]) == [sip()]
    assert streams.counts.joined_late == 1


@pytest.mark.parametrize("number", [1000, 2**32 - 900])
def test_messages_from_before_the_first_segment_seen(number: int) -> None:
    """Of a connection joined late they are new, once; half of one stays out."""
    side = Side(number=number)
    ends = [len(b"".join(MESSAGES[: n + 1])) for n in range(len(MESSAGES))]
    parts = side.segments(STREAM, ends)
    half = side.segment(STREAM[ends[0] + 100 : ends[1]], ends[0] + 100)
    streams = Streams()
    sent = [parts[4], parts[3], parts[3], half, parts[2], parts[4], *parts[5:]]
    assert fed(streams, sent) == [MESSAGES[n] for n in (4, 3, 2, 5, 6, 7)]
    assert streams.counts.messages == 6
    assert is_empty(streams)


@pytest.mark.parametrize("at", [1, 10, 300, 600])
def test_a_stream_that_is_joined_inside_a_message(at: int) -> None:
    """The rest of that message is skipped and counted, never sent as half a message."""
    streams = Streams()
    late = SIDE.segments(STREAM, range(at, 9000, 400))[1:]
    assert fed(streams, late) == [one for n, one in enumerate(MESSAGES) if at <= place(n)]
    assert streams.counts.skipped_bytes > 0


def place(number: int) -> int:
    """Where a message begins in the stream."""
    return sum(map(len, MESSAGES[:number]))


@given(
    cuts=st.sets(st.integers(1, len(STREAM) - 1), min_size=3, max_size=30),
    lost=st.sets(st.integers(0, 30), min_size=1, max_size=6),
)
@settings(max_examples=200, deadline=None)
def test_what_is_lost_costs_only_the_messages_it_was_part_of(
    cuts: set[int], lost: set[int]
) -> None:
    """And no message comes out that was not sent, nor in halves."""
    segments = SIDE.segments(STREAM, cuts)
    seen = [part for n, part in enumerate(segments) if n not in lost]
    gone = [
        (part.sequence - SIDE.number, len(part.payload))
        for n, part in enumerate(segments)
        if n in lost
    ]
    streams = Streams()
    found = fed(streams, [SIDE.syn(), *seen])
    found += [one.payload for one in streams.expire(10_000_000)]
    found += [one.payload for one in streams.finish()]
    assert found == [
        one
        for n, one in enumerate(MESSAGES)
        if not any(at < place(n) + len(one) and at + size > place(n) for at, size in gone)
    ]
    tail = [part.sequence - SIDE.number for part in seen]
    inner = [size for at, size in gone if tail and at < max(tail)]
    assert streams.counts.missing_bytes == sum(inner)
    assert streams.held_bytes == 0


def test_a_gap_is_given_up_when_its_time_is_over() -> None:
    """Not before: a retransmission may come; gaps and missing bytes can be read by direction."""
    streams = Streams(StreamLimits(gap_us=1_000_000))
    first, second, third = SIDE.segments(sip() * 3, [len(sip()), 2 * len(sip())])
    assert fed(streams, [SIDE.syn(), first, third]) == [sip()]
    assert streams.expire(900_000) == []
    assert [one.payload for one in streams.expire(1_000_003)] == [sip()]
    (direction,) = streams.directions()
    assert (direction.gaps, direction.missing_bytes) == (1, len(second.payload))
    assert (streams.counts.gaps, streams.counts.missing_bytes) == (1, len(second.payload))
    assert fed(streams, [second]) == []
    assert streams.counts.retransmitted_bytes == len(second.payload)


def test_a_gap_is_given_up_by_the_next_segments_too() -> None:
    """Nobody has to call expire."""
    streams = Streams(StreamLimits(gap_us=1_000_000))
    parts = SIDE.segments(sip() * 4, [len(sip()) * n for n in (1, 2, 3)], step_us=600_000)
    assert fed(streams, [SIDE.syn(), parts[0], parts[2]]) == [sip()]
    late = SIDE.segment(sip(), 3 * len(sip()), time_us=3_000_000)
    assert fed(streams, [late]) == [sip(), sip()]


def test_a_clock_that_is_set_back_holds_nothing_up() -> None:
    """Neither a gap, nor the place in the table of a connection that has ended meanwhile."""
    hour_us = 3_600_000_000
    streams = Streams()
    parts = SIDE.segments(sip() * 3, [len(sip()), 2 * len(sip())])
    for segment in parts:
        segment.time_us += hour_us
    assert fed(streams, [parts[0], parts[2]]) == [sip()]
    assert streams.expire(hour_us - 1_000_000) == []
    assert [one.payload for one in streams.expire(1_000_000)] == [sip()]
    assert list(streams.directions()) == []
    assert streams.counts.forgotten_idle == 1


def test_what_the_receiver_acknowledged_is_not_waited_for() -> None:
    """The capture lost it; a tenth of a second is left for directions that are out of order."""
    streams = Streams()
    first, _, third = SIDE.segments(sip() * 3, [len(sip()), 2 * len(sip())])
    fed(streams, [SIDE.syn(), first, third])
    until = SIDE.number + 2 * len(sip())
    back = SIDE.other
    streams.feed(back.segment(b"", time_us=10, flags=ACK, acknowledgement=until - 1))
    assert streams.expire(500_000) == []
    streams.feed(back.segment(b"", time_us=500_000, flags=ACK, acknowledgement=until))
    assert streams.expire(599_999) == []
    assert [one.payload for one in streams.expire(600_000)] == [sip()]


def test_one_acknowledgement_tells_of_several_gaps() -> None:
    """A capture that loses much does not wait for each gap in turn."""
    streams = Streams()
    size = len(sip())
    parts = SIDE.segments(sip() * 9, [size * n for n in range(1, 9)])
    fed(streams, [SIDE.syn(), *parts[::2]])
    until = SIDE.number + 9 * size
    streams.feed(SIDE.other.segment(b"", time_us=50, flags=ACK, acknowledgement=until))
    assert [one.payload for one in streams.expire(100_050)] == [sip()] * 4
    assert streams.counts.gaps == 4


def test_a_keepalive_probe_of_tcp_does_no_harm() -> None:
    """One byte before the next (RFC 9293 section 3.8.4), or none."""
    streams = Streams()
    size = len(sip())
    probes = [SIDE.segment(b"\0", size - 1), SIDE.segment(b"", size - 1)]
    parts = SIDE.segments(sip() * 2, [size])
    assert fed(streams, [SIDE.syn(), parts[0], *probes, parts[1]]) == [sip(), sip()]
    assert streams.counts.retransmitted_bytes == 1


def test_the_ports_are_used_again() -> None:
    """A new SYN begins a new stream; a late or repeated one does not."""
    streams = Streams()
    again = Side(number=77_000_000)
    parts = SIDE.segments(sip(), [50])
    assert fed(streams, [SIDE.syn(), SIDE.syn(), parts[0], SIDE.syn()]) == []
    assert fed(streams, [again.syn(), again.segment(sip())]) == [sip()]
    assert streams.counts.incomplete == 1
    late = Streams()
    assert fed(late, [parts[0], SIDE.syn(), parts[1]]) == [sip()]


def test_data_on_the_syn() -> None:
    """TCP Fast Open (RFC 7413)."""
    streams = Streams()
    first = SIDE.segment(sip()[:100], -1, flags=SYN)
    assert fed(streams, [first, SIDE.segment(sip()[100:], 100)]) == [sip()]


def test_a_number_far_outside_the_window_goes_on_from_there() -> None:
    """A connection whose SYN was lost, or one wrong number: the next messages are seen."""
    streams = Streams()
    wrong = SIDE.segment(b"x" * 20, 900_000_000)
    parts = SIDE.segments(sip() * 3, [len(sip()), 2 * len(sip())])
    assert fed(streams, [SIDE.syn(), parts[0], wrong, parts[1], parts[2]]) == [sip()] * 3
    assert streams.counts.gaps == 2


@pytest.mark.parametrize("flag", [FIN, RST])
def test_an_ended_connection_is_forgotten_soon(flag: int) -> None:
    """But not before what is still under way has come."""
    streams = Streams()
    first, second = SIDE.segments(sip(), [80])
    end = SIDE.segment(b"", len(sip()), flags=flag)
    assert fed(streams, [SIDE.syn(), first, end, second]) == [sip()]
    streams.expire(1)
    assert list(streams.directions())
    streams.expire(11_000_000)
    assert not list(streams.directions())
    assert streams.counts.forgotten_idle == 0


def test_a_silent_connection_is_kept_for_five_minutes() -> None:
    """A message may pause in the middle for that long."""
    streams = Streams()
    first, second = SIDE.segments(sip(), [80])
    fed(streams, [SIDE.syn(), first])
    streams.expire(299_000_000)
    late = SIDE.segment(second.payload, 80, time_us=299_000_000)
    assert fed(streams, [late]) == [sip()]
    streams.expire(700_000_000)
    assert not list(streams.directions())
    assert streams.counts.forgotten_idle == 1


def test_a_segment_that_the_capture_cut() -> None:
    """Its message comes out as cut, and the next one whole, without waiting."""
    streams = Streams()
    one = sip(body=b"b" * 900)
    cut = SIDE.segment(one[:600], time_us=3, is_cut=True)
    streams.feed(SIDE.syn())
    (found,) = streams.feed(cut)
    assert (found.payload, found.is_cut, found.time_us) == (one[:600], True, 3)
    assert fed(streams, [SIDE.segment(one, len(one))]) == [one]
    assert (streams.counts.cut_messages, streams.counts.gaps) == (1, 0)


def test_segments_that_the_capture_cut_in_their_heads() -> None:
    """Each message comes out as far as it was seen; the rest of one does not."""
    streams, whole = Streams(), b"".join(MESSAGES)
    parts = SIDE.segments(whole, [*(whole.index(one) for one in MESSAGES), len(whole) - 90])
    for part in parts:
        part.payload, part.is_cut = part.payload[:150], True
    found = [one for part in parts for one in streams.feed(part)]
    assert [one.payload for one in found] == [one[:150] for one in MESSAGES]
    assert all(one.is_cut for one in found)


def test_a_sender_with_more_under_way_than_is_held_loses_only_what_is_lost() -> None:
    """The oldest gap is given up, and what is out of order behind it is put in order."""
    messages = [sip(f"call-{n}@example.com", b"v=0\r\n" * 800) for n in range(8)]
    size = len(messages[0])
    parts = SIDE.segments(b"".join(messages), range(0, 8 * size, size))
    streams = Streams(StreamLimits(window_bytes=4 * size + 100))
    sent = [SIDE.syn(), *(parts[n] for n in (1, 2, 3, 5, 4, 6, 7))]
    assert fed(streams, sent) == messages[1:]
    assert streams.counts.gaps == 1


def test_what_is_held_is_bounded_for_one_direction() -> None:
    """A gap is given up when more than a window waits behind it."""
    streams = Streams(StreamLimits(window_bytes=20_000))
    one = sip(body=b"b" * 3000)
    parts = SIDE.segments(one * 8, [len(one) * n for n in range(1, 8)])
    assert fed(streams, [SIDE.syn(), *parts[1:]]) == [one] * 7
    assert streams.held_bytes <= 20_000
    assert [found.payload for found in streams.finish()] == []


def test_what_is_held_is_bounded_for_all_together() -> None:
    """The oldest goes first, and is counted."""
    streams = Streams(StreamLimits(total_bytes=50_000))
    one = sip(body=b"b" * 3000)
    for port in range(100):
        side = Side(ports=(20_000 + port, 5060))
        fed(streams, [side.syn(), side.segment(one[:2000])])
        assert streams.held_bytes <= 50_000
    assert streams.counts.evicted_bytes == 75 * 2000
    old, new = Side(ports=(20_000, 5060)), Side(ports=(20_099, 5060))
    assert fed(streams, [old.segment(one[2000:] + one, 2000)]) == [one]
    assert fed(streams, [new.segment(one[2000:], 2000)]) == [one]


def test_the_table_is_bounded() -> None:
    """Directions without SIP go first; what they held comes out by the next expire."""
    streams = Streams(StreamLimits(directions=64))
    calls = [Side(ports=(port, 5060)) for port in range(1000, 1008)]
    for side in calls:
        assert fed(streams, [side.syn(), side.segment(sip())]) == [sip()]
    for port in range(2000, 4000):
        streams.feed(Side(ports=(port, 5060)).syn(time_us=5))
    assert len(list(streams.directions())) <= 64
    assert streams.counts.evicted_directions > 1900
    for side in calls:
        assert fed(streams, [side.segment(sip(), len(sip()))]) == [sip()]
    assert streams.counts.joined_late == 0


def test_empty_segments_open_nothing() -> None:
    """Acknowledgements of connections that nobody knows."""
    streams = Streams()
    parts: Sequence[Datagram] = [SIDE.segment(b"", flags=flags) for flags in (ACK, FIN, RST)]
    assert fed(streams, parts) == []
    assert not list(streams.directions())
