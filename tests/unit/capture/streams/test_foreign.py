"""Streams that are no SIP: recognised, counted, and left alone."""

from collections.abc import Callable

import pytest

from hep import HepPacket, encode3
from hepscope_capture.streams import StreamLimits, Streams
from support.tcp_streams import Side, answer, sip

SIDE = Side()
HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200))
RECORD = b"\x17\x03\x03\x01\x00" + bytes(256)
RPC = b'{"jsonrpc": "2.0", "method": "ping", "id": 1}'
GET = b"GET /status HTTP/1.1\r\nHost: example.com\r\n\r\n"
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"


@pytest.mark.parametrize(
    ("name", "stream"),
    [
        ("tls_streams", HELLO),
        ("json_streams", RPC),
        ("json_streams", b"[{}]"),
        ("http_streams", GET),
        ("http_streams", b"OPTIONS * HTTP/1.1\r\n\r\n"),
        ("http_streams", REPLY),
    ],
)
def test_what_begins_certainly_as_something_else(name: str, stream: bytes) -> None:
    """Its first segment decides; the others cost a look into a table."""
    streams = Streams()
    streams.feed(SIDE.syn())
    assert streams.feed(SIDE.segment(stream)) == ()
    for count in range(9):
        assert streams.feed(SIDE.segment(b"x" * 100, len(stream) + 100 * count)) == ()
    assert getattr(streams.counts, name) == 1
    assert streams.counts.foreign_segments == 9
    assert streams.held_bytes == 0


@pytest.mark.parametrize("stream", [RECORD, REPLY])
def test_joined_late(stream: bytes) -> None:
    """TLS and HTTP are told without their beginning."""
    streams = Streams()
    assert streams.feed(SIDE.segment(stream)) == ()
    assert streams.counts.tls_streams + streams.counts.http_streams == 1


def test_json_in_a_body_does_not_end_a_stream_that_was_joined_late() -> None:
    """It may be the body of a SIP message whose beginning was not seen."""
    streams = Streams()
    streams.feed(SIDE.segment(RPC))
    assert [one.payload for one in streams.feed(SIDE.segment(sip(), len(RPC)))] == [sip()]


@pytest.mark.parametrize("is_late", [False, True])
def test_what_has_no_sip_for_long_is_given_up(*, is_late: bool) -> None:
    """And looked at again when a segment begins like SIP."""
    streams = Streams(StreamLimits(search_bytes=20_000))
    if not is_late:
        streams.feed(SIDE.syn())
    size = 1400
    for count in range(40):
        streams.feed(SIDE.segment(b"\x99" * size, size * count))
    assert streams.counts.other_streams == 1
    assert streams.counts.foreign_segments > 15
    assert streams.held_bytes == 0
    assert [one.payload for one in streams.feed(SIDE.segment(sip(), size * 40))] == [sip()]


def test_a_stream_with_sip_is_never_given_up() -> None:
    """However much rubbish there is in it."""
    streams = Streams(StreamLimits(search_bytes=20_000))
    streams.feed(SIDE.syn())
    streams.feed(SIDE.segment(sip()))
    at = len(sip())
    for _ in range(40):
        streams.feed(SIDE.segment(b"\x99" * 1400, at))
        at += 1400
    half = len(sip()) // 2
    assert streams.feed(SIDE.segment(sip()[:half], at)) == []
    found = streams.feed(SIDE.segment(sip()[half:], at + half))
    assert [one.payload for one in found] == [sip()]
    assert streams.counts.other_streams == 0


def test_requests_on_one_http_connection_are_one_stream() -> None:
    """Each is looked at, since it might ask for WebSocket, but counted once."""
    streams = Streams()
    streams.feed(SIDE.syn())
    for count in range(20):
        assert streams.feed(SIDE.segment(GET, len(GET) * count)) == ()
    assert streams.counts.http_streams == 1


def hep(payload: bytes) -> bytes:
    """A HEP3 packet of another agent."""
    return encode3(
        HepPacket(
            source=b"\xc0\0\2\1", destination=b"\xc0\0\2\2", source_port=5060,
            destination_port=5060, time_us=1, node_id=1, payload=payload,
        )
    )  # fmt: skip


def in_a_row(payload: bytes) -> bytes:
    """A value in PostgreSQL's protocol: four bytes of length before it."""
    return b"D\0\0\2\x13\0\1" + len(payload).to_bytes(4, "big") + payload


@pytest.mark.parametrize("wrap", [hep, in_a_row])
@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize("size", [100, 1460, 60_000])
def test_sip_that_another_protocol_carries(
    wrap: Callable[[bytes], bytes], size: int, *, is_late: bool
) -> None:
    """Is not on its way between two SIP ends: nothing comes out, wherever it is joined."""
    one = b"".join(wrap(sip(f"{n}@x", b"b" * n)) + wrap(answer(f"{n}@x")) for n in range(200))
    for skip in (0, 90, 300):
        streams = Streams()
        parts = SIDE.segments(one[skip * is_late :], range(0, len(one), size))
        sent = parts if is_late else [SIDE.syn(), *parts]
        assert [found for part in sent for found in streams.feed(part)] == []
        assert streams.finish() == []
