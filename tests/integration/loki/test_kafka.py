"""The sink over a real Kafka: its committed offsets are its position, and nothing is lost."""

import asyncio
import json
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from aiokafka import TopicPartition as WireTopicPartition
from aiokafka.admin import RecordsToDelete

from hepscope_common.bus.settings import BusSettings
from hepscope_common.bus.topics import LOG, SIGNALLING
from hepscope_common.clock import wall_clock_us
from integration.loki.rig import (
    assert_in_order,
    log,
    numbers,
    put,
    running_sink,
    settings_of,
    sip,
    until,
)
from support.kafka import Kafka
from support.kafka_bus import admin_of, delete_topics, running_bus
from support.kafka_bus import settings_of as bus_settings_of
from support.loki import Loki, Reply

PROCESS = Path(__file__).with_name("sink_process.py")
SOON = 60.0


@pytest.fixture
async def place(kafka: Kafka) -> AsyncIterator[BusSettings]:
    """Topics of two partitions for one test."""
    settings = bus_settings_of(kafka, partitions=2)
    yield settings
    await delete_topics(kafka, settings.topic_prefix)


@contextmanager
def sink_process(
    place: BusSettings, loki: Loki, **values: object
) -> Iterator[subprocess.Popen[str]]:
    """Run a sink in a process of its own, which is killed at the end if it still runs."""
    sections = {
        "bus": place.model_dump(mode="json", exclude={"sasl_password"}),
        "loki": settings_of(loki, **values).model_dump(mode="json", exclude={"password", "token"}),
    }
    process = subprocess.Popen(
        [sys.executable, str(PROCESS), json.dumps(sections)], stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=SOON)


async def committed(kafka: Kafka, place: BusSettings) -> dict[tuple[str, int], int]:
    """Return the offsets that the sink's group has committed."""
    async with admin_of(kafka) as admin:
        found = await admin.list_consumer_group_offsets(f"{place.topic_prefix}loki")
    return {
        (at.topic.removeprefix(place.topic_prefix), at.partition): offset.offset
        for at, offset in found.items()
        if offset.offset > 0
    }


async def test_loki_away_and_back(place: BusSettings, kafka: Kafka, loki: Loki) -> None:
    """Every line arrives, in the order of its stream; the position follows Loki, not reading."""
    async with running_bus(place) as bus, running_sink(bus, settings_of(loki), drops=False) as rig:
        await put(bus, [sip(n) for n in range(100)])
        await until(lambda: len(loki.lines) == 100, "the first lines", seconds=SOON)
        await until(lambda: rig.count("lag_records") == 0, "no lag", seconds=SOON)
        loki.stop()
        await put(bus, [sip(n) for n in range(100, 400)])
        await until(lambda: not rig.sink.is_up, "trouble", seconds=SOON)
        await until(lambda: rig.count("lag_records") > 0, "lag", seconds=SOON)
        before = rig.count("position")
        loki.start()
        await until(lambda: len(set(numbers(loki))) == 400, "all lines", seconds=SOON)
        await until(lambda: rig.count("lag_records") == 0, "no lag", seconds=SOON)
        end = rig.count("position")
        assert end > before
    assert_in_order(loki)
    assert rig.count("passed_records_total") == 0
    assert sum((await committed(kafka, place)).values()) == end


async def test_it_begins_at_the_beginning_of_the_bus(place: BusSettings, loki: Loki) -> None:
    """What came before the first start of the sink is pushed, too; what is done is not again."""
    async with running_bus(place) as bus:
        await put(bus, [sip(n) for n in range(50)])
        async with running_sink(bus, settings_of(loki), drops=False):
            await until(lambda: len(loki.lines) == 50, "lines", seconds=SOON)
    async with running_bus(place) as bus:
        await put(bus, [sip(50)])
        async with running_sink(bus, settings_of(loki), drops=False):
            await until(lambda: 50 in numbers(loki), "the next line", seconds=SOON)
    assert sorted(numbers(loki)) == list(range(51))


