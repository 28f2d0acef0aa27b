"""SIP cut out of a stream: lengths, keep-alives, odd spellings, and what is not SIP in between."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_capture.streams import StreamCounts, StreamLimits, Streams
from support.tcp_streams import Side, answer, sip

SIDE = Side()


def cut_out(
    stream: bytes,
    cuts: set[int] | None = None,
    *,
    is_late: bool = False,
    limits: StreamLimits | None = None,
) -> tuple[list[bytes], StreamCounts]:
    """The messages of a stream, and what was counted."""
    streams = Streams(limits or StreamLimits())
    parts = SIDE.segments(stream, cuts or ())
    sent = parts if is_late else [SIDE.syn(), *parts]
    found = [one.payload for part in sent for one in streams.feed(part)]
    found += [one.payload for one in streams.finish()]
    assert streams.held_bytes == 0
    return found, streams.counts


@pytest.mark.parametrize(
    "line",
    [
        b"Content-Length: 12\r\n",
        b"content-length:12\r\n",
        b"CONTENT-LENGTH : 12\r\n",
        b"Content-Length\t:\t12 \r\n",
        b"l: 12\r\n",
        b"L:12\r\n",
        b"Content-Length:\r\n 12\r\n",
        b"Content-Length: 0000000012\r\n",
        b"Content-Length: 0000000000000000012\r\n",
        b"X-Content-Length: 3\r\nl: 12\r\n",
    ],
)
def test_spellings_of_content_length(line: bytes) -> None:
    """In any case, compact, with blanks and folds around the colon (RFC 3261 section 7.3.1)."""
    one = sip(body=b"twelve bytes", length=line)
    for cuts in (set(), {len(one)}, set(range(0, 4000, 7))):
        assert cut_out(one + answer() + one, cuts)[0] == [one, answer(), one]


@pytest.mark.parametrize(
    "line",
    [None, b"Content-Length: none\r\n", b"Content-Length: -5\r\n", b"Content-Length: 1_0\r\n",
     b"Content-Length: 99999999999\r\n", b"Content-Length: \r\n", b"Content-Length: +5\r\n"],
)  # fmt: skip
def test_without_a_readable_length_a_message_ends_with_its_head(line: bytes | None) -> None:
    """On a stream there is no other end."""
    one = sip(length=line)
    assert cut_out(one + answer() + one)[0] == [one, answer(), one]


@pytest.mark.parametrize("name", [b"Content-Type: application/sdp\r\n", b"c:application/sdp\r\n"])
def test_a_body_without_a_length(name: bytes) -> None:
    """It goes up to the next message, or to the end of what has come."""
    one = sip(body=b"v=0\r\ns=-\r\n", length=name)
    empty = sip(length=name)
    assert cut_out(one + answer() + one + empty + one)[0] == [one, answer(), one, empty, one]
    found, counts = cut_out(one + one + answer(), {50, len(one), 2 * len(one) - 5, 2 * len(one)})
    assert found == [one, one[:-5], answer()]
    assert counts.skipped_bytes == 5
    assert cut_out(one + one, {len(one)}, is_late=True)[0] == [one, one]


@pytest.mark.parametrize("method", ["SERVICE", "NEGOTIATE", "BENOTIFY", "PING", "KDMQ", "x.y-z~1"])
def test_any_method(method: str) -> None:
    """RFC 3261 has methods extended by anybody; joined late CSeq confirms them."""
    one = sip(method=method)
    for is_late in (False, True):
        assert cut_out(one + one, is_late=is_late)[0] == [one, one]


def test_keepalives_are_skipped_and_counted() -> None:
    """RFC 5626 section 4.4.1: two line ends, answered by one."""
    found, counts = cut_out(b"\r\n\r\n" + sip() + b"\r\n" + sip() + b"\r\n\r\n", {4, 5})
    assert found == [sip(), sip()]
    assert counts.keepalives == 3
    assert counts.skipped_bytes == counts.incomplete == 0


def test_bare_line_feeds() -> None:
    """As the parser takes them."""
    one = sip().replace(b"\r\n", b"\n")
    two = sip(body=b"abc").replace(b"\r\n", b"\n")
    assert cut_out(one + two + sip(), {3, 500})[0] == [one, two, sip()]


GOOD = [
    sip("a@x"),
    answer("b@x", b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n"),
    sip("c@x", b"SIP/2.0 100 Trying\r\n", method="NOTIFY"),
    sip("d@x", b"\r\n\r\n" * 9, length=b"l:%d\r\n"),
    sip("e@x").replace(b"\r\n", b"\n"),
    sip("f@x", b"x" * 700, length=b"CONTENT-LENGTH :%d\r\n"),
    b"\r\n\r\n",
    b"\r\n",
]
RUBBISH = [
    b"\0\0\0\0",
    b"jaK",
    b"PROXY TCP4 192.0.2.1 198.51.100.2 40000 5060\r\n",
    b"INVITE sip:half@example.com SIP/2.0\r\nCall-ID: h\r\n",
]
PARTS = st.lists(st.sampled_from(GOOD), max_size=8)
MIXED = st.lists(st.sampled_from(GOOD + RUBBISH), max_size=8)
CUTS = st.sets(st.integers(1, 6000), max_size=40)


@given(parts=PARTS, cuts=CUTS)
@settings(max_examples=60, deadline=None)
def test_all_messages_come_out(parts: list[bytes], cuts: set[int]) -> None:
    """And nothing is left over but keep-alives."""
    found, counts = cut_out(b"".join(parts), cuts)
    assert found == [one for one in parts if one.strip()]
    assert counts.skipped_bytes == counts.incomplete == 0


@given(parts=MIXED, cuts=CUTS)
@settings(max_examples=60, deadline=None)
def test_the_cuts_never_matter(parts: list[bytes], cuts: set[int]) -> None:
    """What comes out of a stream depends on its bytes only, rubbish between messages included."""
    stream = b"".join(parts)
    whole = cut_out(stream)[0]
    assert cut_out(stream, cuts)[0] == whole
    assert cut_out(stream, set(range(1, len(stream))))[0] == whole


@given(st.lists(st.binary(max_size=600), max_size=12), st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_bytes_do_no_harm(parts: list[bytes], is_late: bool) -> None:
    """Nothing is raised, nothing is invented."""
    streams = Streams()
    at = 0
    if not is_late:
        streams.feed(SIDE.syn())
    for part in parts:
        assert all(one.payload in b"".join(parts) for one in streams.feed(SIDE.segment(part, at)))
        at += len(part)
    streams.finish()
    assert streams.held_bytes == 0


@pytest.mark.parametrize("rubbish", [b"\0\0\0\0", b"jaK", b"hello world\r\n", b"\xff" * 5000])
def test_rubbish_between_messages_is_skipped(rubbish: bytes) -> None:
    """Also in front of the first one, and counted."""
    found, counts = cut_out(rubbish + sip() + rubbish + answer() + rubbish + sip())
    assert found == [sip(), answer(), sip()]
    assert counts.skipped_bytes == 3 * len(rubbish)


def test_a_length_that_is_too_small_costs_the_bodys_rest_only() -> None:
    """The next start line is found, even where the body has no line end."""
    wrong = sip(body=b"0123456789", length=b"Content-Length: 4\r\n")
    found, counts = cut_out(wrong + sip() + wrong + answer())
    assert found == [wrong[:-6], sip(), wrong[:-6], answer()]
    assert counts.skipped_bytes == 12


def test_joined_inside_a_body_of_sipfrag() -> None:
    """A status line in a body (RFC 3420) is no message."""
    one = sip(body=b"SIP/2.0 100 Trying\r\n", method="NOTIFY")
    assert cut_out(one[-20:] + one + sip(), is_late=True)[0] == [one, sip()]
    assert cut_out(one[-30:] + answer(), is_late=True)[0] == [answer()]
    assert cut_out(one[-20:-2] + one + answer(), is_late=True)[0] == [one, answer()]
    assert cut_out(one[-20:-2] + answer() + one, is_late=True)[0] == [answer(), one]


def test_joined_inside_a_request_line() -> None:
    """What is left of a method is none: CSeq names another."""
    for at in range(1, 60):
        assert cut_out(sip()[at:] + sip(), is_late=True)[0] == [sip()]
    prack = sip(method="PRACK")
    assert cut_out(prack[2:] + prack, is_late=True)[0] == [prack]


def test_a_message_that_is_too_long_is_stepped_over() -> None:
    """Its length is not believed, so that a wrong one does not deafen the stream."""
    long = sip(body=b"z" * 3000)
    liar = sip(length=b"Content-Length: 4000000000\r\n")
    limits = StreamLimits(message_bytes=2000)
    for cuts in (set(), set(range(0, 9000, 100))):
        found, counts = cut_out(long + sip() + liar + sip() + long + sip(), cuts, limits=limits)
        assert found == [sip(), sip(), sip()]
        assert counts.too_long == 3


def test_a_head_without_end_is_given_up() -> None:
    """After 64 KiB; the next message is found."""
    endless = b"INVITE sip:b@example.com SIP/2.0\r\n" + b"X-Filler: 0123456789\r\n" * 4000
    for cuts in (set(), set(range(0, 200_000, 1400))):
        assert cut_out(endless + sip() + answer(), cuts)[0] == [sip(), answer()]


def test_a_message_of_64_kib_and_more() -> None:
    """Larger than HEP carries; whoever sends it counts that."""
    long = sip(body=b"m" * 100_000, method="MESSAGE")
    assert cut_out(long + sip(), set(range(0, 120_000, 1460)))[0] == [long, sip()]


def test_half_a_message_at_the_end() -> None:
    """Is counted and does not come out."""
    found, counts = cut_out(sip() + sip()[:90])
    assert found == [sip()]
    assert (counts.incomplete, counts.skipped_bytes) == (1, 90)


@pytest.mark.parametrize(
    "line", [b"SIP/2.0 200 OK\nA:\n", b"a b SIP/2.0\nX:\n", b"SIP/2.0 200 OK\n", b"SIP/2.0 "]
)
@pytest.mark.parametrize("tail", [b"\n", b"Call-ID: x\nCSeq: 1 OTHER\n\n", b""])
def test_a_stream_full_of_false_start_lines(line: bytes, tail: bytes) -> None:
    """Each is looked at a few times at most; the next message comes out."""
    stream = b"\0" + line * (60_000 // len(line)) + tail
    for cuts in (set(), set(range(0, 60_000, 200))):
        streams = Streams()
        parts = SIDE.segments(stream + b"\n\n" + sip() + answer(), cuts)
        found = [one.payload for part in parts for one in streams.feed(part)]
        assert found[-1] == answer()
        assert len(found) <= 3
