"""Standard input as a live source: ``tcpdump -U -w - | hepscope capture --watch -``.

Nothing is read before ``poll`` says that something is there, so that the pipe's mode, which it
shares with whoever made it, stays as it is.
"""

import os
import select
import sys
from collections.abc import Iterator, Sequence

from hepscope_capture.files.errors import Gap, GapKind, NotACaptureError
from hepscope_capture.files.live_source import BATCH_FRAMES, SourceCounts
from hepscope_capture.files.source import recognise
from hepscope_capture.frame import Frame
from hepscope_common.logs import get_logger

# As much as every format shows itself by.
_START_BYTES = 24

_log = get_logger("capture")


class LiveInput:
    """A capture that is written to a pipe by a program that still runs."""

    def __init__(self, fd: int | None = None) -> None:
        self._fd = sys.stdin.fileno() if fd is None else fd
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)
        self._start = b""
        self._items: Iterator[Frame | Gap] | None = None
        self.name = "stdin"
        self.counts = SourceCounts()
        self.has_ended = False

    def fileno(self) -> int | None:
        """Return the pipe, None behind its end."""
        return None if self.has_ended else self._fd

    def look_after(self) -> None:
        """Do nothing: the pipe tells by itself."""

    def read(self) -> Sequence[Frame] | None:
        """Return the next frames, None while there are none.

        Raises NotACaptureError when what comes is no capture.
        """
        if self.has_ended or not self._begin():
            return None
        batch: list[Frame] = []
        assert self._items is not None
        for item in self._items:
            if not isinstance(item, Gap):
                batch.append(item)
                if len(batch) == BATCH_FRAMES:
                    return self._counted(batch)
            elif item.kind is GapKind.NOT_YET:
                return self._counted(batch) if batch else None
            else:
                self.counts.gaps += 1
                self.counts.lost_bytes += item.lost_bytes
                _log.warning("stdin: %s, %d bytes lost", item.kind, item.lost_bytes)
        self.has_ended = True
        return self._counted(batch) if batch else None

    def close(self) -> None:
        """Read no more; the pipe stays as it was given."""
        self.has_ended = True

    def _begin(self) -> bool:
        """Say whether the format is known, which the first bytes tell."""
        if self._items is not None:
            return True
        while len(self._start) < _START_BYTES:
            piece = self._ready(_START_BYTES)
            if piece is None:
                return False
            if not piece:
                break
            self._start += piece
        try:
            self._items = recognise(self._read)[1]
        except NotACaptureError:
            self.has_ended = True
            raise
        self.counts.files += 1
        return True

    def _counted(self, batch: list[Frame]) -> list[Frame]:
        self.counts.frames += len(batch)
        return batch

    def _read(self, size: int) -> bytes | None:
        if self._start:
            start, self._start = self._start, b""
            return start
        return self._ready(size)

    def _ready(self, size: int) -> bytes | None:
        return os.read(self._fd, size) if self._poll.poll(0) else None
