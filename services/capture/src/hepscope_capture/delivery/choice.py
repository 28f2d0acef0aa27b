"""Which server of a group is used or tried next, and when.

Pure: times in, decisions out, in seconds of one clock. The first server is the one to be used; one
that is lost is tried again for a few seconds before the next gets its turn, and after a round of
all there is a pause, which grows and is never twice the same.
"""

import math
import random
from dataclasses import dataclass

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.25, 10.0
"""Between two tries; drawn from half to one and a half times as long."""

LONGEST_STALL_SECONDS, LONGEST_RETURN_SECONDS = 240.0, 300.0

# The first server, gone back to, has lasted when it holds so long.
_LASTING_SECONDS = 30.0

# A server that does not acknowledge and closes sooner has perhaps read nothing of what it was
# sent: one of another protocol does so, a web server's port, one of TLS.
_PROOF_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Times:
    """How long what is borne, in seconds."""

    stall_seconds: float = 30.0
    """A connection on which nothing gets on for so long is given up; then twice as long, since
    each costs the server everything in flight once more. With others to go to, a third of it."""

    away_seconds: float = 3.0
    """So long a server is tried before the next of its group."""

    return_seconds: float = 15.0
    """Between two looks whether a better server is back; longer when it did not last."""


class Choice:
    """Among so many servers, in order of preference."""

    def __init__(self, count: int, times: Times, now: float) -> None:
        self._count = count
        self._times = times
        self._random = random.Random()  # noqa: S311 - spreads tries, guards nothing
        self._first_stall = times.stall_seconds / (3 if count > 1 else 1)
        self._pause = FIRST_PAUSE_SECONDS
        self._good_at = now
        self._connected_at = now
        self._is_good = False
        self._return_after = times.return_seconds
        self.index = 0
        """Of the server that is used, or tried next."""
        self.next_try = now
        """When it is to be tried."""
        self.look_at = now
        """When to look whether a server before it is back."""
        self.stall_seconds = self._first_stall
        """How long a connection may get nowhere."""

    def connect(self, index: int, now: float) -> None:
        """Note that a server is connected."""
        self.index = index
        self._connected_at = now
        self._is_good = False
        self.look_at = now + self._return_after

    def get_on(self, now: float, *, is_certain: bool) -> bool:
        """Note that packets arrive, for certain or as far as TCP knows; tell whether it counts."""
        if not is_certain and now - self._connected_at < _PROOF_SECONDS:
            return False
        self._is_good = True
        self._pause, self.stall_seconds = FIRST_PAUSE_SECONDS, self._first_stall
        return True

    def lose(self, now: float, *, is_stalled: bool) -> None:
        """Note that the connection is lost; a stalled one had its time already."""
        if is_stalled:
            self.stall_seconds = min(self.stall_seconds * 2, LONGEST_STALL_SECONDS)
            self._good_at = -math.inf
        elif self._is_good:
            self._good_at = now
        if self.index == 0:
            is_brief = now - self._connected_at < _LASTING_SECONDS
            longer = min(self._return_after * 2, LONGEST_RETURN_SECONDS)
            self._return_after = longer if is_brief else self._times.return_seconds

    def fail(self, now: float) -> bool:
        """Decide whom to try next, and when; return whether it is another."""
        is_round_over = self._count == 1
        is_change = self._count > 1 and now - self._good_at >= self._times.away_seconds
        if is_change:
            self.index = (self.index + 1) % self._count
            is_round_over = self.index == 0
            if not is_round_over:
                self.next_try = now
                return True
        self.next_try = now + self._pause * self._random.uniform(0.5, 1.5)
        if is_round_over:
            self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)
        return is_change

    def look_later(self, now: float) -> None:
        """Note that no better server was there."""
        self.look_at = now + self._return_after
