"""SIP messages as they were heard, tied together: few of them are ever looked at.

Each for itself, so many bytes would be strewn over the whole heap, of which the finding and the
freeing costs more than all else that is done for a message. So one piece of memory has them all.
"""

from collections.abc import Iterator, Sequence

from hepscope_capture.media.heard import Heard


class Sheaf:
    """Some messages, the oldest of which may be given up."""

    def __init__(self, heard: Sequence[Heard]) -> None:
        """Tie messages together; there must be one."""
        self._times, self._flows, payloads = zip(*heard, strict=True)
        self._sizes = tuple(map(len, payloads))
        self._payloads = b"".join(payloads)
        self._first = self._begin = 0
        self.bytes = len(self._payloads)
        """Of the payloads that are not given up."""

    def __len__(self) -> int:
        """Return how many are not given up."""
        return len(self._sizes) - self._first

    def __iter__(self) -> Iterator[Heard]:
        """Return those in their order."""
        begin = self._begin
        for number in range(self._first, len(self._sizes)):
            end = begin + self._sizes[number]
            yield self._times[number], self._flows[number], self._payloads[begin:end]
            begin = end

    def give_up(self) -> int:
        """Forget the oldest; return its bytes."""
        size = self._sizes[self._first]
        self._first += 1
        self._begin += size
        self.bytes -= size
        return size
