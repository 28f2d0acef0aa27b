"""Packets grouped into bus records: one record per partition and origin holds many of them.

A record closes by size, by count or by age. Age adapts: while records stay small it grows, up
to ten times, since each record costs every hop the same; a busy listener closes by size long
before.

Packets of plain senders are numbered here: under 16 random bytes of this start, for each topic
and partition from 1, so that a record which comes to the bus twice is stored once. A sender that
numbers its packets itself gets records of its own, in which numbers rise.
"""

import asyncio
import os
from functools import partial

from hepscope_common.bus.origins import ORIGIN_BYTES, Headers, Numbering, headers_of
from hepscope_common.bus.protocol import Acknowledged
from hepscope_common.runtime import Supervisor
from hepscope_ingest.delivery import Delivery, Sealed

MAX_PACKETS = 1000
"""Below the 1024 that a record may hold (the index has ten bits)."""

SMALL_SHARE = 0.5
"""Records under this share of their bound let the age grow: each costs what several packets do."""

MAX_AGE_FACTOR = 10

_Key = tuple[str, int, bytes]
"""Topic, partition, origin (b"" = numbered here)."""


class _Open:
    """A record that is being filled."""

    __slots__ = ("acknowledged", "last_seq", "packets", "size")

    def __init__(self) -> None:
        self.packets: list[bytes] = []
        self.size = 0
        self.last_seq = -1
        self.acknowledged: list[Acknowledged] = []


class Batcher:
    """Fills records and hands them on, in order within each partition."""

    def __init__(
        self,
        delivery: Delivery,
        supervisor: Supervisor,
        *,
        record_bytes: int,
        age_seconds: float,
    ) -> None:
        self._delivery = delivery
        self._supervisor = supervisor
        self._record_bytes = record_bytes
        self._least_age = age_seconds
        self._age = age_seconds
        self._open: dict[_Key, _Open] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._origin = os.urandom(ORIGIN_BYTES)
        self._next_seq: dict[tuple[str, int], int] = {}

    @property
    def blocked(self) -> bool:
        """Whether the bus is full: no more packets may be added until ``unblocked``."""
        return self._delivery.blocked

    @property
    def held_packets(self) -> int:
        """Packets accepted that are not on the bus yet."""
        opened = sum(len(record.packets) for record in self._open.values())
        return opened + self._delivery.held_packets

    def add(
        self,
        topic: str,
        partition: int,
        packet: bytes,
        *,
        origin: bytes = b"",
        seq: int | None = None,
        acknowledged: Acknowledged | None = None,
        unpacked_bytes: int = 0,
    ) -> None:
        """Put a packet into the record of its partition.

        origin (16 bytes) and seq, both or neither, are those of chunks 16 and 17 of the packet,
        whose sender numbers it. acknowledged is called once for this packet, from the event
        loop, when the bus has acknowledged the record that holds it; it must not raise.
        unpacked_bytes is the size of its payload, which may have come compressed: a record is
        bounded by what its readers will have in memory.
        """
        key = (topic, partition, origin)
        record = self._open.get(key)
        size = len(packet)
        # Not max(), a call for every packet.
        size = unpacked_bytes if unpacked_bytes > size else size  # noqa: FURB136
        if record is None:
            record = self._begin(key)
        elif (
            record.size + size > self._record_bytes
            or len(record.packets) >= MAX_PACKETS
            # A number that does not rise was sent again: it begins a record.
            or (seq is not None and seq <= record.last_seq)
        ):
            self._close(key, record)
            record = self._open[key] = _Open()
        if seq is not None:
            record.last_seq = seq
        if acknowledged is not None:
            record.acknowledged.append(acknowledged)
        record.packets.append(packet)
        record.size += size

    async def unblocked(self) -> None:
        """Return once more packets may be added."""
        await self._delivery.unblocked()

    async def flush(self) -> None:
        """Put everything on the bus, waiting for room; raises what the bus raises."""
        self._close_all()
        await self._delivery.flush()

    def _begin(self, key: _Key) -> _Open:
        record = self._open[key] = _Open()
        if self._timer is None:
            loop = asyncio.get_running_loop()
            close = self._supervisor.guarded(self._close_by_age, name="ingest batcher")
            self._timer = loop.call_later(self._age, close)
        return record

    def _close_by_age(self) -> None:
        self._timer = None
        sizes = [record.size for record in self._open.values()]
        self._close_all()
        if sizes and sum(sizes) < self._record_bytes * SMALL_SHARE * len(sizes):
            self._age = min(self._age * 1.5, self._least_age * MAX_AGE_FACTOR)
        else:
            self._age = max(self._age / 1.5, self._least_age)

    def _close_all(self) -> None:
        opened, self._open = self._open, {}
        for key, record in opened.items():
            self._close(key, record)

    def _close(self, key: _Key, record: _Open) -> None:
        topic, partition, origin = key
        packets = len(record.packets)
        headers = self._headers(topic, partition, origin, packets)
        acknowledged = partial(_tell, record.acknowledged) if record.acknowledged else None
        value = b"".join(record.packets)
        self._delivery.deliver(Sealed(topic, partition, value, packets, headers, acknowledged))

    def _headers(self, topic: str, partition: int, origin: bytes, packets: int) -> Headers:
        if origin:
            return headers_of(Numbering(origin, None))
        where = (topic, partition)
        first = self._next_seq.get(where, 1)
        self._next_seq[where] = first + packets
        return headers_of(Numbering(self._origin, first))


def _tell(acknowledged: list[Acknowledged]) -> None:
    for tell in acknowledged:
        tell()
