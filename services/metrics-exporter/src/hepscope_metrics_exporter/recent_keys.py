"""Keys seen recently: tells the first of several copies, in bounded memory and constant time.

Two generations of hashes; the older one is dropped when the younger is full or old enough. What
was seen is known for one to two periods, unless a flood shortens them. Two keys of one hash would
be taken for copies: one in some 10^12 at the usual sizes.
"""

from collections.abc import Hashable
from typing import Final

PERIOD_US: Final = 32_000_000
"""A transaction sends its messages again for 64 * T1 at most (RFC 3261 17.1)."""

MAX_KEYS: Final = 400_000
"""In each generation, about 60 bytes each."""


class RecentKeys:
    """A set that forgets."""

    def __init__(self, max_keys: int = MAX_KEYS) -> None:
        self._max_keys = max_keys
        self._young: set[int] = set()
        self._old: set[int] = set()
        self._turned_us = 0

    def __len__(self) -> int:
        """Return how many keys are known."""
        return len(self._young) + len(self._old)

    def is_new(self, key: Hashable, now_us: int) -> bool:
        """Remember a key; returns whether it was not known."""
        if now_us - self._turned_us >= PERIOD_US:
            self._turn(now_us)
        mark = hash(key)
        if mark in self._young:
            return False
        if len(self._young) >= self._max_keys:
            self._turn(now_us)
        self._young.add(mark)
        return mark not in self._old

    def _turn(self, now_us: int) -> None:
        is_next = now_us - self._turned_us < 2 * PERIOD_US
        self._old = self._young if is_next else set()
        self._young = set()
        self._turned_us = now_us
