"""TCP streams: the SIP messages that come out are those that tshark finds, byte for byte."""

import json
import random
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest

from hepscope_capture.decode.datagrams import Datagram, Dissector
from hepscope_capture.files.source import open_capture
from hepscope_capture.frame import Frame
from hepscope_capture.streams import Streams
from support.dissected import wrapped_sip
from support.tcp_streams import (
    CLIENT6,
    SERVER6,
    Side,
    answer,
    capture,
    frame,
    shuffled,
    sip,
)
from support.websocket_frames import (
    DEFLATE,
    MASK,
    PING,
    Deflater,
    agree,
    ask,
    fragments,
)
from support.websocket_frames import frame as websocket_frame

# Wireshark's SIP port on TCP is 5060; segments out of order are put in order only on request.
OPTIONS = ("-o", "tcp.reassemble_out_of_order:TRUE", "-d", "tcp.port==8080,http")

Found = tuple[str, int, str, int, bytes]

SIDE = Side()
SIDE6 = Side(hosts=(CLIENT6, SERVER6), ports=(40_001, 5060), number=2**32 - 3000)
MESSAGES = [sip(f"call-{n}@example.com", b"v=0\r\n" * (n * 40 % 330)) for n in range(12)]
STREAM = b"".join(MESSAGES)


def ours(segments: Iterable[Datagram]) -> list[Found]:
    """The messages that come out of frames with these segments."""
    dissector, streams = Dissector(), Streams()
    found: list[Datagram] = []
    for part in segments:
        datagram = dissector.dissect(Frame(part.time_us, 1, frame(part), 0))
        assert datagram is not None
        found += streams.feed(datagram)
    return [place_and_payload(one) for one in [*found, *streams.finish()]]


def place_and_payload(one: Datagram) -> Found:
    """A message in tshark's terms."""
    source, destination = ip_address(one.source), ip_address(one.destination)
    return str(source), one.source_port, str(destination), one.destination_port, one.payload


def theirs(segments: Iterable[Datagram], path: Path) -> list[Found]:
    """The messages that tshark finds in the same frames."""
    path.write_bytes(capture(segments))
    return [
        (one.source, one.ports[0], one.destination, one.ports[1], one.payload)
        for one in wrapped_sip(path, *OPTIONS)
    ]


def timed(segments: Sequence[Datagram]) -> list[Datagram]:
    """The segments, each a millisecond later than the one before: tshark sorts nothing."""
    for count, part in enumerate(segments):
        part.time_us = 1_700_000_000_000_000 + count * 1000
    return list(segments)


def split(side: Side) -> list[Datagram]:
    """Segments of 211 bytes."""
    return [side.syn(), *side.segments(STREAM, range(0, len(STREAM), 211))]


