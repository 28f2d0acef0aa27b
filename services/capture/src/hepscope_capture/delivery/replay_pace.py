"""How fast goes out what waited on disk, to a server that cannot say when it is too fast.

At a fixed rate, or at twice the one at which new packets come, whichever is more: those go to disk
as long as older ones are there, so that what is slower than they are never ends.
"""

REPLAY_RATE = 10_000.0
"""Packets a second."""

# So long a pause between two bursts, so that they stay small.
_BURST_SECONDS = 0.0016
_LEAST_BURST = 16
_MEASURE_SECONDS = 1.0


class ReplayPace:
    """Times are seconds of the monotonic clock."""

    def __init__(self, now: float, taken: int, rate: float = REPLAY_RATE) -> None:
        """Begin; ``taken`` is how many packets have come so far."""
        self._least_rate = self._rate = rate
        self._since, self._taken = now, taken
        self._left = self.burst

    @property
    def burst(self) -> int:
        """Packets that may go at once."""
        return max(_LEAST_BURST, int(self._rate * _BURST_SECONDS))

    @property
    def left(self) -> int:
        """Packets of the burst that may still go."""
        return self._left

    def look(self, now: float, taken: int) -> None:
        """Note how many packets have come so far."""
        if (passed := now - self._since) >= _MEASURE_SECONDS:
            self._rate = max(self._least_rate, 2 * (taken - self._taken) / passed)
            self._since, self._taken = now, taken

    def spend(self, packets: int) -> None:
        """Note that some have gone."""
        self._left -= packets

    def pause(self) -> float:
        """Begin the next burst; return the seconds after which it may go."""
        seconds = (self.burst - self._left) / self._rate
        self._left = self.burst
        return seconds
