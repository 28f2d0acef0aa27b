"""Grouping of packets into records, and what happens while the bus takes none."""

import asyncio
from functools import partial

import pytest
from prometheus_client import CollectorRegistry

from hepscope_common.bus import SIGNALLING
from hepscope_common.bus.origins import Headers, Numbering, numbering_of
from hepscope_common.bus.protocol import Acknowledged
from hepscope_common.runtime import Supervisor
from hepscope_ingest.batcher import MAX_PACKETS, Batcher
from hepscope_ingest.delivery import DirectDelivery
from hepscope_ingest.metrics import IngestMetrics


class Scripted:
    """A producer that is full, and then has room or fails, when told so."""

    def __init__(self) -> None:
        self.full = False
        self.failure: Exception | None = None
        self.taken: list[bytes] = []
        self.headers: list[Headers] = []
        self.unacknowledged: list[Acknowledged] = []
        self.room = asyncio.Event()

    def offer(
        self,
        topic: str,  # noqa: ARG002 - the signature of every producer
        partition: int,  # noqa: ARG002
        value: bytes,
        packets: int,  # noqa: ARG002
        headers: tuple[tuple[str, bytes], ...] = (),
        *,
        acknowledged: Acknowledged | None = None,
    ) -> bool:
        if self.full:
            return False
        self.taken.append(value)
        self.headers.append(headers)
        if acknowledged is not None:
            self.unacknowledged.append(acknowledged)
        return True

    async def send(
        self,
        topic: str,
        partition: int,
        value: bytes,
        packets: int,
        headers: tuple[tuple[str, bytes], ...] = (),
        *,
        acknowledged: Acknowledged | None = None,
    ) -> None:
        await self.room.wait()
        if self.failure is not None:
            raise self.failure
        self.full = False
        self.offer(topic, partition, value, packets, headers, acknowledged=acknowledged)

    async def flush(self) -> None:
        return


class Bench:
    """A batcher and its surroundings; its records hold ten bytes."""

    def __init__(self, *, age_seconds: float = 60.0) -> None:
        self.producer = Scripted()
        self.supervisor = Supervisor()
        self.metrics = IngestMetrics(CollectorRegistry())
        self.batcher = Batcher(
            DirectDelivery(self.producer, self.metrics, self.supervisor),
            self.supervisor,
            record_bytes=10,
            age_seconds=age_seconds,
        )

    def add(self, *packets: bytes) -> None:
        for packet in packets:
            self.batcher.add(SIGNALLING, 0, packet)


async def test_a_record_closes_by_size() -> None:
    """The packet that would pass the bound begins the next one."""
    bench = Bench()
    bench.add(b"12345", b"67890", b"a")

    assert bench.producer.taken == [b"1234567890"]
    assert bench.batcher.held_packets == 1
    assert bench.metrics.records.counts[()] == 1


async def test_a_record_closes_by_count() -> None:
    """The index of a packet in its record has ten bits."""
    bench = Bench()
    bench.add(*[b""] * (MAX_PACKETS + 1))

    assert bench.metrics.records.counts[()] == 1
    assert bench.batcher.held_packets == 1


async def test_a_record_closes_by_age() -> None:
    """A lone packet waits for a few milliseconds only."""
    bench = Bench(age_seconds=0.001)
    bench.add(b"1")

    async with asyncio.timeout(60):
        while not bench.producer.taken:
            await asyncio.sleep(0.001)
    assert bench.batcher.held_packets == 0


async def test_a_packet_larger_than_a_record_is_a_record() -> None:
    """The bound closes records, it refuses nothing."""
    bench = Bench()
    bench.add(b"x" * 50, b"y")

    assert bench.producer.taken == [b"x" * 50]


async def test_a_record_is_bounded_by_what_it_unpacks_to() -> None:
    """A kilobyte that inflates to a quarter of a megabyte weighs what it will in memory."""
    bench = Bench()
    for packet in (b"a", b"b", b"c"):
        bench.batcher.add(SIGNALLING, 0, packet, unpacked_bytes=6)

    assert bench.producer.taken == [b"a", b"b"]


async def test_records_wait_in_order_for_a_full_bus() -> None:
    """It blocks at the first refusal, counts one stall, and sends all once there is room."""
    bench = Bench()
    bench.producer.full = True
    bench.add(b"1" * 10, b"2" * 10, b"3" * 10)
    was_blocked = bench.batcher.blocked
    assert bench.metrics.stalls.counts[()] == 1
    assert bench.batcher.held_packets == 3

    bench.producer.room.set()
    await bench.batcher.flush()

    assert [value[:1] for value in bench.producer.taken] == [b"1", b"2", b"3"]
    assert (was_blocked, bench.batcher.blocked) == (True, False)
    assert (bench.batcher.held_packets, bench.metrics.records.counts[()]) == (0, 3)


