"""Looks whether a server before the one that is used is back, while that one is used."""

from collections.abc import Callable

from hepscope_capture.delivery.reach import Approach, Reached


class Scout:
    """Tries the better servers, one after the other."""

    def __init__(self, begin: Callable[[int], Approach]) -> None:
        """Make a scout; ``begin`` begins to approach the server of an index."""
        self._begin = begin
        self._index = 0
        self._approach: Approach | None = None
        self._found: tuple[int, Reached] | None = None
        self._found_at = 0.0

    @property
    def is_out(self) -> bool:
        """Whether it is looking."""
        return self._approach is not None

    @property
    def found_at(self) -> float | None:
        """When a better server was reached, which waits to be taken; None = none is."""
        return self._found_at if self._found else None

    def look(self, below: int, now: float) -> bool:
        """Begin or go on; return False once no server below an index can be reached."""
        approach = self._approach
        if approach is None:
            self._index = 0
        elif not approach.is_done:
            return True
        elif approach.reached is not None:
            self._found, self._found_at = (self._index, approach.reached), now
            self._approach = None
            return True
        else:
            self._index += 1
        self._approach = self._begin(self._index) if self._index < below else None
        return self._approach is not None

    def take(self) -> tuple[int, Reached] | None:
        """Return the server that was reached, which is the caller's from now on."""
        found, self._found = self._found, None
        return found

    def come_back(self) -> None:
        """Stop looking, and let go of what was reached."""
        if self._approach is not None:
            self._approach.give_up()
            self._approach = None
        if (found := self.take()) is not None:
            found[1].close()
