"""SIP of which it is open whether anybody will ask: put by unread until RTCP comes.

Reading a description costs more than all else that is done to a message, and where no RTCP is
captured nothing is ever looked up. So messages are only looked at when RTCP arrives, all at once;
beyond the bounds the oldest are given up.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.media.heard import Heard
from hepscope_capture.media.sheaf import Sheaf

Matter: TypeAlias = Datagram | Heard | bytes
"""A SIP message, with or without fields, or news of another process."""


class Unread:
    """What waits to be read, the oldest first."""

    def __init__(self, max_matters: int, max_bytes: int) -> None:
        self._max_matters = max_matters
        self._max_bytes = max_bytes
        self._matters: deque[Datagram | Sheaf | bytes] = deque()
        self._count = 0
        self.bytes = 0

    def __len__(self) -> int:
        """Return how many wait."""
        return self._count

    def put(self, matter: Datagram | bytes) -> int:
        """Put one by; returns how many had to be given up for it."""
        self._matters.append(matter)
        self._count += 1
        self.bytes += _size(matter)
        return self._make_room()

    def put_all(self, heard: Sequence[Heard]) -> int:
        """Put several by; returns how many had to be given up for them."""
        if heard:
            sheaf = Sheaf(heard)
            self._matters.append(sheaf)
            self._count += len(sheaf)
            self.bytes += sheaf.bytes
        return self._make_room()

    def take(self) -> Iterator[Matter]:
        """Return all, in the order in which they came, and keep none."""
        taken, self._matters = self._matters, deque()
        self._count = self.bytes = 0
        return (one for matter in taken for one in _each(matter))

    def _make_room(self) -> int:
        before = self._count
        while self._count > self._max_matters or self.bytes > self._max_bytes:
            oldest = self._matters[0]
            if isinstance(oldest, Sheaf):
                self.bytes -= oldest.give_up()
            else:
                self.bytes -= _size(oldest)
            self._count -= 1
            if not isinstance(oldest, Sheaf) or not oldest:
                self._matters.popleft()
        return before - self._count


def _each(matter: Datagram | Sheaf | bytes) -> Iterator[Matter]:
    if isinstance(matter, Sheaf):
        yield from matter
    else:
        yield matter


def _size(matter: Datagram | bytes) -> int:
    return len(matter if isinstance(matter, bytes) else matter.payload)