async def test_what_is_older_than_the_backlog_is_passed_over(
    place: BusSettings, loki: Loki
) -> None:
    """And counted: who wants no history begins now."""
    async with running_bus(place) as bus:
        await put(bus, [sip(n) for n in range(40)])
        # The broker's times have milliseconds; the next record is surely later than the bound.
        await asyncio.sleep(1.5)
        settings = settings_of(loki, backlog_hours=1 / 3600)
        async with running_sink(bus, settings, drops=False) as rig:
            await until(lambda: rig.count("passed_records_total", reason="too_old") == 2, "counts",
                        seconds=SOON)  # fmt: skip
            await put(bus, [sip(99)])
            await until(lambda: loki.lines, "a line", seconds=SOON)
    assert numbers(loki) == [99]


async def test_records_that_expired_are_counted_and_passed(
    place: BusSettings, kafka: Kafka, loki: Loki
) -> None:
    """Nobody can bring them back."""
    async with running_bus(place) as bus:
        await put(bus, [log("first", correlation="x")])
        async with running_sink(bus, settings_of(loki), drops=False):
            await until(lambda: loki.texts == ["first"], "the first line", seconds=SOON)
        for n in range(5):
            await put(bus, [log(f"log {n}", correlation="x")])
        ((partition, done),) = [
            (at[1], offset)
            for at, offset in (await committed(kafka, place)).items()
            if at[0] == LOG
        ]
        where = WireTopicPartition(place.topic_prefix + LOG, partition)
        async with admin_of(kafka) as admin:
            await admin.delete_records({where: RecordsToDelete(done + 3)})
        async with running_sink(bus, settings_of(loki), drops=False) as rig:
            await until(lambda: len(loki.lines) == 3, "the rest", seconds=SOON)
            assert rig.count("passed_records_total", reason="expired") == 3
    assert loki.texts == ["first", "log 3", "log 4"]


async def test_records_that_expire_while_loki_is_away_are_counted_and_passed(
    place: BusSettings, kafka: Kafka, loki: Loki
) -> None:
    """What was read before is pushed, and what comes after; not one line is unaccounted for."""
    loki.stop()
    settings = settings_of(loki, buffer_bytes=1024 * 1024, batch_bytes=256 * 1024)
    async with running_bus(place) as bus, running_sink(bus, settings, drops=False) as rig:
        await put(bus, [log(f"{n} {'x' * 10_000}", correlation="x") for n in range(1200)])
        await until(lambda: rig.count("waiting_bytes") > 1024 * 1024, "a full buffer", seconds=SOON)
        (partition,) = [
            sample.labels["partition"]
            for family in rig.registry.collect()
            for sample in family.samples
            if sample.name == "hepscope_writer_loki_lag_records" and sample.value > 0
        ]
        where = WireTopicPartition(place.topic_prefix + LOG, int(partition))
        async with admin_of(kafka) as admin:
            await admin.delete_records({where: RecordsToDelete(59)})
        loki.start()
        await until(lambda: 1199 in _first_words(loki), "the last line", seconds=SOON)
        expired = rig.count("passed_records_total", reason="expired")
    assert expired > 10
    # Those of a push that was repeated are there twice, which is what at least once means.
    found = list(dict.fromkeys(_first_words(loki)))
    assert len(found) == 1200 - 20 * expired, found
    assert found == sorted(found)
    assert found[-20:] == list(range(1180, 1200))


async def test_killed_between_push_and_commit_it_loses_nothing(
    place: BusSettings, kafka: Kafka, loki: Loki
) -> None:
    """Loki has the lines, the group does not know: they come twice, and none is missing."""
    release = threading.Event()
    loki.script.append(Reply(204, stores=True, until=release))
    async with running_bus(place) as bus:
        await put(bus, [sip(n) for n in range(60)])
        with sink_process(place, loki, timeout_seconds=60) as process:
            await until(lambda: loki.requests, "a push", seconds=SOON)
            process.send_signal(signal.SIGKILL)
            process.wait(SOON)
        release.set()
        assert await committed(kafka, place) == {}
        await put(bus, [sip(n) for n in range(60, 90)])
        with sink_process(place, loki):
            await until(lambda: set(numbers(loki)) == set(range(90)), "all lines", seconds=SOON)
            await until(lambda: loki.statuses[204] >= 1, "an answer", seconds=SOON)
    assert_in_order(loki)


