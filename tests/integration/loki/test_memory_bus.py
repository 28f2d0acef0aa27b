"""The sink beside writer and exporter on the bus in memory, which it must never hold up."""

import asyncio

from hepscope_common.bus import TOPICS, MemoryBus
from integration.loki.rig import (
    assert_in_order,
    numbers,
    put,
    running_sink,
    settings_of,
    sip,
    until,
)
from support.loki import Loki, Reply


async def test_loki_away_and_back(loki: Loki) -> None:
    """What came meanwhile arrives, in order, within the buffer."""
    bus = MemoryBus(partitions=4)
    async with running_sink(bus, settings_of(loki), drops=True) as rig:
        await put(bus, [sip(n) for n in range(100)])
        await until(lambda: len(loki.lines) == 100, "the first lines")
        loki.stop()
        await put(bus, [sip(n) for n in range(100, 300)])
        await until(lambda: not rig.sink.is_up, "trouble")
        loki.start()
        await until(lambda: len(set(numbers(loki))) == 300, "all lines")
    assert_in_order(loki)
    assert rig.count("passed_records_total") == 0


async def test_a_loki_that_is_away_for_long_stops_nothing(loki: Loki) -> None:
    """The bus has room all the time; the oldest records are dropped and counted."""
    loki.stop()
    bus = MemoryBus(partitions=1, max_bytes=256 * 1024, groups=["writer"])
    settings = settings_of(loki, buffer_bytes=1024 * 1024, batch_bytes=256 * 1024)
    payload = b"INVITE sip:x SIP/2.0\r\nCall-ID: call-%06d@x\r\n\r\n" + b"x" * 1000
    async with (
        running_sink(bus, settings, drops=True) as rig,
        bus.consumer("writer", TOPICS) as writer,
    ):
        for n in range(0, 4000, 20):
            async with asyncio.timeout(60):
                await put(bus, [sip(m, payload=payload % m) for m in range(n, n + 20)])
                while await writer.poll(max_bytes=1 << 20, timeout_seconds=0):
                    writer.commit(writer.positions)
        await until(lambda: bus.used_bytes == 0, "the bus to be empty")
        assert rig.count("waiting_bytes") < 2 * 1024 * 1024
        dropped = rig.count("passed_records_total", reason="dropped")
        assert dropped > 50
        loki.start()
        await until(lambda: 3999 in numbers(loki), "the newest")
    found = numbers(loki)
    assert len(set(found)) == 4000 - 20 * dropped
    assert found[-700:] == list(range(3300, 4000))


async def test_a_loki_that_never_answers_stops_nothing(loki: Loki) -> None:
    """Neither does the push that waits for it."""
    loki.always = Reply(reset=True)
    bus = MemoryBus(partitions=1, max_bytes=64 * 1024)
    async with running_sink(bus, settings_of(loki, drain_seconds=0), drops=True):
        for n in range(0, 1000, 20):
            async with asyncio.timeout(60):
                await put(bus, [sip(m) for m in range(n, n + 20)])
        await until(lambda: bus.used_bytes == 0, "the bus to be empty")


async def test_the_end_pushes_what_is_there(loki: Loki) -> None:
    """Without waiting for the age of the batch."""
    bus = MemoryBus(partitions=4)
    async with running_sink(bus, settings_of(loki, batch_wait_ms=60_000), drops=True):
        await put(bus, [sip(n) for n in range(100)])
    assert sorted(numbers(loki)) == list(range(100))


async def test_a_moment_of_trouble_at_the_end_loses_nothing(loki: Loki) -> None:
    """The bus ends with the process: there is no other time to try again."""
    bus = MemoryBus(partitions=4)
    loki.script += [Reply(503, "", {"retry-after": "60"}), Reply(429, "slow down"), Reply(500)]
    async with running_sink(bus, settings_of(loki, batch_wait_ms=60_000), drops=True) as rig:
        await put(bus, [sip(n) for n in range(100)])
    assert sorted(numbers(loki)) == list(range(100))
    assert rig.count("passed_records_total") == 0


async def test_what_the_end_cannot_push_is_counted(loki: Loki) -> None:
    """The bus ends with the process, and so do its records."""
    loki.stop()
    bus = MemoryBus(partitions=1)
    async with running_sink(bus, settings_of(loki, drain_seconds=0.2), drops=True) as rig:
        await put(bus, [sip(n) for n in range(100)])
        await until(lambda: not rig.sink.is_up, "trouble")
    assert rig.count("passed_records_total", reason="ended") == 5


async def test_lines_of_one_batch_come_sorted_and_partitions_apart(loki: Loki) -> None:
    """A stream holds one partition, so that none is behind another."""
    bus = MemoryBus(partitions=4)
    async with running_sink(bus, settings_of(loki, batch_wait_ms=100), drops=True):
        await put(bus, [sip(n) for n in range(200)], per_record=1)
        await until(lambda: len(loki.lines) == 200, "all lines")
    assert {line.labels["partition"] for line in loki.lines} == {"0", "1", "2", "3"}
    assert_in_order(loki)
