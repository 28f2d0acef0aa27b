"""Fragments of IP, joined (RFC 791, RFC 8200 4.5): bounded, and by packet time only.

A datagram is whole when its pieces reach from byte 0 to the end of its last piece. Pieces may
come in any order and more than once. Pieces that overlap must agree byte for byte, as copies
of one packet do; where they differ someone wants two readers to see two messages, and the
whole datagram is dropped (RFC 5722).
"""

from dataclasses import dataclass, field
from typing import TypeAlias

from hepscope_capture.decode.errors import FrameError, Reason
from hepscope_capture.decode.ip import IpPacket

# Between the 15 s of RFC 791 and the 60 s of RFC 8200; Linux waits as long for IPv4.
TIMEOUT_US = 30_000_000
# What waits at one time: hostile first pieces must not push much of the honest ones out.
MAX_WAITING = 4096
MAX_WAITING_BYTES = 16 * 1024 * 1024
# The smallest legal IPv4 fragments (48 bytes) of the largest packet are fewer.
MAX_PIECES = 1500
# The largest payload that IP can state.
MAX_PACKET_BYTES = 65_535

_Key: TypeAlias = tuple[bytes, bytes, int, int, int]


@dataclass(slots=True)
class _Waiting:
    """The pieces of one datagram so far."""

    first_us: int
    protocol: int
    pieces: dict[int, bytes] = field(default_factory=dict)
    size: int = 0  # bytes held
    end: int | None = None  # bytes of the whole, once the last piece has come
    is_cut: bool = False  # the capture lacks the end of the last piece
    tos: int = 0  # of the first piece


@dataclass(slots=True)
class FragmentCounts:
    """What became of fragments, since the start."""

    received: int = 0  # pieces
    joined: int = 0  # datagrams made whole
    incomplete: int = 0  # datagrams given up: too old, or still waiting at the end
    evicted: int = 0  # datagrams given up because too many were waiting
    refused: int = 0  # datagrams dropped for pieces that cannot be


class Reassembler:
    """Fragments in, whole IP packets out."""

    def __init__(self) -> None:
        self._waiting: dict[_Key, _Waiting] = {}
        self._bytes = 0
        self.counts = FragmentCounts()

    @property
    def waiting_bytes(self) -> int:
        """How much waits for what is missing."""
        return self._bytes

    def add(self, packet: IpPacket, network: int, time_us: int) -> IpPacket | None:
        """Return the whole packet if this piece completes it, else None and keep the piece.

        ``network`` is the one in which the addresses are valid: VLAN and tunnel as a number.
        Raises FrameError when the piece cannot belong to any packet or contradicts others.
        """
        self.counts.received += 1
        self._expire(time_us)
        # RFC 8200 leaves the protocol out of IPv6's key: only the first piece is sure of it.
        protocol = packet.protocol if len(packet.source) == 4 else 0
        key = (packet.source, packet.destination, protocol, packet.fragment_id, network)
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = _Waiting(time_us, packet.protocol)
        before = waiting.size
        try:
            _hold(waiting, packet)
            payload = _joined(waiting)
        except FrameError:
            self._bytes += waiting.size - before
            self._forget(key)
            self.counts.refused += 1
            raise
        self._bytes += waiting.size - before
        if payload is None:
            self._make_room()
            return None
        self._forget(key)
        self.counts.joined += 1
        return IpPacket(
            packet.source,
            packet.destination,
            waiting.protocol,
            payload,
            waiting.is_cut,
            tos=waiting.tos,
        )

    def finish(self) -> None:
        """Give up what still waits, and count it."""
        self.counts.incomplete += len(self._waiting)
        self._waiting.clear()
        self._bytes = 0

    def _forget(self, key: _Key) -> None:
        self._bytes -= self._waiting.pop(key).size

    def _expire(self, time_us: int) -> None:
        # Oldest first. Files may be given in any order, so a first piece from the future is as
        # stale as one from the past.
        while self._waiting:
            key, waiting = next(iter(self._waiting.items()))
            if abs(time_us - waiting.first_us) <= TIMEOUT_US:
                return
            self._forget(key)
            self.counts.incomplete += 1

    def _make_room(self) -> None:
        while len(self._waiting) > MAX_WAITING or self._bytes > MAX_WAITING_BYTES:
            self._forget(next(iter(self._waiting)))
            self.counts.evicted += 1


def _hold(waiting: _Waiting, packet: IpPacket) -> None:
    """Keep a piece; raise FrameError if it cannot be one of this datagram."""
    start, piece = packet.fragment_offset, packet.payload
    end = start + len(piece)
    if packet.has_more and packet.is_cut:
        raise FrameError(Reason.TRUNCATED, 0)
    if not piece or end > MAX_PACKET_BYTES or (packet.has_more and len(piece) % 8):
        raise FrameError(Reason.BAD_FRAGMENT, 0)
    if not packet.has_more:
        if waiting.end not in (None, end):
            raise FrameError(Reason.BAD_FRAGMENT, 0)
        waiting.end, waiting.is_cut = end, packet.is_cut
    if start == 0:
        waiting.protocol, waiting.tos = packet.protocol, packet.tos
    held = waiting.pieces.get(start, b"")
    common = min(len(held), len(piece))
    if held[:common] != piece[:common] or len(waiting.pieces) >= MAX_PIECES:
        raise FrameError(Reason.BAD_FRAGMENT, 0)
    if len(piece) > len(held):
        waiting.pieces[start] = piece
        waiting.size += len(piece) - len(held)


def _joined(waiting: _Waiting) -> bytes | None:
    """Return the payload if it is whole; raise FrameError if pieces contradict each other."""
    if waiting.end is None or waiting.size < waiting.end:
        return None
    whole = bytearray()
    for start in sorted(waiting.pieces):
        piece = waiting.pieces[start]
        overlap = len(whole) - start
        if overlap < 0:
            return None
        common = min(overlap, len(piece))
        if whole[start : start + common] != piece[:common]:
            raise FrameError(Reason.BAD_FRAGMENT, 0)
        whole += piece[common:]
    if len(whole) != waiting.end:
        raise FrameError(Reason.BAD_FRAGMENT, 0)
    return bytes(whole)
