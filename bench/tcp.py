"""SIP out of TCP: processor time of putting a stream together, by segment, in one process.

A trunk's messages, one a segment, cut at every 1,460 bytes, and in TSO segments of 64 kB; beside
them a stream of something else, which costs only its look into the table. Segments come as the
dissector gives them; nothing is sent.
"""

import random
import time
from collections.abc import Iterable, Sequence

from bench.report import Row
from hep import decode3
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.decode.transport import TCP
from hepscope_capture.streams import Streams

ROUNDS = 3
ALICE, BOB = b"\xc0\x00\x02\x01", b"\xc6\x33\x64\x02"
SYN, PUSH = 0x02, 0x18
MSS_BYTES, TSO_BYTES = 1460, 64_000
FOREIGN_BYTES = 20_000_000


def measure(messages: Sequence[bytes]) -> list[Row]:
    """Return what a segment of each kind costs; the messages are HEP3 with SIP in it."""
    payloads = [decode3(one).payload for one in messages]
    stream = b"".join(payloads)
    lengths = [len(one) for one in payloads]
    tls = b"\x16\x03\x01\x02\x00" + random.Random(1).randbytes(FOREIGN_BYTES)
    whole, mss, tso = (_segments(stream, sizes) for sizes in (
        lengths, _even(stream, MSS_BYTES), _even(stream, TSO_BYTES)))  # fmt: skip
    foreign = _segments(tls, _even(tls, MSS_BYTES))
    return [
        _row("TCP, a message a segment", whole, len(payloads), 5.0),
        _row("TCP, segments of 1,460 bytes", mss, len(payloads), 20.0),
        _row("TCP, segments of 64 kB", tso, len(payloads), None),
        _row("TCP of something else", foreign, 0, 1.0),
    ]


def _row(name: str, segments: Sequence[Datagram], expected: int, floor_us: float | None) -> Row:
    best = float("inf")
    for _ in range(ROUNDS):
        streams = Streams()
        begun = time.process_time()
        for segment in segments:
            streams.feed(segment)
        best = min(best, time.process_time() - begun)
        assert streams.counts.messages == expected
    note = f"{best / expected * 1e6:.1f} us a message" if expected else ""
    each = best / len(segments) * 1e6
    return Row(name, each, "us/segment", floor_us, higher_is_better=False, note=note)


def _even(stream: bytes, size: int) -> Iterable[int]:
    return (size for _ in range(-(-len(stream) // size)))


def _segments(stream: bytes, sizes: Iterable[int]) -> list[Datagram]:
    """Return the stream in segments; addresses are new values each, as in a capture."""
    segments = [Datagram(0, TCP, ALICE, 40_000, BOB, 5060, b"", sequence=0, flags=SYN)]
    at = 0
    for size in sizes:
        source, destination = bytes(bytearray(ALICE)), bytes(bytearray(BOB))
        data = stream[at : at + size]
        segments.append(
            Datagram(
                at, TCP, source, 40_000, destination, 5060, data,
                sequence=(1 + at) % 2**32, flags=PUSH,
            )
        )  # fmt: skip
        at += size
    return segments
