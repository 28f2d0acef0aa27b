"""One file of a spool: appended to by the process that made it, read from its start.

A file that another process left is never appended to: its end may be torn. Offsets of frames that
were read are remembered by whoever read them.
"""

import os
from pathlib import Path

from hepscope_capture.delivery.batch import Batch, Place
from hepscope_capture.delivery.spool_frame import (
    FILE_HEAD,
    FILE_MAGIC,
    FRAME_HEAD,
    FRAME_MAGIC,
    Head,
    encode_frame,
    read_head,
    read_packets,
)

SUFFIX = ".spool"


class Segment:
    """A file of packets of one origin."""

    def __init__(self, directory: Path, number: int) -> None:
        self.number = number
        self.path = directory / f"{number:016d}{SUFFIX}"
        self.origin = b""
        self.size = 0
        self.packets = 0
        """Packets in it that are not released, damaged ones among them."""
        self.released_to = FILE_HEAD.size
        """Offset of the first frame that is still needed."""
        self.first_seq = self.next_seq = 0
        """Of what another process left and is still needed: the first number, and the one behind
        the last; zeros where nothing can be read."""
        self.missing = 0
        """Packets between them that are in no frame."""
        self.is_open = False
        self._descriptor = -1

    def create(self, origin: bytes, now_us: int) -> None:
        """Make the file. Raises OSError, and leaves none then."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._descriptor = os.open(self.path, flags, 0o600)
        self.origin = origin
        try:
            self._write(FILE_HEAD.pack(FILE_MAGIC, origin, now_us))
        except OSError:
            self.close()
            self.path.unlink(missing_ok=True)
            raise
        self.is_open = True

    def recover(self, from_offset: int) -> bool:
        """Look at a file that another process left; return whether its end is torn.

        What lies before an offset is released. Raises OSError when it cannot be read.
        """
        self._descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        self.size = os.fstat(self._descriptor).st_size
        head = os.pread(self._descriptor, FILE_HEAD.size, 0)
        has_head = len(head) == FILE_HEAD.size and head.startswith(FILE_MAGIC)
        if has_head:
            _, self.origin, _ = FILE_HEAD.unpack(head)
        if FILE_HEAD.size < from_offset <= self.size:
            self.released_to = from_offset
        is_torn = self._count_frames()
        if has_head:
            return is_torn
        # Its process died before the first frame, or nobody can say whose packets these are.
        is_torn = self.size > len(FILE_MAGIC)
        self.missing += self.packets
        self.packets, self.size = 0, self.released_to
        return is_torn

    def _count_frames(self) -> bool:
        """Count what is still needed; return whether the end is torn, which is cut off then."""
        at = self.released_to
        while at < self.size:
            found = read_head(os.pread(self._descriptor, FRAME_HEAD.size, at))
            if found is None or at + found.frame_bytes > self.size:
                behind = self._find_frame(at + 1)
                if behind is None:
                    if found is not None and found.first_seq == self.next_seq:
                        # Cut in its packets; how many there were its head still says.
                        self.missing += found.packets
                        self.next_seq += found.packets
                    self.size = at
                    return True
                # Damaged, not torn; whoever reads it counts it.
                at = behind
                continue
            self._note_numbers(found, at)
            self.packets += found.packets
            at += found.frame_bytes
        return False

    def append(self, batch: Batch) -> Place:
        """Write a batch behind those that are there. Raises OSError and keeps none of it then."""
        place = Place(self.number, self.size, self.size)
        self._write(encode_frame(batch.packets, batch.first_seq))
        self.packets += len(batch.packets)
        return place._replace(end=self.size)

    def read(self, at: int) -> tuple[Batch | None, int]:
        """Return the batch at an offset, and the offset behind it.

        None for a batch that is damaged; then the offset is that of the next one that can be
        found. Raises OSError.
        """
        head = read_head(os.pread(self._descriptor, FRAME_HEAD.size, at))
        if head is not None and (end := at + head.frame_bytes) <= self.size:
            packets = read_packets(os.pread(self._descriptor, head.frame_bytes, at), head)
            if packets is not None:
                place = Place(self.number, at, end)
                batch = Batch(self.origin, head.first_seq, packets, head.size, 0.0, place)
                return batch, end
        found = self._find_frame(at + 1)
        return None, self.size if found is None else found

    def release(self, place: Place) -> None:
        """Note that a batch, and all before it, is not needed any more."""
        self.released_to = max(self.released_to, place.end)

    def close(self) -> None:
        """Free the descriptor."""
        self.is_open = False
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def remove(self) -> None:
        """Delete the file. Raises OSError."""
        # Where somebody else has, another process may have one of the same name.
        is_deleted = self.is_deleted
        self.close()
        if not is_deleted:
            self.path.unlink(missing_ok=True)

    @property
    def is_deleted(self) -> bool:
        """Whether somebody has deleted the file; what it holds is gone with its process."""
        return self._descriptor >= 0 and not os.fstat(self._descriptor).st_nlink

    def _note_numbers(self, found: Head, at: int) -> None:
        """Note the numbers of a frame, and those that should be before it and are not."""
        if found.first_seq != self.next_seq:
            frame = os.pread(self._descriptor, found.frame_bytes, at)
            if read_packets(frame, found) is None:
                # The numbers themselves may be what is damaged.
                self.next_seq += found.packets if self.next_seq else 0
                return
            if not self.first_seq:
                self.first_seq = found.first_seq
            else:
                self.missing += max(found.first_seq - self.next_seq, 0)
        self.next_seq = found.first_seq + found.packets

    def _find_frame(self, at: int) -> int | None:
        """Return where the next whole frame begins, at this offset or behind."""
        data = os.pread(self._descriptor, max(self.size - at, 0), at)
        found = data.find(FRAME_MAGIC)
        while found >= 0:
            head = read_head(data, found)
            if head is not None and read_packets(data[found : found + head.frame_bytes], head):
                return at + found
            found = data.find(FRAME_MAGIC, found + 1)
        return None

    def _write(self, data: bytes) -> None:
        view, at = memoryview(data), self.size
        try:
            while view:
                written = os.pwrite(self._descriptor, view, at)
                view, at = view[written:], at + written
        except OSError:
            # What is half there must not stand in front of a later frame.
            os.ftruncate(self._descriptor, self.size)
            raise
        self.size = at
