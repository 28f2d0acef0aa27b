"""When the bytes of a buffer came: a message has the time of the segment with its first byte."""

# Segments of one byte each would else cost more than the bytes; what passes this shares a time.
MAX_MARKS = 256


class Marks:
    """Places in a buffer, each with the time of the segment that begins there, in order."""

    __slots__ = ("_dropped", "_marks")

    def __init__(self) -> None:
        self._marks: list[tuple[int, int]] = []  # places as if nothing had been dropped
        self._dropped = 0

    def begin(self, time_us: int) -> None:
        """Start over: the whole buffer came at this time."""
        self._marks = [(0, time_us)]
        self._dropped = 0

    def add(self, place: int, time_us: int) -> None:
        """Take note that a segment begins at this place, behind all others."""
        if len(self._marks) < MAX_MARKS:
            self._marks.append((place + self._dropped, time_us))

    def at(self, place: int) -> int:
        """Return the time of the byte at this place, in microseconds."""
        place += self._dropped
        return next(time_us for start, time_us in reversed(self._marks) if start <= place)

    def drop(self, count: int) -> None:
        """Forget the first bytes of the buffer."""
        marks = self._marks
        self._dropped += count
        while len(marks) > 1 and marks[1][0] <= self._dropped:
            del marks[0]
