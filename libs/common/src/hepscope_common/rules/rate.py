"""A token bucket: a rate with bursts of one second, time given as an argument."""


class TokenBucket:
    """Allows ``per_second`` takings a second on average, and as many at once."""

    __slots__ = ("_at_us", "_per_second", "_tokens")

    def __init__(self, per_second: int, now_us: int) -> None:
        self._per_second = per_second
        self._tokens = float(per_second)
        self._at_us = now_us

    def take(self, now_us: int) -> bool:
        """Take one token if there is one; a clock that goes back gives and takes nothing."""
        passed_us = now_us - self._at_us
        self._at_us = now_us
        if passed_us > 0:
            earned = passed_us * self._per_second / 1_000_000
            self._tokens = min(self._tokens + earned, float(self._per_second))
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