async def test_a_bus_that_fails_ends_the_process_and_is_not_passed_by() -> None:
    """What waits keeps its place, and the last attempt tells its error to whoever flushes."""
    bench = Bench()
    bench.producer.full = True
    bench.add(b"1" * 10, b"2" * 10)
    bench.producer.failure = OSError("bus lost")
    bench.producer.room.set()
    await bench.batcher.unblocked()
    assert str(bench.supervisor.failure) == "bus lost"

    bench.producer.full = False
    bench.add(b"3" * 10, b"4" * 10)
    with pytest.raises(OSError, match="bus lost"):
        await bench.batcher.flush()

    assert bench.producer.taken == []
    assert bench.batcher.held_packets == 4


async def test_a_flush_that_is_cut_short_keeps_what_it_held() -> None:
    """A drain that ran out of time can tell how much was lost, and a later one sends it."""
    bench = Bench()
    bench.producer.full = True
    bench.add(b"1" * 10, b"2" * 10)
    flushing = asyncio.create_task(bench.batcher.flush())
    await asyncio.sleep(0)
    flushing.cancel()
    await asyncio.wait([flushing])
    assert bench.batcher.held_packets == 2

    bench.producer.room.set()
    await bench.batcher.flush()

    assert [value[:1] for value in bench.producer.taken] == [b"1", b"2"]


async def test_an_error_in_the_timer_ends_the_process() -> None:
    """The event loop would only log it, and every later record would wait for ever."""

    class Breaking(Scripted):
        def offer(self, *_: object, **__: object) -> bool:
            raise RuntimeError("no such partition")

    bench = Bench()
    delivery = DirectDelivery(Breaking(), bench.metrics, bench.supervisor)
    batcher = Batcher(delivery, bench.supervisor, record_bytes=10, age_seconds=0.001)
    batcher.add(SIGNALLING, 0, b"1")
    async with asyncio.timeout(60):
        await bench.supervisor.stopped()
    assert str(bench.supervisor.failure) == "no such partition"


ORIGIN = bytes(range(16))


async def test_packets_of_plain_senders_are_numbered_per_partition() -> None:
    """From 1, without gaps, under one origin of this start."""
    bench = Bench()
    for partition in (0, 1):
        for _ in range(3):
            bench.batcher.add(SIGNALLING, partition, b"12345")
    await bench.batcher.flush()

    found = [numbering_of(headers) for headers in bench.producer.headers]
    assert [numbering and numbering.first_seq for numbering in found] == [1, 1, 3, 3]
    assert len({numbering.origin for numbering in found if numbering}) == 1


async def test_each_start_has_an_origin_of_its_own() -> None:
    """Numbers begin at 1 again, and must not be taken for those of before."""
    benches = [Bench(), Bench()]
    for bench in benches:
        bench.add(b"1")
        await bench.batcher.flush()
    first, second = (numbering_of(bench.producer.headers[0]) for bench in benches)
    assert first is not None
    assert second is not None
    assert first.origin != second.origin
    assert first.first_seq == second.first_seq == 1


async def test_a_sender_that_numbers_gets_records_of_its_own() -> None:
    """Their header is the origin alone, since each packet holds its number."""
    bench = Bench()
    bench.add(b"p1")
    bench.batcher.add(SIGNALLING, 0, b"n7", origin=ORIGIN, seq=7)
    bench.add(b"p2")
    bench.batcher.add(SIGNALLING, 0, b"n9", origin=ORIGIN, seq=9)
    await bench.batcher.flush()

    assert bench.producer.taken == [b"p1p2", b"n7n9"]
    assert numbering_of(bench.producer.headers[1]) == Numbering(ORIGIN, None)


@pytest.mark.parametrize("again", [1, 2])
async def test_a_number_that_does_not_rise_begins_a_record(again: int) -> None:
    """What a sender sent again stands in the log twice; the writer tells by the numbers."""
    bench = Bench()
    for seq in (1, 2, again, 3):
        bench.batcher.add(SIGNALLING, 0, b"%d" % seq, origin=ORIGIN, seq=seq)
    await bench.batcher.flush()

    assert bench.producer.taken == [b"12", b"%d3" % again]


async def test_each_packet_is_told_of_once_with_its_record() -> None:
    """The callbacks of a record are called together, those of others are not."""
    bench = Bench()
    told: list[str] = []
    for name in ("a", "b", "c"):
        bench.batcher.add(SIGNALLING, 0, b"12345", acknowledged=partial(told.append, name))
    await bench.batcher.flush()
    first, second = bench.producer.unacknowledged
    assert told == []
    second()
    assert told == ["c"]
    first()
    assert told == ["c", "a", "b"]


async def test_a_record_that_nobody_waits_for_has_no_callback() -> None:
    """Datagrams are most of the traffic and pay nothing for it."""
    bench = Bench()
    bench.add(b"1" * 10, b"2")
    assert bench.producer.unacknowledged == []
