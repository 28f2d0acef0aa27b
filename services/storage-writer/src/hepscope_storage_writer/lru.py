"""A bounded mapping that forgets what was stored longest ago.

Reading does not renew an entry: what matters here is stored again whenever it is seen, and a
look-up that writes would cost the hot path twice.
"""

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Lru(Generic[_Key, _Value]):
    """At most ``size`` entries."""

    __slots__ = ("_entries", "_size")

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError(f"a cache of {size} entries")
        self._size = size
        self._entries: dict[_Key, _Value] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: _Key) -> _Value | None:
        """Return the value stored last under a key, None when there is none any more."""
        return self._entries.get(key)

    def update(self, items: Iterable[tuple[_Key, _Value]]) -> None:
        """Store values as the newest, then forget the oldest over the bound."""
        entries = self._entries
        for key, value in items:
            entries.pop(key, None)
            entries[key] = value
        for _ in range(len(entries) - self._size):
            del entries[next(iter(entries))]

    def __iter__(self) -> Iterator[_Key]:
        """Yield the keys, the one stored longest ago first."""
        return iter(self._entries)

    def drop(self, key: _Key) -> None:
        """Forget one entry, if it is there."""
        self._entries.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
