"""Records that the bus has taken and not acknowledged, and whether it makes any progress.

The bus is away when it has acknowledged nothing for a while although it has something to do, or
when it has been full for that long. One that is slow but goes on is not: its senders are slowed
down instead.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

from hepscope_common.bus import Producer
from hepscope_common.bus.protocol import Acknowledged
from hepscope_ingest.delivery import Sealed, offer


class Sent:
    """What a producer holds; times are seconds of the clock given."""

    def __init__(
        self,
        producer: Producer,
        *,
        patience_seconds: float,
        clock: Callable[[], float],
        changed: Callable[[], None],
    ) -> None:
        """Watch a producer; changed is called after each acknowledgement."""
        self._producer = producer
        self._patience = patience_seconds
        self._clock = clock
        self._changed = changed
        self._next_serial = 0
        self._records: dict[int, Sealed] = {}
        self._on_disk: dict[int, Acknowledged] = {}
        self._spooled = 0
        self._progress_at = 0.0
        self._full_since: float | None = None

    @property
    def packets(self) -> int:
        """Packets that no copy on disk stands for."""
        held = (record for serial, record in self._records.items() if serial not in self._on_disk)
        return sum(record.packets for record in held)

    @property
    def is_full(self) -> bool:
        """Whether the producer refused the last record."""
        return self._full_since is not None

    @property
    def is_idle(self) -> bool:
        """Whether everything was acknowledged."""
        return not self._records and not self._spooled

    def is_away(self) -> bool:
        """Whether the bus has made no progress for longer than there is patience."""
        since = self._full_since if self.is_idle else self._progress_at
        return since is not None and self._clock() - since > self._patience

    def is_stuck(self) -> bool:
        """Whether nothing may be offered: the bus is away, and what it holds will tell its return.

        One that holds nothing of ours must be asked.
        """
        return not self.is_idle and self.is_away()

    def offer(self, record: Sealed) -> bool:
        """Offer a record that lies nowhere else; returns whether it was taken."""
        serial = self._next_serial
        was_idle = self.is_idle
        # Before it is offered: a bus may acknowledge at once.
        self._records[serial] = record
        told = partial(self._acknowledged, serial)
        if not self._offer(record._replace(acknowledged=told), was_idle=was_idle):
            del self._records[serial]
            return False
        self._next_serial += 1
        return True

    def offer_spooled(self, record: Sealed) -> bool:
        """Offer a record that lies on disk until it is acknowledged."""
        was_idle = self.is_idle
        self._spooled += 1
        told = partial(self._spool_acknowledged, record.acknowledged)
        if not self._offer(record._replace(acknowledged=told), was_idle=was_idle):
            self._spooled -= 1
            return False
        return True

    @property
    def has_no_copy(self) -> bool:
        """Whether the producer holds a record of which no copy lies on disk."""
        return len(self._records) > len(self._on_disk)

    def without_copy(self, limit: int | None = None) -> list[int]:
        """Return the first serials of records of which no copy lies on disk, oldest first."""
        return list(islice(self._missing(), limit))

    def record(self, serial: int) -> Sealed | None:
        """Return a record; None once it is acknowledged."""
        return self._records.get(serial)

    def copied(self, serial: int, acknowledged: Acknowledged) -> None:
        """Note that a copy lies on disk; acknowledged is called when it is needed no more."""
        if serial in self._records:
            self._on_disk[serial] = acknowledged
        else:
            acknowledged()

    def _missing(self) -> Iterator[int]:
        return (serial for serial in self._records if serial not in self._on_disk)

    def _offer(self, record: Sealed, *, was_idle: bool) -> bool:
        if was_idle:
            self._progress_at = self._clock()
        if not offer(self._producer, record):
            if self._full_since is None:
                self._full_since = self._clock()
            return False
        self._full_since = None
        return True

    def _acknowledged(self, serial: int) -> None:
        record = self._records.pop(serial)
        on_disk = self._on_disk.pop(serial, None)
        if on_disk is not None:
            on_disk()
        self._progressed()
        if record.acknowledged is not None:
            record.acknowledged()

    def _spool_acknowledged(self, told: Acknowledged | None) -> None:
        self._spooled -= 1
        self._progressed()
        if told is not None:
            told()

    def _progressed(self) -> None:
        self._progress_at = self._clock()
        self._full_since = None
        self._changed()
