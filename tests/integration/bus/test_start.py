"""What a bus does before it can work."""

import asyncio

import pytest
from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from prometheus_client import CollectorRegistry

from hepscope_common.bus import DEAD_LETTER, MEDIA, SIGNALLING, TOPICS
from hepscope_common.bus.kafka import KafkaBus
from hepscope_common.bus.settings import BusSettings
from hepscope_common.runtime import StartupError, Supervisor
from integration.bus.traffic import PATIENCE_SECONDS
from support.kafka import Kafka, KafkaServer
from support.kafka_bus import admin_of, delete_topics, running_bus, settings_of


async def test_topics_are_made_as_the_settings_want_them(kafka: Kafka) -> None:
    """Partitions, retention, replicas in sync, and room for the longest record."""
    settings = settings_of(kafka, partitions=3, retention_hours=48)
    async with running_bus(settings) as bus, admin_of(kafka) as admin:
        found = {
            topic["topic"]: len(topic["partitions"])
            for topic in await admin.describe_topics()
            if topic["topic"].startswith(settings.topic_prefix)
        }
        name = settings.topic_prefix + SIGNALLING
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
        values = {entry[0]: entry[1] for entry in answer.resources[0][4]}
        assert bus.bus_id == f"{(await admin.describe_cluster())['cluster_id']}/" + (
            settings.topic_prefix
        )
    await delete_topics(kafka, settings.topic_prefix)

    counts = {settings.topic_prefix + topic: 3 for topic in TOPICS}
    assert found == {**counts, settings.topic_prefix + DEAD_LETTER: 1}
    assert values["retention.ms"] == str(48 * 3600 * 1000)
    assert values["min.insync.replicas"] == "1"
    assert int(values["max.message.bytes"]) > 900_000


async def test_the_bus_id_is_the_cluster_id(kafka: Kafka) -> None:
    """Positions are stored under it; a prefix, where there is one, belongs to it."""
    settings = settings_of(kafka, topic_prefix="")
    async with running_bus(settings) as bus, admin_of(kafka) as admin:
        assert bus.bus_id == (await admin.describe_cluster())["cluster_id"]
        assert bus.ready() == (True, "connected")


async def test_topics_with_other_partition_counts_end_the_start(kafka: Kafka) -> None:
    """One line says which topic, what it has and what was expected."""
    settings = settings_of(kafka, partitions=4)
    name = settings.topic_prefix + MEDIA
    async with admin_of(kafka) as admin:
        await admin.create_topics([NewTopic(name, 3, 1)])

    with pytest.raises(StartupError, match=f"topic {name} has 3 partitions, not 4") as refused:
        async with running_bus(settings):
            pass

    assert "\n" not in str(refused.value)
    await delete_topics(kafka, settings.topic_prefix)


async def test_a_topic_that_was_made_otherwise_is_used_and_talked_about(
    kafka: Kafka, caplog: pytest.LogCaptureFixture
) -> None:
    """It keeps what it has: one line says what the settings do not change."""
    settings = settings_of(kafka, partitions=2, retention_hours=48)
    name = settings.topic_prefix + MEDIA
    async with admin_of(kafka) as admin:
        made = {"retention.ms": "1000000", "message.timestamp.type": "LogAppendTime"}
        await admin.create_topics([NewTopic(name, 2, 1, topic_configs=made)])

    async with running_bus(settings) as bus:
        assert bus.ready() == (True, "connected")

    (told,) = [record.getMessage() for record in caplog.records if name in record.getMessage()]
    assert "retention.ms is 1000000, not 172800000" in told
    assert "message.timestamp.type" not in told
    await delete_topics(kafka, settings.topic_prefix)


async def test_a_topic_that_refuses_our_records_ends_the_start(kafka: Kafka) -> None:
    """Compaction, say, which a broker may have by default."""
    settings = settings_of(kafka, partitions=2)
    name = settings.topic_prefix + MEDIA
    async with admin_of(kafka) as admin:
        await admin.create_topics(
            [NewTopic(name, 2, 1, topic_configs={"cleanup.policy": "compact"})]
        )

    with pytest.raises(StartupError, match=f"topic {name} refuses our records"):
        async with running_bus(settings):
            pass

    await delete_topics(kafka, settings.topic_prefix)


async def test_a_start_waits_for_the_broker_and_readiness_says_so(
    mortal_kafka: KafkaServer,
) -> None:
    """Containers start in any order."""
    mortal_kafka.kill()
    bus = KafkaBus(settings_of(mortal_kafka), CollectorRegistry(), Supervisor())
    entering = asyncio.create_task(bus.__aenter__())
    async with asyncio.timeout(PATIENCE_SECONDS):
        while str(mortal_kafka.port) not in bus.ready()[1]:
            await asyncio.sleep(0.02)
    assert not bus.ready()[0]
    assert not entering.done()

    mortal_kafka.launch()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await entering

    assert bus.ready() == (True, "connected")
    await bus.__aexit__(None, None, None)


async def test_a_bus_that_does_not_wait_ends_the_process_for_topics_that_do_not_fit(
    kafka: Kafka,
) -> None:
    """Nothing was sent to them by then."""
    settings = settings_of(kafka, partitions=2)
    async with admin_of(kafka) as admin:
        await admin.create_topics([NewTopic(settings.topic_prefix + SIGNALLING, 3, 1)])
    supervisor = Supervisor()
    async with asyncio.timeout(PATIENCE_SECONDS):
        bus = KafkaBus(settings, CollectorRegistry(), supervisor, waits=False)
        await bus.__aenter__()
        assert bus.producer().offer(SIGNALLING, 0, b"a", 1)
        await supervisor.stopped()

    assert "has 3 partitions, not 2" in str(supervisor.failure)
    assert bus.producer().waiting_records == 1
    assert not bus.ready()[0]
    await delete_topics(kafka, settings.topic_prefix)


async def test_more_replicas_than_brokers_is_waited_for(kafka: Kafka) -> None:
    """Brokers may still be starting; the reason is said meanwhile."""
    settings = settings_of(kafka, replication_factor=3, min_insync_replicas=2)
    bus = KafkaBus(settings, CollectorRegistry(), Supervisor())
    entering = asyncio.create_task(bus.__aenter__())
    async with asyncio.timeout(PATIENCE_SECONDS):
        while "replication factor" not in bus.ready()[1].lower():
            await asyncio.sleep(0.02)
    entering.cancel()
    await asyncio.wait([entering])
    assert not bus.ready()[0]


def test_a_bus_without_an_address_is_refused() -> None:
    """One line names the setting."""
    with pytest.raises(StartupError, match=r"bus\.bootstrap_servers"):
        KafkaBus(BusSettings(), CollectorRegistry(), Supervisor())
