"""Whatever happens, in whatever order: a server that stores as hepscope does has all of it once."""

import random
import shutil
import tempfile
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hepscope_capture.delivery.batch import Batch
from hepscope_capture.delivery.custody import Custody
from hepscope_capture.delivery.limits import Limits
from hepscope_capture.delivery.spool import Spool

MB = 1024 * 1024
LIMITS = Limits(memory_bytes=MB, spill_bytes=6000, spill_seconds=1.0, flight_bytes=8000)


class Life(RuleBasedStateMachine):
    """A custody, its disk, a connection and a server, over any number of processes."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp())
        self.now = 100.0
        self.processes = 0
        self.given: list[bytes] = []
        self.may_be_lost: set[bytes] = set()
        self.stored: list[bytes] = []
        self.highest: dict[bytes, int] = {}
        self.chance = random.Random(0)
        self.begin()

    def begin(self) -> None:
        """A process starts."""
        self.processes += 1
        self.custody = Custody(bytes([self.processes]) * 16, LIMITS)
        self.spool = Spool(self.place, 100 * MB, lambda: 0, segment_bytes=5000)
        self.spool.open()
        self.custody.disk.use(self.spool)
        self.origin = b""
        self.wire: deque[tuple[bytes, int, bytes]] = deque()
        self.arrived: dict[bytes, int] = {}

    def teardown(self) -> None:
        """Bring everything there; then nothing is left anywhere."""
        try:
            self.bring_everything_there()
        finally:
            self.spool.close()
            shutil.rmtree(self.place)

    def bring_everything_there(self) -> None:
        """Over a last connection that holds."""
        self.disconnect()
        for _ in range(1000):
            self.take(50)
            self.arrive(100_000)
            self.acknowledge()
            if not self.custody.kept:
                break
        assert self.custody.kept == 0
        assert self.custody.take() is None
        assert self.spool.packets == self.spool.size_bytes == 0
        assert not list(self.place.glob("*.spool"))
        assert len(self.stored) == len(set(self.stored))
        missing = set(self.given) - set(self.stored)
        assert missing <= self.may_be_lost
        order = {packet: at for at, packet in enumerate(self.given)}
        assert [order[packet] for packet in self.stored] == sorted(
            order[packet] for packet in self.stored
        )

    @rule(count=st.integers(1, 40), size=st.integers(1, 900))
    def put(self, count: int, size: int) -> None:
        """Packets come."""
        first = len(self.given)
        packets = [b"%08d" % (first + at) + bytes(size) for at in range(count)]
        self.given += packets
        self.custody.put(packets, self.now)

    @rule(batches=st.integers(1, 6))
    def take(self, batches: int) -> None:
        """The connection takes some; of another origin once the one before is done."""
        if not self.custody.in_flight and self.custody.next_origin:
            self.origin = self.custody.next_origin
        for _ in range(batches):
            batch = self.custody.take(self.origin)
            if batch is None:
                break
            self.send(batch)

    def send(self, batch: Batch) -> None:
        """Put a batch on the wire."""
        for at in range(batch.skip, len(batch)):
            self.wire.append((batch.origin, batch.first_seq + at, batch.packets[at]))

    @rule(packets=st.integers(1, 200))
    def arrive(self, packets: int) -> None:
        """The server stores some of what is on the wire."""
        for _ in range(min(packets, len(self.wire))):
            origin, seq, packet = self.wire.popleft()
            self.arrived[origin] = seq
            if seq > self.highest.get(origin, 0):
                self.highest[origin] = seq
                self.stored.append(packet)

    @rule()
    def acknowledge(self) -> None:
        """The server says what it has of this connection."""
        if self.origin in self.arrived:
            self.custody.acknowledge(self.origin, self.arrived[self.origin])

    @rule()
    def disconnect(self) -> None:
        """What is on the wire is lost."""
        self.wire.clear()
        self.custody.rewind()
        self.origin = self.custody.next_origin
        # A server that is the same process still knows.
        if self.origin in self.arrived and self.chance.random() < 0.5:
            self.custody.acknowledge(self.origin, self.arrived[self.origin])

    @rule(seconds=st.floats(0, 2), is_down=st.booleans())
    def spill(self, seconds: float, is_down: bool) -> None:
        """Time passes."""
        self.now += seconds
        self.custody.spill(self.now, is_down=is_down)
        self.custody.disk.note_position()

    @rule()
    def end(self) -> None:
        """The process ends in good order, and another starts."""
        assert self.custody.spill_all(self.now)
        self.custody.disk.note_position()
        self.spool.close()
        kept = self.custody.kept
        self.begin()
        assert self.spool.recovered == kept

    @rule(torn=st.integers(0, 30))
    def kill(self, torn: int) -> None:
        """The process dies, perhaps in the middle of writing."""
        in_memory = self.custody.kept - self.spool.packets
        self.may_be_lost |= set(self.given[len(self.given) - in_memory :])
        self.spool.close()
        last = max(self.place.glob("*.spool"), default=None)
        if last is not None and torn:
            with last.open("ab") as file:
                file.write((b"\xffHSf" + bytes(40))[:torn])
        self.begin()

    @precondition(lambda self: self.custody.kept)
    @invariant()
    def everything_is_counted(self) -> None:
        """Every packet is in one of the numbers."""
        counts = self.custody.snapshot()
        given = counts.taken + counts.recovered
        assert given == counts.delivered + sum(counts.dropped.values()) + counts.kept


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


@pytest.mark.parametrize("seed", range(60))
def test_long_lives(seed: int) -> None:
    """Longer ones than are tried above, most of it traffic."""
    chance = random.Random(seed)
    life = Life()
    life.chance = chance
    acts: list[tuple[int, Callable[[], None]]] = [
        (9, lambda: life.put(chance.randint(1, 60), chance.randint(1, 900))),
        (9, lambda: life.take(chance.randint(1, 4))),
        (8, lambda: life.arrive(chance.randint(1, 200))),
        (8, life.acknowledge),
        (3, life.disconnect),
        (4, lambda: life.spill(chance.random() * 2, chance.random() < 0.3)),
        (1, life.end),
        (1, lambda: life.kill(chance.choice((0, 5, 25)))),
    ]
    weights = [weight for weight, _ in acts]
    for _ in range(150):
        chance.choices(acts, weights)[0][1]()
        life.everything_is_counted()
    life.teardown()
