"""When each packet is due: original timing, a factor of it, or at once; and a cap on the rate.

A replay's timeline is the sum of the steps from packet to packet. Steps back within a file are
taken as they are (two interfaces, two cores: captures are slightly out of order); the first step
of a further file is never back, so that files of the same hour follow each other. A step as long
as ``LONGEST_STEP_SECONDS``, either way, takes no time: it is a damaged or foreign time more
often than a silence that someone wants to wait for.
"""

import math

# As fast as the packets are taken.
MAX_SPEED = math.inf

LONGEST_STEP_SECONDS = 3600


class Pace:
    """The timeline of a replay; ``speed`` 2 takes half the time, MAX_SPEED none."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._position_us = 0
        self._latest_us = 0  # time of the packet before, 0 = none yet
        self._is_new_file = False

    def start_file(self) -> None:
        """Say that the next packet is the first of a file."""
        self._is_new_file = True

    def due_seconds(self, time_us: int) -> float:
        """Return when a packet of this time is due, in seconds from the first packet on."""
        if time_us:
            self._position_us += self._step(time_us)
            self._latest_us = time_us
            self._is_new_file = False
        return self._position_us / 1_000_000 / self._speed

    def _step(self, time_us: int) -> int:
        step = time_us - self._latest_us
        if not self._latest_us or abs(step) >= LONGEST_STEP_SECONDS * 1_000_000:
            return 0
        return max(step, 0) if self._is_new_file else step


class RateLimit:
    """At most ``rate`` packets a second, in bursts of at most ``burst`` (GCRA, ITU-T I.371)."""

    def __init__(self, rate: float, burst: int) -> None:
        self._interval = 1 / rate
        self._tolerance = (burst - 1) / rate
        self._next_seconds = -math.inf

    def delay_seconds(self, now_seconds: float) -> float:
        """Take the place of one packet; return how long it must wait from now."""
        due = max(self._next_seconds, now_seconds)
        self._next_seconds = due + self._interval
        return max(0.0, due - self._tolerance - now_seconds)
