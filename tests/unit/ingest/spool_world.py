"""A bus that is full, slow, away or lost at will, and an ingest before it that may die.

The bus keeps what it was given over every death. Senders with numbers of their own send again
what was not acknowledged; plain ones do not.
"""

import asyncio
import os
import tempfile
from collections import Counter, deque
from functools import partial
from pathlib import Path

from prometheus_client import CollectorRegistry

from hepscope_common.bus.origins import Headers, Numbering, headers_of
from hepscope_common.bus.protocol import Acknowledged
from hepscope_common.runtime import Supervisor
from hepscope_ingest.delivery import Sealed
from hepscope_ingest.delivery_backlog import SpoolDamagedError
from hepscope_ingest.delivery_spooled import LostPacketsError, SpooledDelivery
from hepscope_ingest.metrics import IngestMetrics
from hepscope_ingest.spool import Spool

TOPIC = "hep.signalling.v1"

PATIENCE_SECONDS = 60.0
"""For disks of machines that have a lot to do."""

Written = tuple[int, bytes, int]
"""Partition, origin, number of the only packet of a record."""


class FickleBus:
    """Producer and log in one; what is pending is in the producer's memory alone."""

    def __init__(self) -> None:
        self.log: list[Written] = []
        self.is_full = False
        self.acknowledges = False
        self.capacity = 5
        self._pending: deque[tuple[Written, Acknowledged | None]] = deque()

    def offer(
        self,
        topic: str,  # noqa: ARG002 - the signature of every producer
        partition: int,
        value: bytes,
        packets: int,  # noqa: ARG002
        headers: Headers = (),
        *,
        acknowledged: Acknowledged | None = None,
    ) -> bool:
        """Take a record unless it is full."""
        if self.is_full or len(self._pending) >= self.capacity:
            return False
        found = dict(headers)
        written = (partition, found["origin"], int.from_bytes(value[:8], "big"))
        self._pending.append((written, acknowledged))
        if self.acknowledges:
            asyncio.get_running_loop().call_soon(self.acknowledge, 1)
        return True

    async def send(self, *_: object, **__: object) -> None:
        """Not wanted: who sends has decided, and could spool no more."""
        raise AssertionError

    async def flush(self) -> None:
        """Not wanted either."""

    def acknowledge(self, count: int) -> None:
        """Write the oldest records, and say so."""
        for _ in range(min(count, len(self._pending))):
            written, acknowledged = self._pending.popleft()
            self.log.append(written)
            if acknowledged is not None:
                acknowledged()

    def die(self, written: int) -> None:
        """Lose the producer: the broker has got the first few of its records, nobody was told."""
        self.log += [one for one, _ in list(self._pending)[:written]]
        self._pending.clear()


class Sender:
    """Numbers records for some partitions, in the order in which it gives them."""

    def __init__(self, origin: bytes, *, repeats: bool) -> None:
        self.origin = origin
        self.repeats = repeats
        self.given: list[tuple[int, int]] = []
        self.acknowledged: set[int] = set()

    def record(self, partition: int, seq: int) -> Sealed:
        """Return a record of one packet."""
        headers = headers_of(Numbering(self.origin, None if self.repeats else seq))
        told = partial(self.acknowledged.add, seq)
        return Sealed(TOPIC, partition, seq.to_bytes(8, "big") + b"x" * 12, 1, headers, told)

    def next(self, partition: int) -> Sealed:
        """Return the next record."""
        seq = len(self.given) + 1
        self.given.append((partition, seq))
        return self.record(partition, seq)

    def again(self) -> list[Sealed]:
        """Return what a new connection sends: all from the first that nobody acknowledged."""
        waiting = [seq for _, seq in self.given if seq not in self.acknowledged]
        first = min(waiting, default=len(self.given) + 1)
        return [self.record(partition, seq) for partition, seq in self.given if seq >= first]


