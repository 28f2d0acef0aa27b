"""Other processes that share the traffic: each tells the others what it learned of media."""

from collections.abc import Sequence
from struct import Struct
from typing import Protocol

from hepscope_capture.live.line import Line, Sort

# A packet socket of the unix family takes what its buffer holds; this is below Linux's default.
_MOST_BYTES = 128 * 1024

_LENGTH = Struct("!I")


class Peers(Protocol):
    """Other processes that share the traffic: each tells what it learned of media."""

    def fileno(self) -> int:
        """Return what to poll."""
        ...

    @property
    def events(self) -> int:
        """What to poll for."""
        ...

    def tell(self, news: Sequence[bytes]) -> int:
        """Tell the others; must not wait. Returns how many had no room."""
        ...

    def take_question(self) -> bool:
        """Return whether another one wants to know everything that is known."""
        ...

    def hear(self) -> Sequence[bytes]:
        """Return what the others told since."""
        ...


class PeersByLine:
    """The other workers, reached by the line to the process above all of them."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._is_asked = False

    def fileno(self) -> int:
        """Return what to poll."""
        return self._line.fileno()

    @property
    def events(self) -> int:
        """What to poll for."""
        return self._line.events

    def take_question(self) -> bool:
        """Return whether, since this was asked last, another one wanted to know everything."""
        is_asked, self._is_asked = self._is_asked, False
        return is_asked

    @property
    def is_alone(self) -> bool:
        """Whether the process above is gone: then this one has to end."""
        return not self._line.is_open

    def tell(self, news: Sequence[bytes]) -> int:
        """Tell the others, several pieces of news in one message as far as they fit.

        Returns how many pieces had no room.
        """
        untold = size = 0
        some: list[bytes] = []
        for one in news:
            if size + len(one) + _LENGTH.size > _MOST_BYTES and some:
                untold += self._send(some)
                some, size = [], 0
            some.append(one)
            size += len(one) + _LENGTH.size
        return untold + (self._send(some) if some else 0)

    def _send(self, news: Sequence[bytes]) -> int:
        pieces = (piece for one in news for piece in (_LENGTH.pack(len(one)), one))
        return 0 if self._line.send(Sort.NEWS, b"".join(pieces)) else len(news)

    def hear(self) -> Sequence[bytes]:
        """Return what the others told since."""
        found: list[bytes] = []
        for sort, data in self._line.receive():
            self._is_asked |= sort is Sort.ASKED
            if sort is not Sort.NEWS:
                continue
            at = 0
            while at + _LENGTH.size <= len(data):
                end = at + _LENGTH.size + _LENGTH.unpack_from(data, at)[0]
                found.append(data[at + _LENGTH.size : end])
                at = end
        return found
