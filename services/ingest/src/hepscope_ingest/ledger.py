"""The ledger of a sender that numbers its packets: up to where all of them are safe.

Pure: numbers in, a number out. A packet is entered in the order in which it arrives, and settled
when the bus has acknowledged it, or when it was refused and counted. What may be acknowledged to
the sender is the highest number up to which everything that arrived is settled.

A stream keeps its order, so a number that is missing between two of a connection will not come:
another server has it, or the sender gave it up. It holds nothing back. A number that was seen
before was sent again, after a connection broke; it is entered again like any other, since its
first copy may still wait for the bus, and an acknowledged number never goes back.
"""

from collections import OrderedDict, deque
from collections.abc import Callable

from hep.chunks import CHUNK_HEAD_BYTES, HEAD_BYTES, KEY_AND_LENGTH, ORIGIN, SEQ

MAX_ORIGINS = 4096
"""Ledgers remembered of senders that are away; a fleet of agents has hundreds."""

_ORIGIN_CHUNK_BYTES = CHUNK_HEAD_BYTES + 16
_SEQ_CHUNK_BYTES = CHUNK_HEAD_BYTES + 8


class Entry:
    """One packet that arrived; calling it settles it, once more does nothing."""

    __slots__ = ("_ledger", "is_settled", "seq")

    def __init__(self, ledger: "Ledger", seq: int) -> None:
        self._ledger = ledger
        self.seq = seq
        self.is_settled = False

    def __call__(self) -> None:
        """Note that the packet is safe, or refused and counted."""
        self.is_settled = True
        self._ledger.advance(self)


class Ledger:
    """What is known of one origin, over all its connections to this process."""

    __slots__ = ("_entries", "acknowledged", "highest", "watchers")

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()
        self.acknowledged = 0
        """The highest number up to which everything that arrived is settled; 0 = none."""
        self.highest = 0
        """The highest number that arrived."""
        self.watchers: list[Callable[[], None]] = []
        """Called whenever packets were settled in order; each connection of the origin has one."""

    @property
    def outstanding(self) -> int:
        """Packets entered that hold the acknowledged number back, and those behind them."""
        return len(self._entries)

    def enter(self, seq: int) -> Entry:
        """Return the entry of a packet that arrived; whoever takes it must settle it."""
        entry = Entry(self, seq)
        self._entries.append(entry)
        self.highest = max(self.highest, seq)
        return entry

    def advance(self, settled: Entry) -> None:
        """Go on to the first packet that is not settled, if this one was in the way."""
        entries = self._entries
        if not entries or entries[0] is not settled:
            return
        while entries and entries[0].is_settled:
            self.acknowledged = max(self.acknowledged, entries.popleft().seq)
        for watcher in self.watchers:
            watcher()


class Ledgers:
    """The ledgers of all origins; those that nobody needs are forgotten, oldest first.

    A sender whose ledger was forgotten begins with 0 again and repeats what it has no answer for.
    """

    def __init__(self, *, max_origins: int = MAX_ORIGINS) -> None:
        self._max_origins = max_origins
        self._ledgers: OrderedDict[bytes, Ledger] = OrderedDict()

    def __len__(self) -> int:
        return len(self._ledgers)

    def of(self, origin: bytes) -> Ledger:
        """Return the ledger of an origin, a new one if it is not known."""
        ledger = self._ledgers.get(origin)
        if ledger is None:
            if len(self._ledgers) >= self._max_origins:
                self._forget()
            ledger = self._ledgers[origin] = Ledger()
        self._ledgers.move_to_end(origin)
        return ledger

    @property
    def outstanding(self) -> int:
        """Packets of all senders that are not settled in order."""
        return sum(ledger.outstanding for ledger in self._ledgers.values())

    def _forget(self) -> None:
        """Make room; connections and what they sent are bounded, so what stays is, too."""
        for origin, ledger in self._ledgers.items():
            if not ledger.watchers and not ledger.outstanding:
                del self._ledgers[origin]
                return


def number_of(packet: bytes) -> tuple[bytes, int] | None:
    """Return origin and seq of a framed HEP3 packet, as chunks 16 and 17 say; None without both.

    The last of repeated ones counts, as everywhere; damaged chunks end the search.
    """
    origin, seq = b"", None
    at, last_head = HEAD_BYTES, len(packet) - CHUNK_HEAD_BYTES
    while at <= last_head:
        key, length = KEY_AND_LENGTH.unpack_from(packet, at)
        if length < CHUNK_HEAD_BYTES:
            break
        stop = at + length
        if key == ORIGIN and length == _ORIGIN_CHUNK_BYTES:
            origin = packet[at + CHUNK_HEAD_BYTES : stop]
        elif key == SEQ and length == _SEQ_CHUNK_BYTES:
            seq = int.from_bytes(packet[at + CHUNK_HEAD_BYTES : stop], "big")
        at = stop
    if len(origin) != _ORIGIN_CHUNK_BYTES - CHUNK_HEAD_BYTES or seq is None:
        return None
    return origin, seq
