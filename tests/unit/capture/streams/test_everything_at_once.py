"""Connections of every kind, interleaved, lossy, repeated and out of order, within small bounds.

Whatever happens, no message comes out that was not sent, and what is held is what is accounted for.
"""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.streams import StreamLimits, Streams
from support.tcp_streams import ACK, FIN, RST, SYN, Side, answer, shuffled, sip
from support.websocket_frames import DEFLATE, MASK, PING, Deflater, ask, fragments, frame

RUBBISH = [b"\r\n\r\n", b"\0\0", b"\x81\x05hello", b"\xc1\x7e\x00\x09", b"junk \r\n"]
FRAMES = [frame(b"", opcode=PING), frame(b"{}"), b"\xff"]
ENDS = [b"", b"SIP/2.0 200 OK\r\n", b"\r\n"]


def limits(chance: random.Random) -> StreamLimits:
    """Narrow bounds or wide ones."""
    return StreamLimits(
        directions=chance.choice([4, 1000]),
        total_bytes=chance.choice([5000, 10_000_000]),
        window_bytes=chance.choice([3000, 1_000_000]),
        message_bytes=chance.choice([2000, 131_072]),
        search_bytes=chance.choice([3000, 262_144]),
        gap_us=chance.choice([50, 1_000_000]),
    )


def stream(chance: random.Random, name: int, sent: set[bytes]) -> bytes:
    """What one side says, plain or by WebSocket; its messages are added to those sent."""
    is_websocket, deflater = chance.random() < 0.4, Deflater(keeps_context=chance.random() < 0.5)
    out = [ask(DEFLATE)] if is_websocket else []
    for count in range(chance.randint(1, 8)):
        size = chance.choice([0, 10, 1500])
        body = bytes(chance.choices(b"ab \r\n:S", k=size)) + chance.choice(ENDS)
        one = chance.choice([sip, answer])(f"{name}-{count}@x", body)
        sent.add(one)
        if is_websocket:
            is_deflated = chance.random() < 0.4
            sizes = [chance.randint(0, 50)] * chance.randint(0, 2)
            data = deflater.deflate(one) if is_deflated else one
            mask = chance.choice([b"", MASK])
            out.append(fragments(data, sizes, mask=mask, is_deflated=is_deflated))
        else:
            out.append(one)
        if chance.random() < 0.2:
            out.append(chance.choice(FRAMES if is_websocket else RUBBISH))
    return b"".join(out)


def mistreated(chance: random.Random, side: Side, data: bytes) -> list[Datagram]:
    """The segments as a bad network and a bad capture leave them."""
    cuts = [chance.randrange(len(data)) for _ in range(chance.choice([0, 5, 60]))]
    parts = side.segments(data, cuts, step_us=chance.choice([1, 20]))
    if chance.random() < 0.8:
        parts.insert(0, side.syn())
    loss, until = chance.choice([0, 0, 0.05, 0.3]), side.number + chance.randrange(len(data) + 1)
    parts = [part for part in parts if chance.random() >= loss]
    parts += [part for part in parts if chance.random() < 0.1]
    extra = [
        Side(side.hosts, side.ports, chance.getrandbits(32)).segment(b"zz"),
        side.segment(b"", len(data), flags=chance.choice([FIN, RST, SYN])),
        side.other.segment(b"", flags=ACK, acknowledgement=until % 2**32),
    ]
    parts += [part for part in extra if chance.random() < 0.3]
    return shuffled(parts, chance, chance.choice([0, 3, 30]))


@given(st.integers(0, 2**64))
@settings(max_examples=100, deadline=None)
def test_nothing_is_invented_and_all_is_accounted_for(seed: int) -> None:
    """Bounds included."""
    chance = random.Random(seed)
    bounds, sent = limits(chance), set[bytes]()
    streams = Streams(bounds)
    queues = []
    for count in range(chance.randint(1, 5)):
        side = Side(ports=(1000 + count, 5060), number=chance.getrandbits(32))
        queues.append(mistreated(chance, side, stream(chance, count, sent)))
    found: list[Datagram] = []
    while any(queues):
        part = chance.choice([queue for queue in queues if queue]).pop(0)
        found += streams.feed(part)
        if chance.random() < 0.05:
            found += streams.expire(part.time_us)
        directions = list(streams.directions())
        held = [direction.reader.held + direction.piece_bytes for direction in directions]
        assert streams.held_bytes == sum(held) <= bounds.total_bytes
        assert len(directions) <= bounds.directions
    found += streams.finish()
    assert streams.held_bytes == 0
    assert {one.payload for one in found} <= sent
