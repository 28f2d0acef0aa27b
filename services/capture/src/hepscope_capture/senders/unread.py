"""What a server without acknowledgements may not have read when its connection breaks.

As many of the latest packets as fit into the buffers of both machines; those before them it has
read, since there was no room for them any more.
"""

from collections import deque

# Linux's limits are 4 MiB for the sender and 6 MiB for the receiver.
UNREAD_BYTES = 10 * 1024 * 1024


class Unread:
    """Lengths of the packets that were handed over, in order, of one connection."""

    def __init__(self) -> None:
        self._lengths: deque[int] = deque()
        self.size = 0
        """Bytes."""

    def __len__(self) -> int:
        return len(self._lengths)

    def add(self, length: int) -> None:
        """Note a packet that the kernel took; forget those that it has no room for."""
        self._lengths.append(length)
        self.size += length
        while self.size - self._lengths[0] >= UNREAD_BYTES:
            self.size -= self._lengths.popleft()

    def clear(self) -> None:
        """Forget all: they were read, or their connection is gone."""
        self._lengths.clear()
        self.size = 0
