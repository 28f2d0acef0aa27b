"""A capture file that may still be written: what it holds so far, and later what came since.

A place in it is noted as bytes from its beginning (of the inflated stream, if it is gzip), always
between two records. It is found again by reading over what lies before: formats have memory.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from hepscope_capture.files.errors import NOT_YET, Gap
from hepscope_capture.files.source import recognise
from hepscope_capture.files.window import Window
from hepscope_capture.frame import Frame

START_BYTES = 24
"""As much as must be there before the format can be told."""

# What the search for a noted place may read over before the others get their turn.
_ITEMS_A_TURN = 20_000


class FollowedFile:
    """An open file, read from a place on; nothing here waits."""

    def __init__(self, path: Path, position: int = 0) -> None:
        """Open; raises OSError, and NotACaptureError for what is none."""
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._is_final = False
        self._position = position
        self._window: Window | None = None
        self._items: Iterator[Frame | Gap] | None = None
        try:
            self._window, self._items = recognise(self._read)
        except BaseException:
            os.close(self._fd)
            raise

    @property
    def position(self) -> int:
        """Return the place behind the last record that was given."""
        return self._position

    def size(self) -> int:
        """Return how many bytes there are by now."""
        return os.fstat(self._fd).st_size

    def end(self) -> None:
        """Say that nothing will be added any more: what is cut now stays cut."""
        self._is_final = True

    def read(self, most: int) -> tuple[list[Frame], list[Gap], bool]:
        """Return the next frames and gaps, and whether there may be more at once.

        Raises OSError.
        """
        frames: list[Frame] = []
        gaps: list[Gap] = []
        assert self._items is not None
        assert self._window is not None
        for count, item in enumerate(self._items, 1):
            if item is NOT_YET:
                return frames, gaps, False
            if self._window.position > self._position:
                self._position = self._window.position
                (gaps if isinstance(item, Gap) else frames).append(item)  # type: ignore[arg-type]
            if len(frames) == most or count >= _ITEMS_A_TURN:
                return frames, gaps, True
        return frames, gaps, False

    def start(self, size: int) -> bytes:
        """Return the first bytes, fewer than asked for when there are no more yet."""
        return os.pread(self._fd, size, 0)

    def close(self) -> None:
        """Close."""
        os.close(self._fd)

    def _read(self, size: int) -> bytes | None:
        return os.read(self._fd, size) or (b"" if self._is_final else None)
