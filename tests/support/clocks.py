"""Clocks that never wait."""

NOW_US = 1_800_000_000_000_000


class FakeClock:
    """Time that passes by sleeping only, and by ``tick_seconds`` whenever it is looked at."""

    def __init__(self, tick_seconds: float = 0.0) -> None:
        self._elapsed = 1000.0
        self._tick_seconds = tick_seconds
        self.sleeps: list[float] = []

    def now_us(self) -> int:
        """Return the time of day."""
        return NOW_US + round((self._elapsed - 1000.0) * 1_000_000)

    def elapsed_seconds(self) -> float:
        """Return the seconds that have passed."""
        self._elapsed += self._tick_seconds
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.sleeps.append(seconds)
        self._elapsed += seconds
