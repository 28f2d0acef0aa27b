"""RTP counted by its numbers: processor time by packet, of many streams, whole and with holes."""

import struct
import time
from collections.abc import Sequence

from bench.report import Row
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.decode.transport import UDP
from hepscope_capture.mirror.counts import RtpCounts, together
from hepscope_capture.mirror.streams import RtpStreams

STREAMS, PACKETS = 1_000, 100
ROUNDS = 3
PTIME_US = 20_000
ALICE, BOB = bytes((192, 0, 2, 1)), bytes((198, 51, 100, 2))
# One packet in so many is not shown.
HOLES = 20


def measure() -> list[Row]:
    """Return what a packet costs."""
    whole = [_packet(stream, number) for number in range(PACKETS) for stream in range(STREAMS)]
    torn = [one for at, one in enumerate(whole) if (at + at // STREAMS) % HOLES]
    return [_row("RTP, counted", whole), _row(f"RTP, counted, 1 in {HOLES} missing", torn)]


def _row(name: str, packets: Sequence[Datagram]) -> Row:
    spent = float("inf")
    for _ in range(ROUNDS):
        counts: dict[str, RtpCounts] = {}
        streams = RtpStreams(counts)
        begun = time.process_time()
        for one in packets:
            streams.feed(one)
        spent = min(spent, time.process_time() - begun)
        assert together(counts.values()).packets == len(packets)
    return Row(name, spent / len(packets) * 1e6, "us/packet", 1.5, higher_is_better=False)


def _packet(stream: int, number: int) -> Datagram:
    head = struct.pack("!BBHII", 0x80, 8, 65_500 + number & 0xFFFF, 160 * number, stream)
    port = 10_000 + 2 * stream
    return Datagram(number * PTIME_US, UDP, ALICE, port, BOB, port, head + bytes(160))
