"""What was put and the courier has not collected yet: the only thing that threads share."""

import threading
from collections import deque
from collections.abc import Callable, Sequence


class Intake:
    """A queue of packets as they were put, bounded in bytes, the oldest out when it is full."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._queue: deque[tuple[Sequence[bytes], int]] = deque()  # with their bytes
        self.turn = threading.Condition()
        """Held for whatever looks at the queue and at what was collected from it together."""
        self.size_bytes = 0
        self.packets = 0
        self.dropped = 0
        """Packets that had to make room."""
        self.hidden = 0
        """Of them those that were dropped while older ones, collected before, may be unsafe."""
        self.given = 0
        """Packets ever put."""

    def put(self, packets: Sequence[bytes]) -> None:
        """Append; never waits."""
        with self.turn:
            self._append(packets)
            while self.size_bytes > self._limit_bytes and len(self._queue) > 1:
                oldest, size = self._queue.popleft()
                self._forget(oldest, size)
                self.dropped += len(oldest)
                self.hidden += len(oldest)

    def put_waiting(
        self,
        packets: Sequence[bytes],
        has_room: Callable[[], bool],
        is_hopeless: Callable[[], bool],
        look_seconds: float,
    ) -> bool:
        """Append once there is room; False when that is hopeless, as is asked now and then."""
        with self.turn:
            while not has_room():
                if is_hopeless():
                    return False
                self.turn.wait(look_seconds)
            self._append(packets)
        return True

    def collect(self, take: Callable[[Sequence[bytes]], None]) -> None:
        """Give everything to another, in order; who puts meanwhile does not wait for that."""
        if not self._queue:
            return
        with self.turn:
            taken = list(self._queue)
            self._queue.clear()
        for packets, _ in taken:
            take(packets)
        with self.turn:
            for packets, size in taken:
                self._forget(packets, size)
            self.turn.notify_all()

    def _append(self, packets: Sequence[bytes]) -> None:
        size = sum(map(len, packets))
        self._queue.append((packets, size))
        self.size_bytes += size
        self.packets += len(packets)
        self.given += len(packets)

    def _forget(self, packets: Sequence[bytes], size: int) -> None:
        self.size_bytes -= size
        self.packets -= len(packets)
