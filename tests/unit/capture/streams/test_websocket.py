"""SIP over WebSocket: frames of every kind, compressed or not, from the handshake on or later."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.streams import StreamLimits, Streams
from support.tcp_streams import Side, answer, sip
from support.websocket_frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    DEFLATE,
    MASK,
    PING,
    PONG,
    TEXT,
    Deflater,
    agree,
    ask,
    fragments,
    frame,
)

CLIENT = Side(ports=(40_000, 8080))
SERVER = CLIENT.other
ONE, TWO = sip("one@example.com", b"v=0\r\n" * 30), answer("two@example.com")
LONG = sip("long@example.com", b"m" * 70_000, method="MESSAGE")


def read(
    stream: bytes, cuts: set[int] | None = None, *, side: Side = CLIENT, is_late: bool = False
) -> tuple[list[bytes], Streams]:
    """The messages of a stream."""
    streams = Streams()
    parts = side.segments(stream, cuts or ())
    sent = parts if is_late else [side.syn(), *parts]
    return [one.payload for part in sent for one in streams.feed(part)], streams


MASKED = b"".join(
    (
        ask(DEFLATE),
        frame(ONE, mask=MASK),
        frame(TWO, mask=b"\0\0\0\0", opcode=BINARY),
        frame(b"", opcode=PING, mask=MASK),
        fragments(ONE, [1, 0, 200], mask=MASK, between=frame(b"hi", opcode=PONG, mask=MASK)),
        frame(b"\r\n\r\n", mask=MASK),
        frame(b'{"a": 1}', mask=MASK),
        frame(LONG, mask=MASK),
        frame(b"\x03\xe8", opcode=CLOSE, mask=MASK),
    )
)


def test_frames_of_a_client() -> None:
    """Masked, text and binary, in fragments with a pong between them, of every length form."""
    found, streams = read(MASKED)
    assert found == [ONE, TWO, ONE, LONG]
    counts = streams.counts
    assert (counts.websocket_streams, counts.messages) == (1, 4)
    assert (counts.websocket_frames, counts.websocket_control_frames) == (14, 5)
    assert (counts.keepalives, counts.websocket_other, counts.http_streams) == (1, 1, 0)
    assert streams.held_bytes == counts.incomplete == 0


@given(st.sets(st.integers(1, len(MASKED)), max_size=60))
@settings(max_examples=30, deadline=None)
def test_the_cuts_never_matter(cuts: set[int]) -> None:
    """Several frames a segment, or several segments a head."""
    assert read(MASKED, cuts)[0] == [ONE, TWO, ONE, LONG]


def test_one_byte_a_segment() -> None:
    """The handshake too; the time is that of the frame's first byte."""
    stream = ask() + fragments(ONE, [100], mask=MASK)
    streams = Streams()
    parts = CLIENT.segments(stream, range(len(stream)))
    found = [one for part in [CLIENT.syn(), *parts] for one in streams.feed(part)]
    assert [one.payload for one in found] == [ONE]
    assert found[0].time_us == len(ask()) + 1


def test_both_directions() -> None:
    """The server's frames have no mask; its handshake is an answer."""
    streams = Streams()
    parts = [
        CLIENT.syn(),
        SERVER.syn(),
        CLIENT.segment(ask()),
        SERVER.segment(agree() + frame(TWO)),
        CLIENT.segment(frame(ONE, mask=MASK), len(ask())),
        SERVER.segment(frame(ONE), len(agree() + frame(TWO))),
    ]
    assert [one.payload for part in parts for one in streams.feed(part)] == [TWO, ONE, ONE]
    assert streams.counts.websocket_streams == 2


def test_a_second_request_with_credentials() -> None:
    """The server refused the first one."""
    found, streams = read(ask() + ask() + frame(ONE, mask=MASK), {len(ask())})
    assert found == [ONE]
    assert streams.counts.websocket_streams == 1


def deflated(messages: list[bytes], *, keeps_context: bool, mask: bytes = b"") -> bytes:
    """A stream of compressed messages, one of them in fragments, one not compressed."""
    deflater = Deflater(keeps_context=keeps_context)
    frames = [frame(deflater.deflate(one), mask=mask, is_deflated=True) for one in messages[:-1]]
    last = fragments(deflater.deflate(messages[-1]), [5, 9], mask=mask, is_deflated=True)
    return b"".join(frames) + frame(TWO, mask=mask) + last


