"""One file of the spool: appended to by the process that made it, read once from its start.

A file that another process left is never appended to, since its end may be torn.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from hepscope_ingest.delivery import Sealed
from hepscope_ingest.spool_frame import FILE_HEAD, FRAME_HEAD, MAGIC, read_frame

SUFFIX = ".spool"
DAMAGED_SUFFIX = ".damaged"


class Place(NamedTuple):
    """Where a record lies; places of later records are greater."""

    segment: int
    offset: int


class Segment:
    """A file, up to where it was written, and from where it is still to be read."""

    def __init__(self, directory: Path, number: int) -> None:
        self.number = number
        self.path = directory / f"{number:016d}{SUFFIX}"
        self.size = 0
        self.read_at = FILE_HEAD.size
        self.records = 0
        """Records in it that the bus has not acknowledged yet, damaged ones among them."""
        self.pending = 0
        """Records that were read and that the bus has not acknowledged yet."""
        self.created_us = 0
        self.is_recovered = False
        self.is_damaged = False
        self._file: BinaryIO | None = None

    @property
    def is_open(self) -> bool:
        """Whether records may still be appended."""
        return self._file is not None

    @property
    def is_read(self) -> bool:
        """Whether everything that was written so far has been read."""
        return self.read_at >= self.size

    @property
    def is_finished(self) -> bool:
        """Whether nothing of it is needed any more."""
        # Less than nothing is pending where a record was damaged that the bus has all the same.
        return self.is_read and self.pending <= 0

    def create(self, now_us: int) -> None:
        """Make the file; raises OSError, and leaves none then."""
        # The Segment closes it; unbuffered, so that an error belongs to the write that caused it.
        self._file = self.path.open("xb", buffering=0)
        self.created_us = now_us
        try:
            _write(self._file, FILE_HEAD.pack(MAGIC, now_us))
        except OSError:
            self.close()
            self.path.unlink(missing_ok=True)
            raise
        self.size = FILE_HEAD.size

    def recover(self) -> None:
        """Look at a file that another process left; raises OSError if it cannot be read."""
        self.is_recovered = True
        with self.path.open("rb") as file:
            self.size = os.fstat(file.fileno()).st_size
            head = file.read(FILE_HEAD.size)
            if len(head) < FILE_HEAD.size or not head.startswith(MAGIC):
                # Died before its first record, or no file of ours: nothing to read.
                self.is_damaged = self.size > FILE_HEAD.size
                self.read_at = self.size
                return
            self.created_us = FILE_HEAD.unpack(head)[1]
            self.records = self._count(file)

    def append(self, frames: Sequence[bytes], *, sync: bool) -> list[Place]:
        """Write frames behind those that are there; raises OSError and keeps none of them then."""
        assert self._file is not None
        try:
            _write(self._file, b"".join(frames))
            if sync:
                os.fdatasync(self._file.fileno())
        except OSError:
            # What is half there must not stand before a later record. If even that fails, size
            # says where to stop reading, and a later process finds a torn end.
            self._file.truncate(self.size)
            self._file.seek(self.size)
            raise
        places = []
        for frame in frames:
            places.append(Place(self.number, self.size))
            self.size += len(frame)
        self.records += len(frames)
        return places

    def read(self, max_bytes: int) -> tuple[list[tuple[Place, Sealed]], int]:
        """Return the next records, and how many damaged places were passed.

        Whatever follows a length that cannot be is lost, as is a frame that was cut.
        """
        with self.path.open("rb") as file:
            file.seek(self.read_at)
            data = file.read(min(max_bytes, self.size - self.read_at))
        found, damaged, at = [], 0, 0
        while (frame := read_frame(data, at)) is not None:
            if frame.record is None:
                damaged += 1
                self.is_damaged = True
            else:
                found.append((Place(self.number, self.read_at + at), frame.record))
            at = frame.end
        if not at:
            damaged += 1
            # The end of a process may cut the last frame of its file, but not of ours.
            self.is_damaged = self.is_damaged or not self.is_recovered
            at = self.size - self.read_at
        self.read_at += at
        self.pending += len(found)
        return found, damaged

    def close(self) -> None:
        """Append no more."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def remove(self) -> None:
        """Delete the file; one that is damaged in an unexpected way is kept aside. Raises OSError.

        A damaged one is no spool file any more by its name.
        """
        self.close()
        if self.is_damaged:
            self.path.replace(self.path.with_suffix(DAMAGED_SUFFIX))
        else:
            self.path.unlink(missing_ok=True)

    def _count(self, file: BinaryIO) -> int:
        """Return how many frames there seem to be, by their lengths alone."""
        records, at = 0, FILE_HEAD.size
        while at + FRAME_HEAD.size < self.size:
            file.seek(at)
            at += FRAME_HEAD.size + FRAME_HEAD.unpack(file.read(FRAME_HEAD.size))[0]
            records += at <= self.size
        return records


def _write(file: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]
