"""Duplicates: the same payload between the same addresses, captured at nearly the same time.

Two capture points on the way of a message, or a mirror port that shows it twice, send it twice.
What counts is the capture time: a repetition on purpose is half a second younger (SIP timer T1).

Memory is bounded by two generations of hashes, the former dropped when the present one is full
or old. A hash of 64 bits with a secret of this process is enough: nobody can aim at it, and chance
would take decades.
"""

MAX_REMEMBERED = 65_536
"""Messages in one generation, some 7 MB; at 20,000 a second three seconds."""

GENERATION_US = 5_000_000
"""How much later than the first a copy may arrive, at least."""


class Deduplicator:
    """Remembers what came lately."""

    __slots__ = ("_former", "_max", "_present", "_since_us", "_window_us")

    def __init__(self, window_us: int, *, max_remembered: int = MAX_REMEMBERED) -> None:
        self._window_us = window_us
        self._max = max_remembered
        self._present: dict[int, int] = {}
        self._former: dict[int, int] = {}
        self._since_us = 0

    def __len__(self) -> int:
        return len(self._present) + len(self._former)

    def is_duplicate(self, key: object, time_us: int, now_us: int) -> bool:
        """Tell whether key was seen within the window around time_us; if not, remember it.

        key is hashable, times are Unix microseconds: of the capture, and of now.
        """
        age_us = now_us - self._since_us
        if len(self._present) >= self._max or not 0 <= age_us < GENERATION_US + self._window_us:
            self._former, self._present, self._since_us = self._present, {}, now_us
        hashed = hash(key)
        seen_us = self._present.get(hashed)
        if seen_us is None:
            seen_us = self._former.get(hashed)
        if seen_us is not None and abs(time_us - seen_us) <= self._window_us:
            return True
        self._present[hashed] = time_us
        return False
