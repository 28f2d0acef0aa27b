"""One log file followed by its name, as ``tail -F`` does, with nothing left out in between.

A line is handed on when its end has come. When another file has the name, the old one is read
until nothing more was written to it for a few seconds: writers go on until they are told. When
the file was cut to nothing (copytruncate), the rest is looked for in the copy.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from hepscope_capture.inputs.counts import LogCounts
from hepscope_capture.inputs.positions import Mark, mark_of
from hepscope_capture.inputs.rotated import open_regular, opened, unread_of

READ_BYTES = 262_144
QUIET_SECONDS = 3.0
"""For a file that was renamed: so long nothing is written to it before it is left."""

Take = Callable[[Sequence[bytes]], None]
"""Takes lines, whole unless longer than the bound, without their ends."""


class FollowedLog:
    """A path, and the file that is read under it."""

    def __init__(self, path: Path, counts: LogCounts, take: Take, *, line_bytes: int) -> None:
        self.path = path
        self.mark: Mark | None = None
        """Up to where everything is handed on; None when no file was found yet."""
        self._counts = counts
        self._take = take
        self._line_bytes = line_bytes
        self._descriptor = -1
        self._read_to = 0
        self._rest = b""  # of a line whose end has not come
        self._is_skipping = False  # the line was longer than the bound
        self._grew_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether there is a file that is read, under its name or behind it."""
        return self._descriptor >= 0

    def begin(self, mark: Mark | None, *, is_from_start: bool) -> None:
        """Open the file if it is there: at the mark, else at its beginning or its end.

        Files that were rotated since the mark was made are read first. Raises OSError.
        """
        self.mark = mark
        if mark is not None and not self._is_marked(mark):
            self._counts.lost_rests += not self._catch_up(mark)
            mark = None
            is_from_start = True
        descriptor = self._opened()
        if descriptor < 0:
            return
        if mark is not None:
            offset = mark.offset
        else:
            offset = 0 if is_from_start else os.fstat(descriptor).st_size
        self._adopt(descriptor, offset)

    def poll(self, now: float) -> bool:
        """Read what has been written; return whether there is more at once. Raises OSError."""
        if self._descriptor < 0:
            return self._appear(now)
        size = os.fstat(self._descriptor).st_size
        if size == self._read_to:
            return self._look_at_name(now)
        if size < self._read_to or not (self.mark and self.mark.is_in(self._descriptor)):
            self._restart()
        self._grew_at = now
        return self._read()

    def drain(self) -> None:
        """Read to the end what has been written. Raises OSError."""
        while self._descriptor >= 0 and self._read():
            pass

    def close(self) -> None:
        """Leave the file; the mark stays."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _opened(self) -> int:
        try:
            return open_regular(self.path)
        except FileNotFoundError:
            return -1

    def _is_marked(self, mark: Mark) -> bool:
        """Say whether the file of the name is the one that a mark is in."""
        try:
            with opened(self.path) as descriptor:
                status = os.fstat(descriptor)
                is_same = (status.st_dev, status.st_ino) == (mark.device, mark.inode)
                return is_same and mark.is_in(descriptor)
        except FileNotFoundError:
            return False

    def _adopt(self, descriptor: int, offset: int) -> None:
        self._descriptor = descriptor
        self._go_to(offset)

    def _go_to(self, offset: int) -> None:
        self._read_to = offset
        self._rest, self._is_skipping = b"", False
        self.mark = mark_of(self._descriptor, offset)

    def _appear(self, now: float) -> bool:
        """Open the file that has come under the name, if one has, at its beginning."""
        if not self.path.exists():
            return False
        if self.mark is not None:
            # Another one may have come and gone meanwhile.
            self._catch_up(self.mark)
        descriptor = self._opened()
        if descriptor < 0:
            return False
        self._adopt(descriptor, 0)
        self._grew_at = now
        return True

    def _look_at_name(self, now: float) -> bool:
        """Leave a file that has lost its name and is quiet; return whether there is another."""
        if now - self._grew_at < QUIET_SECONDS or self._has_name():
            return False
        self._counts.rotations += 1
        self._end_line()
        self.close()
        return self._appear(now)

    def _has_name(self) -> bool:
        try:
            named = self.path.stat()
        except FileNotFoundError:
            return False
        mine = os.fstat(self._descriptor)
        return (named.st_dev, named.st_ino) == (mine.st_dev, mine.st_ino)

    def _restart(self) -> None:
        """Begin anew in a file that was cut to nothing, once its copy is read to the end."""
        self._counts.truncations += 1
        if self.mark is not None and not self._catch_up(self.mark):
            # What is held was written, even if its end is not to be had.
            self._counts.lost_rests += 1
            self._end_line()
        self._go_to(0)

    def _catch_up(self, mark: Mark) -> bool:
        """Read what rotated files hold behind a mark; return whether the marked one was found."""
        unread = unread_of(self.path, mark)
        mine = self._descriptor
        for path, begin in unread:
            with opened(path) as descriptor:
                self._descriptor = descriptor
                try:
                    self._go_to(begin)
                    self.drain()
                    self._end_line()
                finally:
                    self._descriptor = mine
        return bool(unread)

    def _read(self) -> bool:
        """Read some; return whether there may be more."""
        data = os.pread(self._descriptor, READ_BYTES, self._read_to)
        if not data:
            return False
        self._read_to += len(data)
        *lines, rest = (self._rest + data).split(b"\n")
        if lines and self._is_skipping:
            self._is_skipping = False
            del lines[0]
        if self._is_skipping:
            rest = b""
        elif len(rest) > self._line_bytes:
            # One byte more than the bound tells that it is cut.
            lines.append(rest[: self._line_bytes + 1])
            rest, self._is_skipping = b"", True
        self._rest = rest
        if lines:
            self._take(lines)
        self.mark = mark_of(self._descriptor, self._read_to - len(rest))
        return len(data) == READ_BYTES

    def _end_line(self) -> None:
        """Hand on what is held of a line whose end will not come."""
        if self._rest:
            self._take([self._rest])
            self._rest = b""
        if self._descriptor >= 0:
            self.mark = mark_of(self._descriptor, self._read_to)
