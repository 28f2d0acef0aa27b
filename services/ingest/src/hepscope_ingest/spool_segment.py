"""One file of the spool: appended to by the process that made it, read once from its start.

A file that another process left is never appended to, since its end may be torn.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from hepscope_ingest.delivery import Sealed
from hepscope_ingest.spool_frame import FILE_HEAD, FRAME_HEAD, MAGIC, is_cut, read_frame

SUFFIX = ".spool"
DAMAGED_SUFFIX = ".damaged"


class Place(NamedTuple):
    """Where a record lies; places of later records are greater."""

    segment: int
    offset: int


class Hole(NamedTuple):
    """Bytes of a file from which no record comes back."""

    place: Place
    end: int
    """Offset behind it."""

    def holds(self, place: Place) -> bool:
        """Tell whether a record that was written there is lost."""
        return self.place.segment == place.segment and self.place.offset <= place.offset < self.end


class Reading(NamedTuple):
    """What was read at once."""

    found: list[tuple[Place, Sealed]]
    holes: list[Hole]
    """What no record came back from, in order; each lies in front of what is found next."""


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
        """Whether somebody should look at it."""
        self.has_hole = False
        """Whether records of it are lost."""
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
                self.has_hole = self.is_damaged = self.size > FILE_HEAD.size
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

    def read(self, max_bytes: int) -> Reading:
        """Return the next records; max_bytes is no less than any of them has. Raises OSError.

        Whatever follows a length that cannot be is lost, as is a frame that was cut.
        """
        with self.path.open("rb") as file:
            file.seek(self.read_at)
            data = file.read(min(max_bytes, self.size - self.read_at))
        start, at = self.read_at, 0
        found: list[tuple[Place, Sealed]] = []
        holes: list[Hole] = []
        while (frame := read_frame(data, at)) is not None:
            place = Place(self.number, start + at)
            if frame.record is None:
                holes.append(Hole(place, start + frame.end))
            else:
                found.append((place, frame.record))
            at = frame.end
        # The end of a process may cut the last frame of its file, but not of ours.
        is_torn = not at and self.is_recovered and is_cut(data, 0)
        if not at:
            holes.append(self.rest())
            at = self.size - start
        self.read_at = start + at
        self.pending += len(found)
        self.has_hole = self.has_hole or bool(holes)
        self.is_damaged = self.is_damaged or (bool(holes) and not is_torn)
        return Reading(found, holes)

    def rest(self) -> Hole:
        """Return everything that was not read yet."""
        return Hole(Place(self.number, self.read_at), self.size)

    def give_up(self) -> Hole:
        """Take the rest as read, and keep the file aside; returns what is lost."""
        lost = self.rest()
        self.has_hole = self.is_damaged = True
        self.read_at = self.size
        return lost

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
