"""The disk under a custody: a spool, or none, whose errors are counted and waited out."""

from collections.abc import Callable

from hepscope_capture.delivery.batch import Batch, Place
from hepscope_capture.delivery.counts import DeliveryCounts
from hepscope_capture.delivery.spool import Spool

# What it refused is tried again after so long.
_RETRY_SECONDS = 1.0


class Disk:
    """Without a spool it holds nothing and takes nothing."""

    def __init__(self) -> None:
        self._spool: Spool | None = None
        self._errors = 0
        self._retry_at = 0.0
        self._partly: tuple[Place, int] | None = None  # of the next batch, its skip
        self._trouble = ""  # why it takes nothing at present
        self._told = ""

    def use(self, spool: Spool) -> None:
        """Use a spool that is open."""
        self._spool = spool

    @property
    def packets(self) -> int:
        """Packets on it that are not released."""
        return self._spool.packets if self._spool else 0

    @property
    def next_origin(self) -> bytes:
        """Of the batch that ``read`` gives next; empty when there is none."""
        return self._spool.next_origin if self._spool else b""

    def read(self, *, is_any_in_flight: bool) -> Batch | None:
        """Return the next batch; None when all were read."""
        spool = self._spool
        if spool is None:
            return None
        batch = spool.read()
        if batch is not None:
            if self._partly is not None and self._partly[0] == batch.place:
                batch.skip = self._partly[1]
            self._partly = None
        elif spool.size_bytes and not is_any_in_flight:
            # All was read and nothing of it is needed: it could not be read.
            self._try(spool.write_off)
        return batch

    def rewind(self, batch: Batch) -> None:
        """Have a batch, and all behind it, read again."""
        if self._spool is not None and batch.place is not None:
            self._partly = (batch.place, batch.skip)
            self._spool.rewind(batch.place)

    def release(self, batch: Batch) -> None:
        """Let go of a batch, the oldest that is needed."""
        spool, place = self._spool, batch.place
        if spool is not None and place is not None:
            self._try(lambda: spool.release(place, len(batch)))

    def takes(self, now: float) -> bool:
        """Return whether it is worth a try to write."""
        return self._spool is not None and now >= self._retry_at

    def insist(self) -> None:
        """Have it tried at once, whatever it has refused."""
        self._retry_at = 0.0

    def write(self, batch: Batch, now: float, *, is_read: bool) -> bool:
        """Write a batch, behind all others, which then has a place; False when it is refused."""
        if self._spool is None:
            return False
        try:
            self._spool.append(batch, is_read=is_read)
        except OSError as error:
            self._errors += 1
            self._trouble = error.strerror or str(error)
            self._retry_at = now + _RETRY_SECONDS
            return False
        self._trouble = ""
        return True

    def make_room(self) -> int | None:
        """Delete the oldest file if the bound is passed; return its number, None if it is not."""
        try:
            return self._spool.make_room() if self._spool else None
        except OSError:
            self._errors += 1
            return None

    def note_position(self) -> None:
        """Write down how far it is delivered."""
        if self._spool is not None:
            self._try(self._spool.note_position)

    def note_server(self, name: str, *, is_acknowledging: bool) -> None:
        """Write down for the next process what a server does."""
        if (spool := self._spool) is not None:
            self._try(lambda: spool.note_server(name, is_acknowledging=is_acknowledging))

    def take_news(self) -> str:
        """Return a line for the user when it takes nothing any more, or again; else nothing."""
        if self._trouble == self._told:
            return ""
        self._told = self._trouble
        if self._trouble:
            return f"the spool takes nothing: {self._trouble}; packets wait in memory"
        return "the spool works again"

    def tell(self, counts: DeliveryCounts) -> None:
        """Put its numbers among the others."""
        counts.spool_errors = self._errors
        if (spool := self._spool) is None:
            return
        counts.recovered, counts.spooled = spool.recovered, spool.written
        counts.spool_damaged = spool.damaged
        counts.dropped["spool_full"] = spool.dropped
        counts.dropped["spool_damaged"] = spool.damaged_packets
        counts.kept_on_disk, counts.spool_bytes = spool.packets, spool.size_bytes

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except OSError:
            self._errors += 1