def coalesced(side: Side) -> list[Datagram]:
    """All messages in two segments."""
    return [side.syn(), *side.segments(STREAM, [len(STREAM) // 2])]


def kept_alive(side: Side) -> list[Datagram]:
    """A keep-alive behind each message, in its own segment; elsewhere tshark stops at it."""
    stream = b"".join(one + b"\r\n\r\n" for one in MESSAGES)
    ends = [stream.index(one) + len(one) for one in MESSAGES]
    return [side.syn(), *side.segments(stream, [*ends, *(end + 4 for end in ends)])]


def repeated(side: Side) -> list[Datagram]:
    """Every third segment twice, and some again with other bounds."""
    parts = side.segments(STREAM, range(0, len(STREAM), 500))
    again = [one for n, part in enumerate(parts) for one in [part] * (2 if n % 3 == 0 else 1)]
    over = side.segment(STREAM[700:1700], 700)
    return [side.syn(), *again[:6], over, *again[6:]]


def reordered(side: Side) -> list[Datagram]:
    """No segment further than four places from its own."""
    parts = side.segments(STREAM, range(0, len(STREAM), 300))
    return [side.syn(), *shuffled(parts, random.Random(4), 4)]


def both(side: Side) -> list[Datagram]:
    """Both directions, interleaved."""
    ask_parts = side.segments(STREAM, range(0, len(STREAM), 400))
    replies = b"".join(answer(f"call-{n}@example.com", b"v=0\r\n") for n in range(12))
    reply_parts = side.other.segments(replies, range(0, len(replies), 350))
    mixed = [part for pair in zip(ask_parts, reply_parts, strict=False) for part in pair]
    rest = ask_parts[len(reply_parts) :] + reply_parts[len(ask_parts) :]
    return [side.syn(), side.other.syn(), *mixed, *rest]


def late(side: Side) -> list[Datagram]:
    """No SYN."""
    return side.segments(STREAM, range(0, len(STREAM), 450))


def tagged(side: Side) -> list[Datagram]:
    """In a VLAN."""
    return split(Side(side.hosts, side.ports, side.number, vlan=42))


SHAPES = (split, coalesced, kept_alive, repeated, reordered, both, late, tagged)


@pytest.mark.parametrize(
    ("make", "side"),
    [*((make, SIDE) for make in SHAPES), (split, SIDE6), (reordered, SIDE6)],
    ids=lambda one: one.__name__ if callable(one) else one.hosts[0],
)
def test_what_tshark_finds(
    make: Callable[[Side], list[Datagram]], side: Side, tmp_path: Path
) -> None:
    """The same messages, complete and in the same order."""
    segments = timed(make(side))
    expected = theirs(segments, tmp_path / "t.pcap")
    assert len(expected) >= len(MESSAGES)
    assert sorted(ours(segments)) == sorted(expected)


def test_lossy_streams(tmp_path: Path) -> None:
    """Nothing that tshark finds whole is missing, and nothing is invented."""
    chance = random.Random(9)
    for _ in range(4):
        parts = SIDE.segments(STREAM, chance.sample(range(len(STREAM)), 25))
        seen = timed([SIDE.syn(), *[part for part in parts if chance.random() > 0.15]])
        whole = [one for one in theirs(seen, tmp_path / "t.pcap") if one[4] in MESSAGES]
        found = ours(seen)
        assert set(whole) <= set(found)
        assert {one[4] for one in found} <= set(MESSAGES)


def websocket(*, is_deflated: bool) -> list[Datagram]:
    """A client and a server that shake hands and talk, in segments of 333 bytes."""
    side, extra = Side(ports=(40_000, 8080)), DEFLATE if is_deflated else b""
    up, down = Deflater(), Deflater()
    asked, agreed = ask(extra), agree(extra)
    sent, replied = b"", b""
    for n in range(6):
        one, two = sip(f"ws-{n}@example.com", b"v=0\r\n" * 90), answer(f"ws-{n}@example.com")
        if is_deflated:
            one, two = up.deflate(one), down.deflate(two)
        ping = websocket_frame(b"", opcode=PING, mask=MASK)
        # Compressed fragments are not read by tshark.
        sizes = [100] if n % 2 and not is_deflated else []
        sent += fragments(one, sizes, mask=MASK, is_deflated=is_deflated) + ping
        replied += fragments(two, [], is_deflated=is_deflated)
    shake = [side.syn(), side.other.syn(), side.segment(asked), side.other.segment(agreed)]
    ask_parts = side.segments(asked + sent, range(len(asked), 20_000, 333))[1:]
    reply_parts = side.other.segments(agreed + replied, range(len(agreed), 20_000, 333))[1:]
    return timed([*shake, *ask_parts, *reply_parts])


@pytest.mark.parametrize("is_deflated", [False, True])
def test_websocket(tmp_path: Path, *, is_deflated: bool) -> None:
    """Masked, in fragments, with pings between, compressed or not."""
    segments = websocket(is_deflated=is_deflated)
    expected = theirs(segments, tmp_path / "t.pcap")
    assert len(expected) == 12
    assert sorted(ours(segments)) == sorted(expected)


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["sip_tcp_basic", "sip_tcp_split"])
def test_the_corpus(corpus: Path, name: str) -> None:
    """Real TCP by sipp: as many messages as the facts count, and tshark's bytes."""
    path = corpus / "sip-pcap" / f"{name}.pcap"
    dissector, streams = Dissector(), Streams()
    found: list[Datagram] = []
    with open_capture(str(path)) as items:
        for item in items:
            assert isinstance(item, Frame)
            datagram = dissector.dissect(item)
            assert datagram is not None
            found += streams.feed(datagram)
    found += streams.finish()
    as_sip = [word for one in sip_ports(path) for word in ("-d", f"tcp.port=={one},sip")]
    expected = wrapped_sip(path, *OPTIONS, *as_sip)
    assert [one.payload for one in found] == [one.payload for one in expected]
    facts = json.loads(path.with_suffix(".facts.json").read_text())["messages"]
    assert len(found) == len(facts)
    assert streams.counts.gaps == streams.counts.incomplete == streams.counts.skipped_bytes == 0


def sip_ports(path: Path) -> set[int]:
    """The servers' ports that the facts name."""
    facts = json.loads(path.with_suffix(".facts.json").read_text())["messages"]
    return {min(one["sport"], one["dport"]) for one in facts}
