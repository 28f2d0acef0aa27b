"""What is missing between one file of a spool and the next, told by their numbers."""

from hepscope_capture.delivery.spool_segment import Segment


class Trail:
    """Follows the files that an earlier process left, in their order."""

    def __init__(self) -> None:
        self._origin = b""
        self._next_seq = 0
        self._is_damaged = False  # since that number

    def gap_before(self, segment: Segment) -> int:
        """Return how many packets a damaged end before a file held, as far as can be told.

        Without damage a gap is none: what has no room in memory is dropped and counted.
        """
        is_of_same = segment.origin in (self._origin, b"") and self._next_seq and segment.first_seq
        if not self._is_damaged or not is_of_same:
            return 0
        return max(segment.first_seq - self._next_seq, 0)

    def go_on(self, segment: Segment, *, is_torn: bool) -> None:
        """Go on behind a file."""
        if segment.next_seq:
            self._origin = segment.origin or self._origin
            self._next_seq = segment.next_seq
            self._is_damaged = is_torn
        else:
            self._is_damaged |= is_torn
