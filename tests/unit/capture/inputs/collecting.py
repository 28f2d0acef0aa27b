"""A sink for tests: keeps what inputs hand on."""

import threading
from collections.abc import Sequence

from hepscope_capture.decode.datagrams import Datagram


class CollectingSink:
    """What was taken, in order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.messages: list[Datagram] = []
        self.packets: list[tuple[int, bytes]] = []
        self.batches = 0
        self.safe = 1 << 60
        """So many packets are safe."""

    def take_messages(self, messages: Sequence[Datagram]) -> None:
        """Keep messages."""
        with self._lock:
            self.batches += 1
            self.messages.extend(messages)

    def take_packets(self, packets: Sequence[bytes], kind: int) -> None:
        """Keep packets with their type."""
        with self._lock:
            self.batches += 1
            self.packets.extend((kind, packet) for packet in packets)

    def position(self) -> tuple[int, ...]:
        """How many packets there are."""
        return (len(self.packets),)

    def is_safe(self, position: tuple[int, ...]) -> bool:
        """Whether so many are safe."""
        return position[0] <= self.safe

    def has(self, count: int) -> bool:
        """Whether so many messages and packets have come."""
        return len(self.messages) + len(self.packets) >= count
