"""Records on disk while the bus is away: a bounded queue of files in one directory.

Records leave in the order in which they came. A file is deleted once the bus has acknowledged
everything in it, so that a process which dies leaves whatever may not be safe, and perhaps some
that is: every record has its numbers with it, and what comes twice is stored once.

Nothing here knows of an event loop: what touches the disk is called from a thread, one call at a
time; only the numbers may be read meanwhile.
"""

import fcntl
import os
import threading
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

from hepscope_common.clock import Clock
from hepscope_common.logs import get_logger
from hepscope_common.runtime import StartupError
from hepscope_ingest.delivery import Sealed
from hepscope_ingest.spool_damaged import DamagedFiles
from hepscope_ingest.spool_frame import FRAME_HEAD, MAX_BODY_BYTES, encode_frame
from hepscope_ingest.spool_segment import SUFFIX, Hole, Place, Reading, Segment

SEGMENT_BYTES = 16 * 1024 * 1024
"""A file is closed at this size: what is sent again after a crash, at most, although it was safe,
beside what waits."""

READ_BYTES = FRAME_HEAD.size + MAX_BODY_BYTES
"""Read at once: a record of any size, or many usual ones."""

LOCK_NAME = "lock"

_log = get_logger("ingest.spool")


class Spool:
    """The files of one directory, which belongs to one process at a time."""

    def __init__(
        self,
        directory: Path,
        *,
        max_bytes: int,
        sync: bool,
        now_us: Clock,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        """Name the directory; with sync a record is on the disk itself before it counts."""
        self._directory = directory
        self._max_bytes = max_bytes
        self._sync = sync
        self._now_us = now_us
        self._segment_bytes = min(segment_bytes, max(1, max_bytes // 4))
        self._segments: deque[Segment] = deque()
        self._next_number = 1
        self._lock: BinaryIO | None = None
        # A hurried end writes what it holds although the last call may not have returned yet.
        self._turn = threading.Lock()
        self._holes: list[Hole] = []
        self._aside = DamagedFiles(directory)
        self.damaged = 0
        """Places at which a frame was expected and none was found."""
        self.errors = 0
        """What the disk refused: writing, reading, deleting."""

    @property
    def size_bytes(self) -> int:
        """Bytes that the files have, those kept aside included."""
        return sum(segment.size for segment in tuple(self._segments)) + self._aside.size_bytes

    @property
    def limit_bytes(self) -> int:
        """Bytes that the files may have."""
        return self._max_bytes

    @property
    def records(self) -> int:
        """Records that the bus has not acknowledged yet."""
        return sum(segment.records for segment in tuple(self._segments))

    @property
    def is_empty(self) -> bool:
        """Whether no file is left."""
        return not self._segments

    @property
    def is_read(self) -> bool:
        """Whether every record was read; some may wait for the bus."""
        return all(segment.is_read for segment in self._segments)

    @property
    def is_recovering(self) -> bool:
        """Whether records of an earlier process are still to be read."""
        return any(segment.is_recovered and not segment.is_read for segment in self._segments)

    @property
    def next_number(self) -> int:
        """The number that the next file will have."""
        return self._next_number

    def oldest_seconds(self) -> float:
        """Return the age of the oldest file; 0 when there is none."""
        created = [segment.created_us for segment in tuple(self._segments)]
        return max(0.0, (self._now_us() - created[0]) / 1_000_000) if created else 0.0

    def open(self) -> None:
        """Lock the directory and find what another process left; raises StartupError."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            self._lock = (self._directory / LOCK_NAME).open("wb")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise StartupError(
                f"ingest.spool_dir {self._directory}: another ingest uses it"
            ) from None
        except OSError as error:
            self.close()
            raise StartupError(f"ingest.spool_dir {self._directory}: {error.strerror}") from error
        self._recover()

    def close(self) -> None:
        """Let go of the files; they stay."""
        with self._turn:
            for segment in self._segments:
                segment.close()
            self._segments.clear()
            if self._lock is not None:
                self._lock.close()
                self._lock = None

    def append(self, records: Sequence[Sealed]) -> list[Place]:
        """Put records at the end; returns where the first ones lie, as many as found room.

        None of them does before the directory was opened or after it was closed.
        """
        with self._turn:
            return self._append(records)

    def _append(self, records: Sequence[Sealed]) -> list[Place]:
        places: list[Place] = []
        if self._lock is None:
            return places
        for group in self._groups(records):
            try:
                places += self._writable().append(group, sync=self._sync)
            except OSError as error:
                self._count_error("cannot write", error)
                for segment in self._segments:
                    segment.close()
                break
        return places

    def read(self) -> list[tuple[Place, Sealed]]:
        """Return the next records in order; [] when all were read."""
        with self._turn:
            return self._read()

    def _read(self) -> list[tuple[Place, Sealed]]:
        for segment in self._segments:
            while not segment.is_read:
                found, holes = self._read_of(segment)
                if holes:
                    self.damaged += len(holes)
                    self._holes += holes
                    where = ", ".join(str(hole.place.offset) for hole in holes)
                    _log.warning("%s: no record can be read at byte %s", segment.path, where)
                if found:
                    return found
        return []

    def _read_of(self, segment: Segment) -> Reading:
        try:
            return segment.read(READ_BYTES)
        except OSError as error:
            self._count_error(f"cannot read {segment.path.name}", error)
            return Reading([], [segment.give_up()])

    def take_holes(self) -> list[Hole]:
        """Return what damage has taken since the last call, in order."""
        with self._turn:
            holes, self._holes = self._holes, []
            return holes

    def release(self, places: Iterable[Place]) -> None:
        """Note records as safe; delete each file that holds nothing else any more."""
        with self._turn:
            self._release(Counter(place.segment for place in places))

    def _release(self, counts: Counter[int]) -> None:
        for segment in self._segments:
            segment.records -= counts[segment.number]
            segment.pending -= counts[segment.number]
        # The first one only: a file must not go before those that are older.
        while self._segments and self._segments[0].is_finished:
            if self._segments[0].is_recovered and self._must_show_damage():
                break
            segment = self._segments.popleft()
            try:
                segment.remove()
            except OSError as error:
                self._count_error("cannot delete", error)
            if segment.is_damaged:
                self._aside.look()

    def _must_show_damage(self) -> bool:
        """Whether another start would have to know that the first file has a hole."""
        first, *rest = self._segments
        is_in_front = any(one.is_recovered and not one.is_finished for one in rest)
        return first.has_hole and is_in_front

    def _groups(self, records: Sequence[Sealed]) -> Iterable[list[bytes]]:
        """Yield the frames that go to one file each, until the directory is full."""
        group: list[bytes] = []
        used, size = self.size_bytes, 0
        for record in records:
            frame = encode_frame(record)
            if used + len(frame) > self._max_bytes:
                # What damage has left must not take the place of what is sound.
                used -= self._aside.make_room(used + len(frame) - self._max_bytes)
            if used + len(frame) > self._max_bytes:
                break
            used += len(frame)
            size += len(frame)
            group.append(frame)
            if size >= self._segment_bytes:
                yield group
                group, size = [], 0
        if group:
            yield group

    def _writable(self) -> Segment:
        """Return the file to append to, a new one if the last is closed or large."""
        last = self._segments[-1] if self._segments else None
        if last is not None and last.is_open:
            if last.size < self._segment_bytes:
                return last
            last.close()
        segment = Segment(self._directory, self._next_number)
        self._next_number += 1
        segment.create(self._now_us())
        self._segments.append(segment)
        if self._sync:
            self._sync_directory()
        return segment

    def _sync_directory(self) -> None:
        """Put the name of a new file on the disk, too."""
        directory = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _recover(self) -> None:
        for path in sorted(self._directory.iterdir()):
            if not path.stem.isdigit():
                continue
            number = int(path.stem)
            self._next_number = max(self._next_number, number + 1)
            if path.suffix != SUFFIX:
                continue
            segment = Segment(self._directory, number)
            try:
                segment.recover()
            except OSError as error:
                self._count_error(f"cannot read {path.name}", error)
                self._holes.append(segment.rest())
                continue
            if segment.is_damaged:
                self._holes.append(Hole(Place(number, 0), segment.size))
            self._segments.append(segment)
        self._aside.look()
        if self._segments:
            _log.info(
                "%s: %d records of an earlier process, %d kB",
                self._directory,
                self.records,
                self.size_bytes // 1024,
            )

    def _count_error(self, what: str, error: OSError) -> None:
        self.errors += 1
        _log.warning("%s: %s: %s", self._directory, what, os.strerror(error.errno or 0))