async def test_killed_again_and_again_it_loses_nothing(place: BusSettings, loki: Loki) -> None:
    """Wherever it is: reading, pushing or committing."""
    async with running_bus(place) as bus:
        for number in range(2):
            await put(bus, [sip(n) for n in range(number * 100, number * 100 + 100)])
            had = len(loki.requests)
            with sink_process(place, loki, batch_bytes=16 * 1024, max_line_bytes=16_000) as process:
                await until(partial(_asked_again, loki, had), "a push", seconds=SOON)
                process.send_signal(signal.SIGKILL)
                process.wait(SOON)
        async with running_sink(bus, settings_of(loki), drops=False):
            await until(lambda: set(numbers(loki)) == set(range(200)), "all lines", seconds=SOON)
    assert_in_order(loki)


async def test_two_sinks_share_the_partitions_and_lose_nothing(
    place: BusSettings, loki: Loki
) -> None:
    """One joins while the other pushes, and leaves again."""
    async with running_bus(place) as first, running_sink(first, settings_of(loki), drops=False):
        await put(first, [sip(n) for n in range(100)])
        await until(lambda: len(loki.lines) >= 100, "the first lines", seconds=SOON)
        async with (
            running_bus(place) as second,
            running_sink(second, settings_of(loki), drops=False) as other,
        ):
            await until(lambda: other.count("position") > 0, "a share", seconds=SOON)
            await put(first, [sip(n) for n in range(100, 200)])
            await until(lambda: set(numbers(loki)) == set(range(200)), "all", seconds=SOON)
        await put(first, [sip(n) for n in range(200, 300)])
        await until(lambda: set(numbers(loki)) == set(range(300)), "all", seconds=SOON)
    assert_in_order(loki)


async def test_a_full_buffer_pauses_reading_and_drops_nothing(
    place: BusSettings, loki: Loki
) -> None:
    """What does not fit stays on Kafka, and memory stays bounded."""
    loki.stop()
    body = "x" * 4000
    settings = settings_of(loki, buffer_bytes=1024 * 1024, batch_bytes=256 * 1024)
    async with running_bus(place) as bus, running_sink(bus, settings, drops=False) as rig:
        await put(bus, [sip(n, payload=_long(n, body)) for n in range(1000)])
        await until(lambda: rig.count("waiting_bytes") > 1024 * 1024, "a full buffer", seconds=SOON)
        await until(lambda: not rig.sink.is_up, "trouble", seconds=SOON)
        assert rig.count("waiting_bytes") < 3 * 1024 * 1024
        loki.start()
        await until(lambda: set(numbers(loki)) == set(range(1000)), "all lines", seconds=SOON)
        await until(lambda: rig.count("lag_records") == 0, "no lag", seconds=SOON)
    assert_in_order(loki)


async def test_a_storm_of_429_over_kafka(place: BusSettings, loki: Loki) -> None:
    """Every second push is refused; all lines arrive once."""
    loki.script.extend([Reply(429, "rate"), Reply(503)] * 20)
    async with running_bus(place) as bus, running_sink(bus, settings_of(loki), drops=False) as rig:
        await put(bus, [sip(n) for n in range(300)])
        await until(lambda: set(numbers(loki)) == set(range(300)), "all lines", seconds=SOON)
    assert len(loki.lines) == 300
    assert rig.count("retries_total") == 40
    assert_in_order(loki)


async def test_one_stalled_loki_stops_no_other_reader(place: BusSettings, loki: Loki) -> None:
    """A group of its own: whoever else reads goes on."""
    release = threading.Event()
    loki.always = Reply(503, until=release)
    async with (
        running_bus(place) as bus,
        running_sink(bus, settings_of(loki, drain_seconds=0), drops=False),
        bus.consumer("writer", [SIGNALLING]) as writer,
    ):
        await put(bus, [sip(n) for n in range(200)])
        seen = 0
        async with asyncio.timeout(SOON):
            while seen < 200:
                records = await writer.poll(max_bytes=1 << 20, timeout_seconds=1)
                seen += sum(record.packets for record in records)
        release.set()


def _asked_again(loki: Loki, had: int) -> bool:
    return len(loki.requests) > had


def _first_words(loki: Loki) -> list[int]:
    return [int(text.split()[0]) for text in loki.texts]


def _long(number: int, body: str) -> bytes:
    head = f"INVITE sip:x SIP/2.0\r\nCall-ID: call-{number:06d}@x\r\nX-At: {wall_clock_us()}"
    return f"{head}\r\n\r\n{body}".encode()
