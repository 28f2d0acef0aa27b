"""A connection over TCP or TLS: batches as they lie in the custody, let go when they arrived.

A server of ours says by number what it has safe. Of a plain one there is less: what its machine has
acknowledged by TCP. Whatever of that it had not read when it dies is lost; how much at most, is
counted. With TLS more bytes travel than were given, so that what the kernel still holds is never
less than what was not acknowledged of ours.
"""

import contextlib
from collections import deque

from hep import encode_hello
from hepscope_capture.clock import Clock
from hepscope_capture.delivery.custody import Custody
from hepscope_capture.delivery.reach import Reached
from hepscope_capture.senders.answers import Answers
from hepscope_capture.senders.connection import Connection
from hepscope_capture.senders.numbering import Numbering

CHUNK_BYTES = 256 * 1024
"""Given to the kernel at once."""

# Between two turns, so that new packets are collected meanwhile.
_CHUNKS_A_TURN = 8

# How often a plain server's kernel is asked how far it is.
_ASK_SECONDS = 0.05

_HELLO_SECONDS = 5.0

# Linux's limit for what a receiver's machine has acknowledged and the receiver has not read.
_UNREAD_BYTES = 6 * 1024 * 1024


class StreamLink:
    """One connection."""

    def __init__(
        self, reached: Reached, custody: Custody, clock: Clock, *, stall_seconds: float
    ) -> None:
        """Take over a connection. Raises UnknownNumberError for what the server said at once."""
        assert reached.connection is not None
        self._connection: Connection = reached.connection
        self._answers: Answers | None = reached.answers
        self._custody = custody
        self._clock = clock
        self._stall_seconds = stall_seconds
        self._origin = reached.origin
        self._numbering = Numbering(reached.origin) if reached.answers else None
        self._chunk = memoryview(b"")
        self._taken = 0  # bytes of batches in the stream
        self._given = 0  # of them to the kernel
        self._greeted_at: float | None = None  # of a further origin that is not answered yet
        self._progress_at = clock.elapsed_seconds()
        self._has_more = False  # the turn was over before what waits
        self._unread: deque[tuple[int, int]] = deque()  # packets and bytes let go
        self._unread_bytes = 0
        self._is_read = False  # the server has closed, and had read everything
        if self._answers is not None:
            custody.acknowledge(self._origin, reached.acknowledged)

    @property
    def is_acknowledging(self) -> bool:
        """Whether the server acknowledges."""
        return self._answers is not None

    @property
    def is_full(self) -> bool:
        """Whether it waits for room to send."""
        return bool(self._chunk)

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._connection.fileno()

    def work(self, now: float, *, is_filling: bool) -> bool:
        """Hear, let go, and with is_filling send. Raises OSError and what answers raise."""
        has_got_on = self._hear()
        if not self._custody.in_flight and not self._chunk:
            self._progress_at = now
        self._has_more = False
        for _ in range(_CHUNKS_A_TURN):
            if not self._chunk and is_filling:
                self._fill(now)
            if not self._chunk:
                break
            given = self._connection.send(self._chunk)
            self._given += given
            self._chunk = self._chunk[given:]
            if self._chunk:
                break
        else:
            self._has_more = is_filling
        if self._answers is None:
            has_got_on = self._ask()
        elif not self._chunk:
            self._custody.pass_unnumbered()
        if has_got_on:
            self._progress_at = now
        self._look_at_the_clock(now)
        return has_got_on

    def next_look(self, now: float) -> float:
        """Return after how many seconds ``work`` is needed even if nothing comes."""
        if self._has_more:
            return 0.0
        if not self._custody.in_flight and self._greeted_at is None:
            return 60.0
        if self._answers is None:
            return _ASK_SECONDS
        return max(self._progress_at + self._stall_seconds - now, 0.0)

    def lose(self) -> int:
        """Note that it is broken; return how many of the packets let go may be unread."""
        if self._answers is not None:
            self._custody.rewind()
            return 0
        self._ask()
        arrived = self._custody.rewind(self._arrived())
        return 0 if self._is_read else sum(packets for packets, _ in self._unread) + arrived

    def finish(self, seconds: float) -> None:
        """Close; of a plain server, wait so long for it to close its half: it has read all then."""
        if self._answers is not None:
            self._connection.close()
            return
        end = self._clock.elapsed_seconds() + seconds
        with contextlib.suppress(OSError, ValueError):
            self._connection.close_half()
            while (left := end - self._clock.elapsed_seconds()) > 0:
                self._connection.wait(is_sending=False, seconds=left)
                if self._connection.receive() == b"":
                    break
        self._connection.close()

    def close(self) -> None:
        """Close at once."""
        self._connection.close()

    def _hear(self) -> bool:
        """Take in what has come; return whether it lets go of anything."""
        has_got_on = False
        while (data := self._connection.receive()) is not None:
            if not data:
                # A server that closes with bytes unread resets the connection instead.
                self._is_read = self._arrived() >= self._given
                raise ConnectionResetError("it closed the connection")
            if self._answers is None or (number := self._answers.feed(data)) is None:
                continue
            has_got_on |= self._custody.acknowledge(self._origin, number)
            if self._greeted_at is not None:
                self._greeted_at, has_got_on = None, True
        return has_got_on

    def _fill(self, now: float) -> None:
        custody, numbering = self._custody, self._numbering
        if self._greeted_at is not None:
            return
        pieces: list[bytes] = []
        size = 0
        while size < CHUNK_BYTES:
            batch = custody.take(self._origin if numbering else None)
            if batch is None:
                break
            packets = batch.packets[batch.skip :] if batch.skip else batch.packets
            if numbering is None:
                pieces += packets
            else:
                pieces += numbering.pieces(packets, batch.first_seq + batch.skip)
            size += batch.size
            if numbering is None:
                self._taken += sum(map(len, packets))
                batch.stream_end = self._taken
        if pieces:
            self._chunk = memoryview(b"".join(pieces))
        elif numbering and not custody.in_flight and custody.next_origin not in (b"", self._origin):
            self._turn_to(custody.next_origin, now)

    def _turn_to(self, origin: bytes, now: float) -> None:
        """Greet for another origin: everything of the one before is safe."""
        assert self._answers is not None
        self._answers.turn_to(origin)
        self._origin = origin
        self._numbering = Numbering(origin)
        self._greeted_at = now
        self._chunk = memoryview(encode_hello(origin))

    def _arrived(self) -> int:
        """Return up to where the other machine has acknowledged what was given, at least."""
        return self._given - self._connection.unacknowledged_bytes()

    def _ask(self) -> bool:
        if not self._custody.in_flight:
            return False
        packets = self._custody.in_flight
        size = self._custody.settle_stream(self._arrived())
        if not size:
            return False
        self._unread.append((packets - self._custody.in_flight, size))
        self._unread_bytes += size
        while self._unread_bytes - self._unread[0][1] >= _UNREAD_BYTES:
            self._unread_bytes -= self._unread.popleft()[1]
        return True

    def _look_at_the_clock(self, now: float) -> None:
        """Raise TimeoutError when nothing got on for too long."""
        if self._greeted_at is not None and now - self._greeted_at > _HELLO_SECONDS:
            raise TimeoutError("it does not answer")
        if self._custody.in_flight and now - self._progress_at >= self._stall_seconds:
            what = "acknowledges nothing" if self._answers else "does not read"
            raise TimeoutError(f"it {what}")
