"""Records on disk on their way to the bus: their order, and who waits for them.

A record of a partition that has others on disk queues behind them. Damage makes a hole in that
order, and what stands behind one must not pass it where the sender numbers its packets: it keeps
what it was not told of and sends it again, and the writer skips whatever is not above the highest
number that it has stored. So such records, left by an earlier process behind a hole, are given
back: dropped, to come once more from their senders. A hole in front of a sender that waits for this
process is an error, since only a new connection makes it send again.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from functools import partial

from hepscope_common.bus.origins import numbering_of
from hepscope_common.bus.protocol import Acknowledged
from hepscope_common.logs import get_logger
from hepscope_ingest.delivery import Sealed
from hepscope_ingest.delivery_sent import Sent
from hepscope_ingest.metrics import IngestMetrics
from hepscope_ingest.spool import Spool
from hepscope_ingest.spool_segment import Hole, Place

_log = get_logger("ingest.delivery")


class SpoolDamagedError(Exception):
    """The disk lost what senders wait for; they send it again once their connections end."""


class Backlog:
    """What a spool holds, from where it is written to where the bus has acknowledged it."""

    def __init__(self, spool: Spool, metrics: IngestMetrics) -> None:
        self._spool = spool
        self._metrics = metrics
        self._ahead: deque[tuple[Place, Sealed]] = deque()
        self._behind: Counter[tuple[str, int]] = Counter()
        """Records of a partition on disk that the producer has not taken yet."""
        self._told: dict[Place, tuple[Acknowledged, bool]] = {}
        """Who waits for records on disk, and whether it numbers its packets itself."""
        self._copies: dict[Place, bool] = {}
        """Records on disk that the producer holds, too; whether their sender numbers them."""
        self._released: list[Place] = []
        self._own_from = 0
        """The first file of this process."""
        self._given_back = 0
        self._has_hole = False
        """Whether an earlier process's records have a hole in front of what is read next."""
        self.is_recovering = False
        """Whether records of an earlier process are still to be read."""

    @property
    def is_empty(self) -> bool:
        """Whether no file is left."""
        return self._spool.is_empty

    @property
    def is_read(self) -> bool:
        """Whether nothing is to be read, or enough was."""
        return bool(self._ahead) or self._spool.is_read

    @property
    def records(self) -> int:
        """Records that the bus has not acknowledged yet."""
        return self._spool.records

    async def open(self) -> None:
        """Take over what an earlier process left; raises StartupError."""
        await asyncio.to_thread(self._spool.open)
        self._own_from = self._spool.next_number
        self.is_recovering = self._spool.is_recovering
        self._has_hole = bool(self._spool.take_holes())

    def close(self) -> None:
        """Let go of the files; they stay."""
        self._spool.close()

    def is_behind(self, record: Sealed) -> bool:
        """Tell whether a record must queue behind others on disk."""
        return self.is_recovering or self._behind[record.topic, record.partition] > 0

    async def append(self, records: Sequence[Sealed]) -> int:
        """Put records on disk that lie nowhere else; returns how many, from the first, it took."""
        places = await asyncio.to_thread(self._spool.append, records)
        self._metrics.spooled.add((), len(places))
        for place, record in zip(places, records, strict=False):
            self._behind[record.topic, record.partition] += 1
            if record.acknowledged is not None:
                self._told[place] = (record.acknowledged, _is_numbered_by_sender(record))
        return len(places)

    async def append_copies(self, sent: Sent, serials: Sequence[int]) -> int:
        """Put copies of what the producer holds on disk; returns how many it took."""
        held = _held(sent, serials)
        places = await asyncio.to_thread(self._spool.append, [record for _, record in held])
        self._note_copies(sent, held, places)
        return len(places)

    def save(self, sent: Sent, waiting: Sequence[Sealed]) -> int:
        """Put on disk at once what is in memory alone; returns how many of those waiting it took.

        What the producer holds is not counted among them.
        """
        held = _held(sent, sent.without_copy())
        places = self._spool.append([*(record for _, record in held), *waiting])
        self._note_copies(sent, held, places)
        return max(0, len(places) - len(held))

    def _note_copies(
        self, sent: Sent, held: Sequence[tuple[int, Sealed]], places: Sequence[Place]
    ) -> None:
        self._metrics.spooled.add((), len(places))
        for (serial, record), place in zip(held, places, strict=False):
            self._copies[place] = _is_numbered_by_sender(record)
            sent.copied(serial, partial(self._released.append, place))

    def offer(self, sent: Sent) -> int:
        """Offer what was read to the bus; returns how many records went on."""
        went = 0
        while self._ahead and not sent.is_stuck():
            place, record = self._ahead[0]
            if place in self._copies:
                del self._copies[place]
            else:
                told = partial(self._acknowledged, place)
                if not sent.offer_spooled(record._replace(acknowledged=told)):
                    break
                self._behind[record.topic, record.partition] -= 1
                self._metrics.records.add()
                self._metrics.spool_drained.add()
            self._ahead.popleft()
            went += 1
        if not self._ahead and self._spool.is_read:
            # Nothing can be behind what damage has taken.
            self._behind.clear()
        return went

    async def read_on(self) -> int:
        """Read the next records; returns how many. Raises SpoolDamagedError."""
        found = await asyncio.to_thread(self._spool.read)
        holes = self._spool.take_holes()
        self._refuse_holes(holes)
        for place, record in found:
            if place.segment >= self._own_from:
                self._ahead.append((place, record))
            elif self._is_given_back(place, record, holes):
                self._given_back += 1
                self._released.append(place)
            else:
                self._behind[record.topic, record.partition] += 1
                self._ahead.append((place, record))
        self._has_hole = self._has_hole or bool(holes)
        self.is_recovering = self._spool.is_recovering
        if not self.is_recovering:
            self._tell_given_back()
        return len(found)

    async def release(self) -> int:
        """Tell the spool what is safe, so that files can go; returns how many records."""
        released, self._released[:] = list(self._released), []
        if released or self._spool.is_read:
            await asyncio.to_thread(self._spool.release, released)
        return len(released)

    def forget(self) -> None:
        """Forget who waited, once no file is left: only damage leaves any."""
        self._told.clear()

    def _acknowledged(self, place: Place) -> None:
        self._released.append(place)
        told = self._told.pop(place, None)
        if told is not None:
            told[0]()

    def _refuse_holes(self, holes: Sequence[Hole]) -> None:
        """Raise SpoolDamagedError where a hole has taken what its sender still has."""
        for hole in holes:
            if hole.place.segment < self._own_from:
                continue
            lost = [self._told.pop(place)[1] for place in list(self._told) if hole.holds(place)]
            lost += [self._copies.pop(one) for one in list(self._copies) if hole.holds(one)]
            if any(lost):
                raise SpoolDamagedError(
                    f"the disk damaged records of file {hole.place.segment} of the spool; their"
                    " senders have them, and send them again after a new start"
                )

    def _is_given_back(self, place: Place, record: Sealed, holes: Sequence[Hole]) -> bool:
        is_behind_hole = self._has_hole or any(hole.place < place for hole in holes)
        return is_behind_hole and _is_numbered_by_sender(record)

    def _tell_given_back(self) -> None:
        if self._given_back:
            _log.warning(
                "%d records behind damage were left to their senders, which send them again",
                self._given_back,
            )
            self._given_back = 0


def _held(sent: Sent, serials: Sequence[int]) -> list[tuple[int, Sealed]]:
    return [(one, record) for one in serials if (record := sent.record(one)) is not None]


def _is_numbered_by_sender(record: Sealed) -> bool:
    numbering = numbering_of(record.headers)
    return numbering is not None and numbering.first_seq is None
