"""The clock that a replay keeps time by, as a seam: tests bring one that never waits."""

import time
from typing import Protocol


class Clock(Protocol):
    """Time of day, elapsed time and waiting."""

    def now_us(self) -> int:
        """Return the time of day, microseconds since the epoch (UTC)."""
        ...

    def elapsed_seconds(self) -> float:
        """Return seconds that only ever grow; where they start means nothing."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_us(self) -> int:
        """Return the time of day, microseconds since the epoch (UTC)."""
        return time.time_ns() // 1000

    def elapsed_seconds(self) -> float:
        """Return seconds of the monotonic clock."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
