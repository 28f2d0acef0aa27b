"""One direction of an SCTP association: which chunks have come, and pieces that wait."""

from collections import deque
from dataclasses import dataclass
from typing import TypeAlias

from hepscope_capture.decode.sctp_chunks import Chunk

# Between the 15 s and the 60 s that pieces of IP packets get; a sender gives up after about 30.
TIMEOUT_US = 30_000_000
# What waits; a message that HEP can carry is a quarter of it.
MAX_BYTES = 256 * 1024
# Each piece counts as so many bytes more: pieces of one byte must not be held by the million.
PIECE_BYTES = 64
# How far behind the newest a number may come and still be told from one that is sent again.
WINDOW = 4096

_MASK = (1 << WINDOW) - 1
_NUMBERS = 1 << 32
_Place: TypeAlias = tuple[tuple[int, ...], int]


@dataclass(slots=True, eq=False)
class _Run:
    """Pieces of one message that follow each other; some before or behind them are missing."""

    group: tuple[int, ...]
    first: int  # number of the first piece
    pieces: deque[bytes]
    has_begin: bool
    has_end: bool
    grown_us: int  # when the last of them came

    @property
    def start(self) -> _Place:
        return self.group, self.first

    @property
    def end(self) -> _Place:
        """Where the piece behind the last one would be."""
        return self.group, (self.first + len(self.pieces)) % _NUMBERS

    @property
    def size(self) -> int:
        return sum(map(len, self.pieces)) + PIECE_BYTES * len(self.pieces)


class Direction:
    """What one side of an association has sent; ``len`` is the runs of pieces that wait."""

    def __init__(self) -> None:
        self.seen_us = 0
        """When the last packet came, as the table notes it."""
        self.bytes = 0
        """How much waits."""
        self._newest: int | None = None
        self._seen = 0  # bit n: the number n below the newest has come
        # By the number that would come before or behind, where such a one is missing.
        self._without_begin: dict[_Place, _Run] = {}
        self._without_end: dict[_Place, _Run] = {}
        self._runs: dict[_Run, None] = {}  # the one that has not grown for longest first

    def __len__(self) -> int:
        return len(self._runs)

    def is_new(self, tsn: int) -> bool:
        """Say whether a TSN has not come before, and note it."""
        ahead = (tsn - (self._newest or 0)) % _NUMBERS
        behind = _NUMBERS - ahead if ahead else 0
        if self._newest is None or WINDOW <= behind <= _NUMBERS - WINDOW:
            # The first; or so far from the others that nothing is known about it.
            self._newest, self._seen = tsn, 1
            return True
        if 0 < ahead < WINDOW:
            self._newest, self._seen = tsn, (self._seen << ahead | 1) & _MASK
            return True
        bit = 1 << behind
        is_new = not self._seen & bit
        self._seen |= bit
        return is_new

    def join(self, chunk: Chunk, time_us: int) -> bytes:
        """Keep a piece; return the message that it completes, empty without one."""
        piece = deque((chunk.data,))
        run = _Run(chunk.group, chunk.number, piece, chunk.is_first, chunk.is_last, time_us)
        self.bytes += run.size
        left = None if run.has_begin else self._without_end.pop(run.start, None)
        if left is not None:
            self._take_out(left)
            run = _joined(left, run, time_us)
        right = None if run.has_end else self._without_begin.get(run.end)
        if right is not None:
            self._take_out(right)
            run = _joined(run, right, time_us)
        if run.has_begin and run.has_end:
            self.bytes -= run.size
            return b"".join(run.pieces)
        self._put_in(run)
        return b""

    def expire(self, time_us: int) -> int:
        """Give up runs that have not grown for too long; return how many."""
        given_up = 0
        while self._runs:
            oldest = next(iter(self._runs))
            # Files may be given in any order: a time from the future is as stale.
            if abs(time_us - oldest.grown_us) <= TIMEOUT_US:
                break
            self._give_up(oldest)
            given_up += 1
        return given_up

    def make_room(self) -> int:
        """Give up the oldest runs while too much waits; return how many."""
        given_up = 0
        while self.bytes > MAX_BYTES:
            self._give_up(next(iter(self._runs)))
            given_up += 1
        return given_up

    def _give_up(self, run: _Run) -> None:
        self._take_out(run)
        self.bytes -= run.size

    def _put_in(self, run: _Run) -> None:
        self._runs[run] = None
        if not run.has_begin:
            self._without_begin[run.start] = run
        if not run.has_end:
            self._without_end[run.end] = run

    def _take_out(self, run: _Run) -> None:
        del self._runs[run]
        if not run.has_begin:
            self._without_begin.pop(run.start, None)
        if not run.has_end:
            self._without_end.pop(run.end, None)


def _joined(left: _Run, right: _Run, time_us: int) -> _Run:
    left.pieces.extend(right.pieces)
    left.has_end, left.grown_us = right.has_end, time_us
    return left
