"""Pending: what was taken from the queue and is not yet measured, and when its turn comes.

A call is measured once it has been quiet for a while, at the latest some time after it was first
touched. A row of the queue is finished when everything it names is. Seconds of any steady clock.
"""

from collections.abc import Iterable

from hepscope_storage_writer.measure_queue import QueueRow, Touched, TouchedRegistration


class Pending:
    """Touched calls and registrations by the time of their first and of their last touch."""

    def __init__(self, *, quiet_seconds: float, longest_seconds: float) -> None:
        self._quiet = quiet_seconds
        self._longest = longest_seconds
        # Both in the order of their times, since time only goes on.
        self._first: dict[Touched, float] = {}
        self._last: dict[Touched, float] = {}
        self._rows_of: dict[Touched, list[int]] = {}
        self._open: dict[int, int] = {}
        self._spans: dict[TouchedRegistration, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._last)

    @property
    def rows(self) -> list[int]:
        """Ids of the rows of the queue that are not finished."""
        return list(self._open)

    def add(self, row: QueueRow, now: float) -> bool:
        """Take a row; returns False when it names nothing, and is finished by that."""
        touched: list[Touched] = [*row.calls, *row.registrations]
        for registration, (first_us, last_us) in row.registrations.items():
            known = self._spans.get(registration, (first_us, last_us))
            self._spans[registration] = min(known[0], first_us), max(known[1], last_us)
        stored = now - row.age_seconds
        for one in dict.fromkeys(touched):
            self._first.setdefault(one, stored)
            self._last.pop(one, None)
            self._last[one] = stored
            self._rows_of.setdefault(one, []).append(row.id)
        if touched:
            self._open[row.id] = len(set(touched))
        return bool(touched)

    def due(self, now: float, limit: int) -> list[Touched]:
        """Return what is to be measured by now, at most so many, the longest waiting first."""
        found: dict[Touched, None] = {}
        for times, wait in ((self._first, self._longest), (self._last, self._quiet)):
            for one, at in times.items():
                if len(found) >= limit or at + wait > now:
                    break
                found[one] = None
        return list(found)

    def span_of(self, registration: TouchedRegistration) -> tuple[int, int]:
        """Return the first and last message of a registration that was touched."""
        return self._spans[registration]

    def finished_by(self, measured: Iterable[Touched]) -> list[int]:
        """Return the rows of the queue that are finished once these are measured."""
        less: dict[int, int] = {}
        for one in measured:
            for row in self._rows_of.get(one, ()):
                less[row] = less.get(row, 0) + 1
        return [row for row, count in less.items() if self._open[row] == count]

    def done(self, measured: Iterable[Touched]) -> None:
        """Forget what was measured, and the rows that are finished by it."""
        for one in measured:
            for row in self._rows_of.pop(one, ()):
                self._open[row] -= 1
                if not self._open[row]:
                    del self._open[row]
            self._first.pop(one, None)
            self._last.pop(one, None)
            if isinstance(one, TouchedRegistration):
                self._spans.pop(one, None)

    def clear(self) -> None:
        """Forget everything; the queue still has it."""
        for part in (self._first, self._last, self._rows_of, self._open, self._spans):
            part.clear()
