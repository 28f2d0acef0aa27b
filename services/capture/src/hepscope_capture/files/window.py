"""A window on a byte stream: look ahead, take, skip, with bounded memory.

The source is a function like ``read`` of a raw file: it gives at most the bytes asked for,
fewer when no more are there yet, and ``b""`` only at the end. So a pipe from a running capture
is read as it comes, and a file of any size needs a few hundred kilobytes. A source that never
waits gives None for "nothing more yet"; what is asked for then comes short, and ``is_waiting``
tells that this is not the end.
"""

from collections.abc import Callable

# Large enough that one read serves hundreds of SIP frames.
CHUNK_BYTES = 262_144


class Window:
    """The bytes of a stream from the reader's place on."""

    def __init__(self, read: Callable[[int], bytes | None]) -> None:
        self._read = read
        self._buffer = b""
        self._begin = 0  # place of the buffer in the stream
        self._at = 0
        self._ended = False
        self.is_waiting = False  # what was asked for last is not there yet

    @property
    def position(self) -> int:
        """Return how many bytes of the stream are behind the reader."""
        return self._begin + self._at

    def peek(self, size: int) -> bytes:
        """Return the next bytes and stay; fewer than asked for only at the end."""
        end = self._at + size
        if end > len(self._buffer):
            self._fill(size)
            end = size
        return self._buffer[self._at : end]

    def take(self, size: int) -> bytes:
        """Return the next bytes and step over them; fewer than asked for only at the end."""
        taken = self.peek(size)
        self._at += len(taken)
        return taken

    def step(self, size: int) -> None:
        """Step over bytes that ``peek`` has just given."""
        self._at += size

    def take_ready(self, size: int) -> bytes | None:
        """Return what is there without waiting for all of ``size``; ``b""`` only at the end."""
        if not self.peek(1) and self.is_waiting:
            return None
        return self.take(min(size, len(self._buffer) - self._at))

    def skip(self, size: int) -> int:
        """Step over bytes without keeping them; return how many there were."""
        left = size
        while left:
            step = len(self.take(min(left, CHUNK_BYTES)))
            if not step:
                break
            left -= step
        return size - left

    def drain(self) -> int:
        """Step over everything that is left; return how many bytes that were."""
        drained = 0
        while step := len(self.take(CHUNK_BYTES)):
            drained += step
        return drained

    def _fill(self, size: int) -> None:
        pieces = [self._buffer[self._at :]]
        held = len(pieces[0])
        self.is_waiting = False
        while held < size and not self._ended:
            piece = self._read(CHUNK_BYTES)
            if piece is None:
                self.is_waiting = True
                break
            self._ended = not piece
            pieces.append(piece)
            held += len(piece)
        self._buffer = b"".join(pieces)
        self._begin += self._at
        self._at = 0
