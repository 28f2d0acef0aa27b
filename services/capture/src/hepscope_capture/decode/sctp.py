"""SCTP packets to SIP messages (RFC 9260, I-DATA: RFC 8260; SIP over it: RFC 4168).

A packet bundles chunks. A user message is one DATA or I-DATA chunk, or several whose numbers
follow each other: those of DATA by their TSN, those of I-DATA by a number within the message. What
was sent again is told by its TSN and comes out once. A direction of an association is known by its
tag and ports, not by its addresses, of which it may have several.

A message has the time of the packet that completes it, which is when its receiver saw it.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from hep.sip import looks_like_sip
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.decode.sctp_chunks import Chunk, chunks_of
from hepscope_capture.decode.sctp_joining import Direction

# Directions of associations at one time, and what waits in all of them.
MAX_DIRECTIONS = 8192
MAX_WAITING_BYTES = 16 * 1024 * 1024
# Without a packet for so long a direction is forgotten.
IDLE_US = 300_000_000

_Key: TypeAlias = tuple[int, int, int]


@dataclass(slots=True)
class SctpCounts:
    """What became of SCTP packets, since the start."""

    packets: int = 0
    chunks: int = 0  # with data
    messages: int = 0  # of SIP
    joined: int = 0  # of the messages, those of several chunks
    not_sip: int = 0  # messages of something else
    again: int = 0  # chunks that had come before
    malformed: int = 0  # packets with a chunk that cannot be: what is behind it is not read
    cut: int = 0  # pieces of messages whose end the capture lacks
    incomplete: int = 0  # runs of pieces given up: too old, or still waiting at the end
    evicted: int = 0  # runs of pieces given up for want of room


class SctpTable:
    """SCTP packets in, SIP messages out."""

    def __init__(
        self, *, most_directions: int = MAX_DIRECTIONS, most_bytes: int = MAX_WAITING_BYTES
    ) -> None:
        """Know this many directions, and hold this much of all together."""
        self._most_directions = most_directions
        self._most_bytes = most_bytes
        self.counts = SctpCounts()
        self._directions: OrderedDict[_Key, Direction] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        """Return how many directions are known."""
        return len(self._directions)

    @property
    def waiting_bytes(self) -> int:
        """How much waits for what is missing."""
        return self._bytes

    def feed(self, datagram: Datagram) -> Sequence[Datagram]:
        """Return the messages that a packet holds or completes. Never raises."""
        counts, time_us = self.counts, datagram.time_us
        counts.packets += 1
        found = chunks_of(datagram.payload, is_cut=datagram.is_cut)
        counts.malformed += found.is_malformed
        if not found.chunks:
            return ()
        counts.chunks += len(found.chunks)
        direction = self._direction(datagram)
        before = direction.bytes
        counts.incomplete += direction.expire(time_us)
        messages = []
        for chunk in found.chunks:
            whole = self._whole(direction, chunk, time_us)
            if not whole:
                continue
            if looks_like_sip(whole):
                counts.messages += 1
                counts.joined += not chunk.is_whole
                messages.append(_message(datagram, whole, is_cut=chunk.is_cut))
            else:
                counts.not_sip += 1
        self._bytes += direction.bytes - before
        self._make_room(time_us)
        return messages

    def finish(self) -> None:
        """Give up what still waits, and count it."""
        self.counts.incomplete += sum(map(len, self._directions.values()))
        self._directions.clear()
        self._bytes = 0

    def _direction(self, datagram: Datagram) -> Direction:
        key = (datagram.sequence, datagram.source_port, datagram.destination_port)
        direction = self._directions.get(key)
        if direction is None:
            direction = self._directions[key] = Direction()
        else:
            self._directions.move_to_end(key)
        direction.seen_us = datagram.time_us
        return direction

    def _whole(self, direction: Direction, chunk: Chunk, time_us: int) -> bytes:
        """Return the user message that a chunk is or completes, empty without one."""
        counts = self.counts
        if not direction.is_new(chunk.tsn):
            counts.again += 1
            return b""
        if chunk.is_whole:
            return chunk.data
        if chunk.is_cut:
            counts.cut += 1
            return b""
        whole = direction.join(chunk, time_us)
        counts.evicted += direction.make_room()
        return whole

    def _make_room(self, time_us: int) -> None:
        """Forget the directions that were not heard of for longest: too long, or too many."""
        directions, counts = self._directions, self.counts
        while directions:
            key, oldest = next(iter(directions.items()))
            is_idle = abs(time_us - oldest.seen_us) > IDLE_US
            is_full = len(directions) > self._most_directions or self._bytes > self._most_bytes
            if not is_idle and not is_full:
                return
            if is_idle:
                counts.incomplete += len(oldest)
            else:
                counts.evicted += len(oldest)
            self._bytes -= oldest.bytes
            del directions[key]


def _message(packet: Datagram, payload: bytes, *, is_cut: bool) -> Datagram:
    return Datagram(
        packet.time_us, packet.protocol, packet.source, packet.source_port, packet.destination,
        packet.destination_port, payload, packet.vlan, is_cut, packet.tos, packet.macs,
    )  # fmt: skip