@pytest.mark.parametrize("keeps_context", [False, True])
@pytest.mark.parametrize("side", [CLIENT, SERVER])
def test_permessage_deflate(side: Side, *, keeps_context: bool) -> None:
    """In both directions, with and without context takeover."""
    is_client = side is CLIENT
    head = ask(DEFLATE) if is_client else agree(DEFLATE)
    stream = deflated([ONE, ONE, LONG, ONE], keeps_context=keeps_context, mask=MASK * is_client)
    found, streams = read(head + stream, set(range(0, 10_000, 97)), side=side)
    assert found == [ONE, ONE, LONG, TWO, ONE]
    assert (streams.counts.websocket_deflated, streams.counts.websocket_undeflatable) == (4, 0)


def test_compressed_and_joined_late() -> None:
    """What needs history that was not seen is counted, never guessed; the rest comes out."""
    first, second, third = sip("a@x"), sip("b@x"), bytes(range(256))
    deflater = Deflater()
    frames = [frame(deflater.deflate(one), is_deflated=True) for one in (first, second, second)]
    late = [SERVER.segment(frames[1]), SERVER.segment(frames[2], len(frames[1]))]
    streams = Streams()
    assert [one for part in late for one in streams.feed(part)] == []
    assert streams.counts.websocket_undeflatable == 2
    fresh = Deflater(keeps_context=False)
    stream = b"".join(frame(fresh.deflate(one), is_deflated=True) for one in (first, third, second))
    cuts = {len(frame(Deflater().deflate(first), is_deflated=True))}
    assert read(stream, cuts, side=SERVER, is_late=True)[0] == [first, second]


def test_compressed_without_history_and_a_gap() -> None:
    """A segment that begins with a frame is enough to go on, whatever waited before it."""
    deflater, names = Deflater(keeps_context=False), [f"{n}@example.com" for n in range(6)]
    frames = [frame(deflater.deflate(sip(name)), is_deflated=True) for name in names]
    stream = agree(DEFLATE) + b"".join(frames)
    edges = [len(stream) - len(b"".join(frames[n:])) for n in range(6)]
    middle = edges[2] + 40
    parts = SERVER.segments(stream, [*edges, middle])
    lost = [one for one in parts if one.sequence - SERVER.number not in (edges[1], edges[2])]
    streams = Streams()
    found = [one.payload for part in [SERVER.syn(), *lost] for one in streams.feed(part)]
    found += [one.payload for one in streams.finish()]
    assert found == [sip(names[n]) for n in (0, 3, 4, 5)]


@pytest.mark.parametrize("mask", [b"", MASK])
def test_joined_late(mask: bytes) -> None:
    """At a frame's start, or inside a frame: then with the next segment that begins one."""
    stream = frame(ONE, mask=mask) + frame(TWO, mask=mask)
    for cuts in (set(), {70, 100, 600}):
        found, streams = read(stream, cuts, is_late=True)
        assert found == [ONE, TWO]
        assert streams.counts.websocket_streams == 1
    late = stream[100:] + stream
    found, streams = read(late, {len(late) - len(stream)}, is_late=True)
    assert found == ([ONE, TWO] if mask else [TWO, ONE, TWO])
    assert streams.counts.websocket_streams == 1


def parts_without(stream: bytes, begin: int, end: int, step: int = 100) -> list[Datagram]:
    """Segments of a stream of which these bytes are lost."""
    edges = {begin, end, *range(0, len(stream), step)}
    parts = CLIENT.segments(stream, edges)
    return [part for part in parts if not begin <= part.sequence - CLIENT.number < end]


def test_a_gap_inside_a_frame_costs_that_message_only() -> None:
    """The frame's length is known, so the step is kept."""
    stream = ask() + frame(ONE, mask=MASK) * 3
    at = len(ask()) + len(frame(ONE, mask=MASK)) + 100
    streams = Streams()
    parts = [CLIENT.syn(), *parts_without(stream, at, at + 100)]
    found = [one.payload for part in parts for one in streams.feed(part)]
    found += [one.payload for one in streams.expire(10_000_000)]
    assert found == [ONE, ONE]
    assert (streams.counts.gaps, streams.counts.incomplete) == (1, 1)