class World:
    """One ingest after the other before one bus and one directory."""

    def __init__(self, directory: Path, *, max_bytes: int = 1 << 16) -> None:
        self.bus = FickleBus()
        self.supervisor = Supervisor()
        self.metrics = IngestMetrics(CollectorRegistry())
        self.numbered = Sender(b"N" * 16, repeats=True)
        self.plain: list[Sender] = []
        self._directory = directory
        self._max_bytes = max_bytes

    async def begin(self, patience_seconds: float) -> None:
        """Start an ingest; the sender that repeats comes back."""
        ended_by = self.supervisor.failure
        assert ended_by is None or isinstance(ended_by, LostPacketsError | SpoolDamagedError)
        self.supervisor = Supervisor()
        self.spool = Spool(
            self._directory,
            max_bytes=self._max_bytes,
            sync=False,
            now_us=lambda: 0,
            segment_bytes=300,
        )
        self.delivery = SpooledDelivery(
            self.bus,
            self.metrics,
            self.supervisor,
            self.spool,
            patience_seconds=patience_seconds,
            hopeless_seconds=0.3,
        )
        await self.delivery.__aenter__()
        self.plain.append(Sender(b"P%015d" % len(self.plain), repeats=False))
        for record in self.numbered.again():
            self.delivery.deliver(record)

    def give(self, partition: int, count: int, *, numbered: bool) -> None:
        """Deliver records, unless listeners are held back."""
        sender = self.numbered if numbered else self.plain[-1]
        for _ in range(count):
            if self.delivery.blocked:
                return
            self.delivery.deliver(sender.next(partition))

    async def end(self, written: int) -> None:
        """End the ingest in good order, its producer with it."""
        await self.delivery.__aexit__(None, None, None)
        self.bus.die(written)

    async def die(self, written: int) -> None:
        """Kill the ingest: what is in memory is gone."""
        # A closed spool takes nothing that the end of the delivery would save.
        self.spool.close()
        await self.delivery.__aexit__(None, None, None)
        self.bus.die(written)

    def rot(self, seq: int, sender: Sender) -> None:
        """Change a byte of a record on disk."""
        (header,) = [value for name, value in sender.record(0, seq).headers if name == "origin"]
        for path in sorted(self._directory.glob("*.spool")):
            data = path.read_bytes()
            at = data.find(seq.to_bytes(8, "big") + b"x" * 12, data.find(header))
            if at >= 0:
                path.write_bytes(data[:at] + b"!" + data[at + 1 :])
                return
        raise AssertionError(seq)

    def spoil(self, file: int, offset: int) -> None:
        """Change a byte of one of the files, whatever it means."""
        paths = sorted(self._directory.glob("*.spool"))
        if paths:
            # One byte in its place: a file may be written meanwhile.
            with paths[file % len(paths)].open("r+b") as opened:
                at = offset % max(1, os.fstat(opened.fileno()).st_size)
                opened.seek(at)
                was = opened.read(1)
                opened.seek(at)
                opened.write(bytes(byte ^ 0x55 for byte in was))

    async def calm(self) -> None:
        """Let the bus take and acknowledge everything, over a new start where damage needs one."""
        self.bus.is_full, self.bus.acknowledges = False, True
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (self.spool.is_empty and self.delivery.is_idle):
                if isinstance(self.supervisor.failure, SpoolDamagedError):
                    await self.end(0)
                    await self.begin(0.0)
                self.bus.acknowledge(100)
                await asyncio.sleep(0.001)

    def order(self) -> dict[tuple[int, bytes], list[int]]:
        """Return, per partition and origin, the numbers as a writer stores them."""
        stored: dict[tuple[int, bytes], list[int]] = {}
        for partition, origin, seq in self.bus.log:
            numbers = stored.setdefault((partition, origin), [])
            if not numbers or seq > numbers[-1]:
                numbers.append(seq)
        return stored

    def lost(self, sender: Sender) -> Counter[int]:
        """Return the numbers of a sender that no writer has stored."""
        stored = self.order()
        return Counter(
            seq
            for partition, seq in sender.given
            if seq not in stored.get((partition, sender.origin), ())
        )


def scratch() -> Path:
    """Return an empty directory of this example's own."""
    return Path(tempfile.mkdtemp(prefix="hepscope-spool-"))
