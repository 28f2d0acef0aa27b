"""Datagrams to one server: nobody says what arrives, only, at times, that nothing does.

The socket is connected, so that a "port unreachable" of the other machine is heard with the next
look. Whatever was sent shortly before may have met the same closed port, so it is kept for a moment
and sent again once the port is open; what the server had taken in that moment it gets twice. After
a refusal a first batch goes alone. What comes from disk is paced: a receive buffer that overflows
tells nobody.
"""

import errno
import socket

from hepscope_capture.clock import Clock
from hepscope_capture.delivery.batch import Batch
from hepscope_capture.delivery.custody import Custody
from hepscope_capture.delivery.datagrams import MOST, Datagrams
from hepscope_capture.delivery.replay_pace import REPLAY_RATE, ReplayPace

GRACE_SECONDS = 0.2
"""How long a refusal may take to come back."""

# Between two turns, so that new packets are collected meanwhile.
_BATCHES_A_TURN = 8

# The kernel tells of room; should it not, we look.
_FULL_SECONDS = 1.0

# A device without memory for more, which tells nobody when it has.
_NO_MEMORY_SECONDS = 0.01


class UdpLink:
    """One connected socket."""

    def __init__(
        self,
        datagrams: socket.socket,
        custody: Custody,
        clock: Clock,
        *,
        is_on_probation: bool,
        replay_rate: float = REPLAY_RATE,
    ) -> None:
        """Take over a socket; on probation, the server has refused datagrams before."""
        self._datagrams = Datagrams(datagrams)
        self._custody = custody
        self._clock = clock
        self._is_on_probation = is_on_probation
        self._pace = ReplayPace(clock.elapsed_seconds(), custody.counts.taken, replay_rate)
        self._batch: Batch | None = None
        self._at = 0  # in the batch
        self._not_before = 0.0
        self._has_more = False  # the turn was over before what waits
        self._is_full = False

    @property
    def is_acknowledging(self) -> bool:
        """Whether the server acknowledges: never."""
        return False

    @property
    def is_full(self) -> bool:
        """Whether it waits for room in the queue of the kernel."""
        return self._is_full

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._datagrams.fileno()

    def work(self, now: float, *, is_filling: bool) -> bool:
        """Hear of refusals, let go, and with is_filling send. Raises OSError."""
        self._datagrams.hear()
        self._pace.look(now, self._custody.counts.taken)
        before = self._custody.in_flight
        self._custody.settle_timed(now)
        if before and not self._custody.in_flight:
            self._is_on_probation = False
        self._has_more = self._is_full = False
        for _ in range(_BATCHES_A_TURN):
            if self._batch is None and is_filling and not self._is_waiting:
                self._batch, self._at = self._custody.take(), 0
                if self._batch is not None:
                    self._at = self._batch.skip
                    self._batch.too_large.clear()
                    # Nothing of it times out before it is sent.
                    self._batch.times_out = float("inf")
            if self._batch is None or not self._send(self._batch, now):
                break
        else:
            self._has_more = is_filling
        return not self._is_on_probation

    def next_look(self, now: float) -> float:
        """Return after how many seconds ``work`` is needed even if nothing comes."""
        if self._is_full:
            return _FULL_SECONDS
        if self._batch is not None:
            return max(self._not_before - now, 0.0)
        if self._has_more:
            return 0.0
        return GRACE_SECONDS / 2 if self._custody.in_flight else 60.0

    def lose(self) -> int:
        """Note that it is refused: what can have been is sent again."""
        self._custody.rewind()
        return 0

    def finish(self, seconds: float) -> None:
        """Close; the custody has waited for refusals."""
        del seconds
        self.close()

    def close(self) -> None:
        """Close at once."""
        self._datagrams.close()

    @property
    def _is_waiting(self) -> bool:
        """Whether the first batch is out and its refusal may still come."""
        return self._is_on_probation and self._custody.in_flight > 0

    def _send(self, batch: Batch, now: float) -> bool:
        """Send what is left of a batch; return whether all of it is sent."""
        if now < self._not_before:
            return False
        packets, pace = batch.packets, self._pace
        while self._at < len(packets):
            if batch.place is not None and pace.left <= 0:
                self._not_before = now + pace.pause()
                return False
            most = MOST if batch.place is None else pace.left
            try:
                sent = self._datagrams.send(packets, self._at, most)
            except OSError as error:
                if error.errno == errno.EAGAIN:
                    self._is_full = True
                    return False
                if error.errno == errno.ENOBUFS:
                    self._not_before = now + _NO_MEMORY_SECONDS
                    return False
                if error.errno != errno.EMSGSIZE:
                    raise
                batch.too_large.append(packets[self._at])
                sent = 1
            self._at += sent
            # What came just now is not paced, nor does what waits on disk ever pay for it.
            if batch.place is not None:
                pace.spend(sent)
        batch.times_out = self._clock.elapsed_seconds() + GRACE_SECONDS
        self._batch = None
        return True