def test_a_gap_over_a_frames_head() -> None:
    """The next frame that begins with SIP is found."""
    stream = ask() + frame(ONE, mask=MASK) * 4
    at = len(ask()) + len(frame(ONE, mask=MASK)) * 2 - 50
    streams = Streams()
    parts = [CLIENT.syn(), *parts_without(stream, at, at + 100)]
    found = [one.payload for part in parts for one in streams.feed(part)]
    found += [one.payload for one in streams.expire(10_000_000)]
    assert found == [ONE, ONE]


def test_a_lost_handshake() -> None:
    """Half of it is missing: the frames behind it are found."""
    stream = ask() + frame(ONE, mask=MASK) * 2
    streams = Streams()
    parts = [CLIENT.syn(), *parts_without(stream, 40, 100, step=len(ask()))]
    found = [one.payload for part in parts for one in streams.feed(part)]
    found += [one.payload for one in streams.expire(10_000_000)]
    assert found == [ONE, ONE]


def test_half_a_handshake_that_was_dropped_for_want_of_room() -> None:
    """What follows is a WebSocket that is joined late."""
    streams = Streams(StreamLimits(total_bytes=300))
    parts = CLIENT.segments(ask() + frame(ONE, mask=MASK), [50, len(ask())])
    other = SERVER.segment(ONE[:280])
    found = [one.payload for part in [CLIENT.syn(), parts[0], SERVER.syn(), other, *parts[1:]]
             for one in streams.feed(part)]  # fmt: skip
    assert found == [ONE]
    assert streams.counts.evicted_bytes == 50 + 280


@pytest.mark.parametrize(
    "bad",
    [
        b"\xf1\x05hello",  # reserved bits
        b"\x83\x05hello",  # an opcode that there is not
        b"\x09\x00",  # a ping in fragments
        b"\x89\x7e\x01\x00" + bytes(256),  # a ping that is too long
        b"\x82\x7f" + b"\xff" * 8 + b"hello",  # a length of 64 bits
        frame(b"x", opcode=CONTINUATION),  # nothing to continue
        frame(ONE[:50], opcode=TEXT, is_last=False),  # a message inside another
    ],
)
def test_what_is_not_allowed(bad: bytes) -> None:
    """Costs what it is in, not what comes in the next segments."""
    stream = agree() + bad + frame(TWO)
    found, _ = read(stream, {len(agree()), len(agree()) + len(bad)}, side=SERVER)
    assert found == [TWO]


def test_messages_that_are_too_long() -> None:
    """As one frame, as fragments, as a bomb of zeros; the next one comes out."""
    limits = StreamLimits(message_bytes=4000)
    big = b"z" * 5000
    bomb = Deflater().deflate(sip() + bytes(1_000_000))
    for bad in (frame(big), fragments(big, [3000]), frame(bomb, is_deflated=True)):
        for cuts in (set(), set(range(0, 9000, 50))):
            streams = Streams(limits)
            parts = SERVER.segments(agree() + bad + frame(TWO), cuts)
            found = [one.payload for part in parts for one in streams.feed(part)]
            assert found == [TWO]
            assert streams.counts.too_long + streams.counts.websocket_undeflatable == 1


def test_websocket_without_sip_is_given_up() -> None:
    """Chats and games on the same port."""
    streams = Streams(StreamLimits(search_bytes=20_000))
    streams.feed(SERVER.syn())
    streams.feed(SERVER.segment(agree()))
    one = frame(b'{"chat": "%s"}' % (b"x" * 1000))
    for count in range(60):
        streams.feed(SERVER.segment(one, len(agree()) + count * len(one)))
    assert streams.counts.other_streams == 1
    assert streams.counts.foreign_segments > 30


@given(st.lists(st.binary(max_size=300), max_size=10), st.booleans())
@settings(max_examples=100, deadline=None)
def test_any_bytes_do_no_harm(parts: list[bytes], is_client: bool) -> None:
    """Behind a handshake, nothing is raised."""
    side, head = (CLIENT, ask(DEFLATE)) if is_client else (SERVER, agree(DEFLATE))
    streams = Streams()
    streams.feed(side.syn())
    at = 0
    for part in [head, *parts]:
        streams.feed(side.segment(part, at))
        at += len(part)
    streams.finish()
    assert streams.held_bytes == 0


def test_many_handshakes_in_one_segment() -> None:
    """As many as a segment of 64 kB holds."""
    found, streams = read(ask() * 200 + frame(ONE, mask=MASK))
    assert found == [ONE]
    assert streams.counts.websocket_streams == 1
