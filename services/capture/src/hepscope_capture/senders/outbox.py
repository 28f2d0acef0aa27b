"""The packets that a sender must not forget: given, and not yet acknowledged.

Pure: bytes and numbers in, bytes out. Packets are numbered 1, 2, 3 … in the order in which they
are given and leave in that order. Each stays until its number, or a higher one, is acknowledged;
when a connection is lost, all that stayed leave again, in the same order under the same numbers,
before anything new.

A packet without room for its number in its own bytes takes one all the same: nobody will
acknowledge it, so it stays only as long as something before it does, or until a later number is
acknowledged.
"""

from collections import deque
from typing import NamedTuple


class UnknownNumberError(ValueError):
    """An acknowledgement of a number that was never sent; the text is for the user."""


class _Entry(NamedTuple):
    seq: int
    packet: bytes
    is_numbered: bool


class Outbox:
    """Keeps packets, in order, until they are acknowledged."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._sent: deque[_Entry] = deque()  # taken for the present connection
        self._waiting: deque[_Entry] = deque()
        self._highest_taken = 0
        self._kept_bytes = 0
        self._waiting_bytes = 0
        self.next_seq = 1
        self.acknowledged_seq = 0
        """The highest number acknowledged."""
        self.acknowledged = 0
        """Packets that were acknowledged."""
        self.repeated = 0
        """Packets taken once more, for a further connection."""

    def __len__(self) -> int:
        return len(self._sent) + len(self._waiting)

    @property
    def has_room(self) -> bool:
        """Whether more may be given; one packet is taken beyond the limit, never half of one."""
        return self._kept_bytes < self._limit_bytes

    @property
    def waiting_bytes(self) -> int:
        """Bytes that the present connection has still to take."""
        return self._waiting_bytes

    @property
    def never_taken(self) -> int:
        """Packets that no connection has taken yet."""
        return self.next_seq - 1 - self._highest_taken

    @property
    def taken(self) -> int:
        """Packets that a connection has taken, each counted once."""
        return self._highest_taken

    def add(self, packet: bytes, *, is_numbered: bool = True) -> None:
        """Keep a packet, which has the number ``next_seq``, or none in it."""
        self._waiting.append(_Entry(self.next_seq, packet, is_numbered))
        self._kept_bytes += len(packet)
        self._waiting_bytes += len(packet)
        self.next_seq += 1

    def take(self, size: int) -> bytes:
        """Return the next packets to send, back to back: about ``size`` bytes, at least one.

        Nothing when the connection has been given everything.
        """
        packets: list[bytes] = []
        taken = 0
        while self._waiting and (not packets or taken + len(self._waiting[0].packet) <= size):
            entry = self._waiting.popleft()
            self._sent.append(entry)
            packets.append(entry.packet)
            taken += len(entry.packet)
            if entry.seq <= self._highest_taken:
                self.repeated += 1
            self._highest_taken = max(self._highest_taken, entry.seq)
        self._waiting_bytes -= taken
        self._let_go()
        return b"".join(packets)

    def acknowledge(self, seq: int) -> bool:
        """Forget the packets up to this number; return whether that is news.

        Raises UnknownNumberError, and forgets nothing, for a number that was never sent. A number
        from before is none: a server that was started anew begins at 0.
        """
        if seq > self._highest_taken:
            sent = f"only numbers up to {self._highest_taken} were sent"
            raise UnknownNumberError(f"it acknowledges number {seq}, but {sent}")
        if seq <= self.acknowledged_seq:
            return False
        self.acknowledged_seq = seq
        self._let_go()
        # What an earlier connection brought may be acknowledged while it waits to be sent again.
        while self._waiting and self._waiting[0].seq <= seq:
            entry = self._waiting.popleft()
            self._waiting_bytes -= len(entry.packet)
            self._forget(entry)
        return True

    def rewind(self) -> None:
        """Begin anew with the first packet kept: the connection is lost."""
        self._waiting.extendleft(reversed(self._sent))
        self._sent.clear()
        self._waiting_bytes = self._kept_bytes

    def _let_go(self) -> None:
        sent = self._sent
        while sent and (sent[0].seq <= self.acknowledged_seq or not sent[0].is_numbered):
            self._forget(sent.popleft())

    def _forget(self, entry: _Entry) -> None:
        self._kept_bytes -= len(entry.packet)
        self.acknowledged += entry.is_numbered
