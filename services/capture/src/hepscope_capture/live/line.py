"""A line between two processes of ours: whole messages, each of a sort, never waited for.

What the other end does not take at once waits here, up to a bound; beyond, messages are refused.
"""

import contextlib
import select
import socket
from collections import deque
from collections.abc import Iterator
from enum import IntEnum

_BUFFER_BYTES = 4 * 1024 * 1024
_WAITING_BYTES = 16 * 1024 * 1024


class Sort(IntEnum):
    """What a message is."""

    READY = 1  # a worker captures
    NEWS = 2  # what a worker learned of media
    SNAPSHOT = 3  # what a worker counted
    ENDED = 4  # a worker has ended; its number
    REPORT = 5  # a worker's number, and its snapshot
    ASKED = 6  # a worker is new, and wants to know what the others know of media


class Line:
    """One end."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._end.setblocking(False)
        with contextlib.suppress(OSError):
            self._end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self.is_open = True
        """Whether the other process is there."""

    def fileno(self) -> int:
        """Return what to poll."""
        return self._end.fileno()

    @property
    def events(self) -> int:
        """What to poll for: that something is there, and that what waits can be sent."""
        return select.POLLIN | (select.POLLOUT if self._waiting else 0)

    def send(self, sort: Sort, data: bytes = b"") -> bool:
        """Send a message as soon as it can be; False when too many wait, and this one is not."""
        if self._waiting_bytes + len(data) > _WAITING_BYTES:
            return False
        self._waiting.append(bytes((sort,)) + data)
        self._waiting_bytes += len(data) + 1
        self.flush()
        return True

    def flush(self) -> None:
        """Send what waits, as far as there is room."""
        while self._waiting and self.is_open:
            try:
                self._end.send(self._waiting[0])
            except BlockingIOError:
                return
            except OSError:
                self.is_open = False
                return
            self._waiting_bytes -= len(self._waiting.popleft())

    def receive(self) -> Iterator[tuple[Sort, bytes]]:
        """Give the messages that are there; send what waits."""
        self.flush()
        while self.is_open:
            try:
                data = self._end.recv(_BUFFER_BYTES)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self.is_open = False
                return
            yield Sort(data[0]), data[1:]

    def close(self) -> None:
        """Close this end."""
        self._end.close()


def pair() -> tuple[Line, Line]:
    """Return both ends of a line."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    return Line(ours), Line(theirs)
