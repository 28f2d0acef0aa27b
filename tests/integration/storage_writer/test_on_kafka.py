"""The writer on a real Kafka: what is sent twice, and a log that lost what was not stored."""

import argparse
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from aiokafka import TopicPartition as WireTopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from prometheus_client import CollectorRegistry

from hep import admit
from hepscope_common.bus.kafka import KafkaBus
from hepscope_common.bus.kafka_browser import browse
from hepscope_common.bus.origins import Numbering, headers_of
from hepscope_common.bus.settings import BusSettings
from hepscope_common.bus.topics import SIGNALLING
from hepscope_common.clock import wall_clock_us
from hepscope_common.runtime import StartupError, Supervisor
from hepscope_standalone import positions
from hepscope_storage_writer.component import StorageWriter
from hepscope_storage_writer.metrics import WriterMetrics
from integration.storage_writer.rig import SETTINGS, Rig, fetch, until
from support.builders import make_packet, make_request
from support.kafka import Kafka

pytestmark = pytest.mark.database

ORIGIN = bytes(range(16))


@pytest.fixture
def settings(kafka: Kafka) -> BusSettings:
    """A bus of its own on the broker, with one partition."""
    return BusSettings(
        bootstrap_servers=(kafka.bootstrap,),
        partitions=1,
        topic_prefix=f"writer-{secrets.token_hex(4)}.",
    )


@asynccontextmanager
async def producing(settings: BusSettings) -> AsyncIterator[KafkaBus]:
    """Lend a bus to put records on."""
    async with KafkaBus(settings, CollectorRegistry(), Supervisor()) as bus:
        yield bus


@asynccontextmanager
async def writing(settings: BusSettings, database: str) -> AsyncIterator[Rig]:
    """Run a writer in a process of its own, as it were."""
    registry, supervisor = CollectorRegistry(), Supervisor()
    metrics = WriterMetrics(registry)
    async with (
        KafkaBus(settings, registry, supervisor) as bus,
        StorageWriter(
            SETTINGS, bus=bus, dsn=database, metrics=metrics, supervisor=supervisor
        ) as writer,
    ):
        yield Rig(writer, metrics, supervisor)


async def put(bus: KafkaBus, numbers: Sequence[int]) -> None:
    """Put a record of consecutive numbers on the bus and wait until it is there."""
    packets = [
        admit(
            make_packet(make_request("INVITE", f"packet-{n}"), time_us=wall_clock_us()),
            received_at_us=wall_clock_us(),
            peer=bytes(6),
        ).packet
        for n in numbers
    ]
    headers = headers_of(Numbering(ORIGIN, numbers[0]))
    producer = bus.producer()
    await producer.send(SIGNALLING, 0, b"".join(packets), len(packets), headers)
    await producer.flush()


async def stored(database: str) -> list[int]:
    """Return the numbers stored, sorted."""
    rows = await fetch(database, "select call_id from hepscope.sip")
    return sorted(int(row["call_id"].removeprefix("packet-")) for row in rows)


async def test_overlapping_copies_are_stored_once_by_writers_in_turn(
    settings: BusSettings, database: str
) -> None:
    """Before, between and after a hand-over."""
    async with producing(settings) as bus:
        await put(bus, range(1, 6))
        await put(bus, range(1, 6))
        async with writing(settings, database) as rig:
            await until(lambda: rig.counts().get("duplicates_total{}", 0) == 5, seconds=60)
        await put(bus, range(3, 9))
        async with writing(settings, database) as rig:
            await until(lambda: rig.counts().get("rows_total{sip_call}", 0) == 3, seconds=60)
            assert rig.counts()["duplicates_total{}"] == 3

    assert await stored(database) == list(range(1, 9))


async def test_a_log_that_expired_is_reported_and_accepted(
    settings: BusSettings, database: str
) -> None:
    """The writer stops with the command to type; after it, what is left is stored."""
    async with producing(settings) as bus:
        await put(bus, [1])
        async with writing(settings, database) as rig:
            await until(lambda: rig.counts().get("rows_total{sip_call}", 0) == 1, seconds=60)
        for number in range(2, 7):
            await put(bus, [number])
        await _expire(settings, before=4)

        async with writing(settings, database) as rig:
            await rig.supervisor.stopped()
        assert isinstance(rig.supervisor.failure, StartupError)
        assert "hepscope positions accept-gap" in str(rig.supervisor.failure)

        async with browse(settings) as browser:
            assert await positions.accept_gaps(_accept_all(), database, browser) == 0
        async with writing(settings, database) as rig:
            await until(lambda: rig.counts().get("rows_total{sip_call}", 0) == 2, seconds=60)
            assert rig.writer.given_up_records == 3

    assert await stored(database) == [1, 5, 6]


def _accept_all() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    positions.add_arguments(parser)
    return parser.parse_args(["accept-gap", "--all", "--yes"])


async def _expire(settings: BusSettings, *, before: int) -> None:
    """Delete the records before an offset, as retention does."""
    where = WireTopicPartition(settings.topic_prefix + SIGNALLING, 0)
    admin = AIOKafkaAdminClient(bootstrap_servers=list(settings.bootstrap_servers))
    await admin.start()
    try:
        await admin.delete_records({where: RecordsToDelete(before)})
    finally:
        await admin.close()
