"""All packets of a destination that are not delivered, in one order, in memory and on disk.

    oldest                                                                        newest
    in flight, on disk | in flight, in memory | on disk, to be sent | in memory, to be sent

Packets are numbered 1, 2, 3 ... under the origin of this process as they come, and leave in that
order. Those in flight were handed to the present connection; they are let go when the server has
them, or become the next to be sent again when the connection is lost. What waits for too long, or
takes too much memory, is written to disk, the oldest first, in flight or not. So the order holds,
and what is in memory only is always the newest: where the second is not empty, the third is.

Not for several threads: it belongs to the courier. Times are seconds of the monotonic clock.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace

from hepscope_capture.delivery.batch import Batch, cut
from hepscope_capture.delivery.counts import DROP_REASONS, DeliveryCounts
from hepscope_capture.delivery.disk import Disk
from hepscope_capture.delivery.flight import Flight
from hepscope_capture.delivery.limits import Limits
from hepscope_capture.senders.numbering import compress

_LONGEST_PACKET = 0xFFFF


class UnknownNumberError(ValueError):
    """An acknowledgement of a number that was never sent; the text is for the user."""


class Custody:
    """Keeps packets until they are delivered."""

    def __init__(
        self,
        origin: bytes,
        limits: Limits,
        *,
        is_compressed: bool = False,
        divert: Callable[[bytes], bool] = lambda _packet: False,
    ) -> None:
        """Keep nothing yet, in memory only.

        ``divert`` takes a packet that no datagram holds, and says whether there is another way.
        """
        self.origin = origin
        self.counts = DeliveryCounts(dropped=dict.fromkeys(DROP_REASONS, 0))
        self.disk = Disk()
        """Holds nothing until it is given a spool; what that holds goes first."""
        self._limits = limits
        self._is_compressed = is_compressed
        self._divert = divert
        self._next_seq = 1
        self._flight = Flight()
        self._waiting: deque[Batch] = deque()
        self._memory_bytes = 0  # of what is not on disk
        self._memory_packets = 0
        self._acknowledged: dict[bytes, int] = {}

    @property
    def kept(self) -> int:
        """Packets that are not delivered."""
        return self._memory_packets + self.disk.packets

    @property
    def memory_bytes(self) -> int:
        """Bytes of the packets that are in memory only."""
        return self._memory_bytes

    @property
    def memory_packets(self) -> int:
        """Packets that are in memory only."""
        return self._memory_packets

    @property
    def in_flight(self) -> int:
        """Packets handed to the present connection."""
        return self._flight.packets

    @property
    def sent(self) -> int:
        """Packets that were ever handed to a connection, each counted once."""
        return self._flight.sent

    @property
    def next_origin(self) -> bytes:
        """Of the batch that ``take`` gives next; empty when there is none."""
        return self.disk.next_origin or (self.origin if self._waiting else b"")

    @property
    def oldest_in_memory(self) -> float | None:
        """Since when the oldest packet that is not on disk waits."""
        batch = self._first_in_memory
        return batch.since if batch else None

    def put(self, packets: Sequence[bytes], now: float) -> None:
        """Take packets into custody."""
        self.counts.taken += len(packets)
        if not packets:
            return
        if max(map(len, packets)) > _LONGEST_PACKET:
            kept = [one for one in packets if len(one) <= _LONGEST_PACKET]
            self.counts.dropped["oversize"] += len(packets) - len(kept)
            packets = kept
        if self._is_compressed:
            packets = list(map(compress, packets))
        if not packets:
            return
        for batch in cut(packets, self.origin, self._next_seq, now):
            self._waiting.append(batch)
            self._memory_bytes += batch.size
        self._next_seq += len(packets)
        self._memory_packets += len(packets)

    def take(self, origin: bytes | None = None) -> Batch | None:
        """Return the next batch to send, which is in flight from now on.

        None when there is none, when enough is in flight, or when the next is of another origin
        than the one that is asked for.
        """
        while self._flight.size < self._limits.flight_bytes:
            if origin is not None and self.next_origin not in (origin, b""):
                return None
            batch = self._next()
            if batch is None:
                return None
            known = self._acknowledged.get(batch.origin, 0)
            batch.skip = max(batch.skip, min(known - batch.first_seq + 1, len(batch)))
            if batch.skip >= len(batch):
                self._settle(batch, is_acknowledged=known > 0)
                continue
            self._flight.add(batch)
            return batch
        return None

    def acknowledge(self, origin: bytes, seq: int) -> bool:
        """Let go of what a server says it has, up to this number; return whether that is news.

        Raises UnknownNumberError for a number that was never given. Of the origin of an earlier
        process it is not known which ones were.
        """
        if origin == self.origin and seq > (last := self._flight.highest(origin)):
            raise UnknownNumberError(
                f"it acknowledges number {seq}, but only numbers up to {last} were sent"
            )
        if seq <= self._acknowledged.get(origin, 0):
            return False
        self._acknowledged[origin] = seq
        while (batch := self._flight.first) and batch.origin == origin:
            if batch.last_seq > seq and not batch.is_unnumbered:
                break
            self._settle(self._flight.land(), is_acknowledged=not batch.is_unnumbered)
        return True

    def pass_unnumbered(self) -> None:
        """Let go of what nobody will acknowledge, unless something before it is awaited."""
        while (batch := self._flight.first) and batch.is_unnumbered:
            self._settle(self._flight.land())

    def settle_stream(self, offset: int) -> int:
        """Let go of what lies in the connection's stream before an offset; return its bytes."""
        size = 0
        while (batch := self._flight.first) and batch.stream_end <= offset:
            size += batch.size
            self._settle(self._flight.land())
        return size

    def settle_timed(self, now: float) -> None:
        """Let go of datagrams that can no longer be refused."""
        while (batch := self._flight.first) and batch.times_out <= now:
            self._settle(self._flight.land())

    def rewind(self, offset: int | None = None) -> int:
        """Have everything in flight sent again; of a stream, what lies before an offset arrived.

        Returns how many packets of a batch that is sent again have arrived.
        """
        landing = self._flight.land_all(offset)
        if landing.on_disk is not None:
            self.disk.rewind(landing.on_disk)
        self._waiting.extendleft(reversed(landing.in_memory))
        return landing.arrived

    def spill(self, now: float, *, is_down: bool) -> None:
        """Write to disk what must not stay in memory: everything while the server is down."""
        limits = self._limits
        if self.disk.takes(now):
            too_old = now if is_down else now - limits.spill_seconds
            while (batch := self._first_in_memory) is not None and (
                batch.since <= too_old or self._memory_bytes > limits.spill_bytes
            ):
                if not self._write(batch, now):
                    break
        while self._memory_bytes > limits.memory_bytes and len(self._waiting) > 1:
            batch = self._waiting.popleft()
            self._leave_memory(batch)
            self.counts.dropped["memory_full"] += len(batch)

    def spill_all(self, now: float) -> bool:
        """Write everything to disk, in flight or not; return whether nothing is in memory only."""
        self.disk.insist()
        self.spill(now, is_down=True)
        return self._first_in_memory is None

    def snapshot(self) -> DeliveryCounts:
        """Return the counts as they are now; from any thread, if need be a moment apart."""
        counts = replace(self.counts, dropped=dict(self.counts.dropped))
        counts.unacknowledged = self._flight.packets
        counts.sent, counts.resent = self._flight.sent, self._flight.resent
        counts.memory_bytes = self._memory_bytes
        self.disk.tell(counts)
        counts.kept = self.kept
        return counts

    @property
    def _first_in_memory(self) -> Batch | None:
        return self._flight.first_in_memory or (self._waiting[0] if self._waiting else None)

    def _next(self) -> Batch | None:
        batch = self.disk.read(is_any_in_flight=self._flight.is_on_disk)
        if batch is None and self._waiting:
            batch = self._waiting.popleft()
        return batch

    def _settle(self, batch: Batch, *, is_acknowledged: bool = False) -> None:
        """Let go of a batch that the server has."""
        counts = self.counts
        if batch.place is None:
            self._leave_memory(batch)
        else:
            self.disk.release(batch)
        lost = sum(not self._divert(packet) for packet in batch.too_large)
        counts.dropped["too_large"] += lost
        counts.delivered += len(batch) - lost
        if is_acknowledged:
            counts.acknowledged += len(batch)
        elif batch.is_unnumbered:
            counts.unnumbered += 1

    def _write(self, batch: Batch, now: float) -> bool:
        """Move the first batch in memory to disk; False where it stays."""
        is_in_flight = self._flight.first_in_memory is not None
        if not self.disk.write(batch, now, is_read=is_in_flight):
            return False
        if is_in_flight:
            self._flight.note_written()
        else:
            self._waiting.popleft()
        self._leave_memory(batch)
        while (segment := self.disk.make_room()) is not None:
            self._flight.drop_segment(segment)
        return True

    def _leave_memory(self, batch: Batch) -> None:
        self._memory_bytes -= batch.size
        self._memory_packets -= len(batch)
