"""Agents of ours that number their packets, and how far the relay has told them they are safe.

An agent opens with its origin alone and is told at once how far its packets are safe; numbers
grow along a connection. What it sends again on the next one was taken before and is not taken
twice. Safe is what every server has or what is on disk: whoever hands packets on tells, for a
position in what it was given. A relay that was killed begins with 0, and what was not safe comes
again: then, and only then, a server may get a packet twice.
"""

from collections import OrderedDict, deque
from collections.abc import Callable

from hep import DecodeError, decode3, is_hello
from hep.chunks import CHUNK_HEAD_BYTES, HEAD, HEAD_BYTES, KEY_AND_LENGTH, ORIGIN, SEQ
from hepscope_capture.inputs.input import Position

MOST_SENDERS = 4096
LONGEST_HELLO = 300

_ORIGIN_BYTES, _SEQ_BYTES = 16, 8
_ORIGIN_HEAD = KEY_AND_LENGTH.pack(ORIGIN, CHUNK_HEAD_BYTES + _ORIGIN_BYTES)
_SEQ_HEAD = KEY_AND_LENGTH.pack(SEQ, CHUNK_HEAD_BYTES + _SEQ_BYTES)
_NUMBER_BYTES = len(_ORIGIN_HEAD) + _ORIGIN_BYTES + len(_SEQ_HEAD) + _SEQ_BYTES


class NumberingSender:
    """One agent, over all its connections."""

    def __init__(self, origin: bytes) -> None:
        self.origin = origin
        self.taken = 0
        """The highest number that was taken."""
        self.safe = 0
        """Up to where everything is safe."""
        self._marked = 0
        self._marks: deque[tuple[int, Position]] = deque()

    @property
    def is_settled(self) -> bool:
        """Whether all that was taken is safe."""
        return self.safe == self.taken

    def take(self, number: int) -> bool:
        """Say whether a packet is new, and is to be handed on."""
        if number <= self.taken:
            return False
        self.taken = number
        return True

    def mark(self, position: Position) -> None:
        """Note that all that was taken was handed on up to a position."""
        if self.taken > self._marked:
            self._marked = self.taken
            self._marks.append((self.taken, position))

    def settle(self, is_safe: Callable[[Position], bool]) -> bool:
        """Go on to what is safe now; return whether that is news."""
        before = self.safe
        marks = self._marks
        while marks and is_safe(marks[0][1]):
            self.safe = marks.popleft()[0]
        return self.safe > before


class NumberingSenders:
    """All agents of ours; those that said nothing for longest are forgotten when there are many."""

    def __init__(self) -> None:
        self._senders: OrderedDict[bytes, NumberingSender] = OrderedDict()

    def of(self, origin: bytes) -> NumberingSender:
        """Return an agent by its origin."""
        sender = self._senders.pop(origin, None) or NumberingSender(origin)
        self._senders[origin] = sender
        if len(self._senders) > MOST_SENDERS:
            self._senders.popitem(last=False)
        return sender


def origin_of_hello(packet: bytes) -> bytes:
    """Return the origin of a framed packet that opens a conversation; empty when it does not."""
    if len(packet) > LONGEST_HELLO or not packet.startswith(_ORIGIN_HEAD, HEAD_BYTES):
        return b""
    try:
        decoded = decode3(packet)
    except DecodeError:
        return b""
    return decoded.origin if is_hello(decoded) else b""


def without_number(packet: bytes, origin: bytes) -> tuple[int, bytes] | None:
    """Return the number that an agent gave a packet, and the packet without it.

    Agents of ours write both chunks last. None when they are not there, or of another origin.
    """
    start = len(packet) - _NUMBER_BYTES
    if start < HEAD_BYTES or not packet.startswith(_ORIGIN_HEAD + origin + _SEQ_HEAD, start):
        return None
    number = int.from_bytes(packet[-_SEQ_BYTES:], "big")
    return number, HEAD.pack(packet[:4], start) + packet[HEAD_BYTES:start]
