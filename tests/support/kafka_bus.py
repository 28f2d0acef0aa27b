"""A ``KafkaBus`` for tests: topics of its own on a broker that others use, too."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from prometheus_client import CollectorRegistry

from hepscope_common.bus.kafka import KafkaBus
from hepscope_common.bus.settings import BusSettings
from hepscope_common.runtime import Supervisor
from support.kafka import Kafka

SESSION_SECONDS = 6.0
"""The shortest that a broker takes by default, so that tests run on any."""

PATIENT_SECONDS = 60.0
"""For tests whose members all leave in good order: however long this process is kept from running,
none of them loses its partitions."""


@dataclass
class Around:
    """What a bus is made with, and how its process fared."""

    supervisor: Supervisor = field(default_factory=Supervisor)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)


def settings_of(kafka: Kafka, **values: Any) -> BusSettings:
    """Return settings for a broker, with topics of its own unless a prefix is given."""
    chosen = {
        "bootstrap_servers": (kafka.bootstrap,),
        "topic_prefix": f"t{secrets.token_hex(4)}.",
        "session_seconds": SESSION_SECONDS,
        **values,
    }
    return BusSettings(**chosen)


@asynccontextmanager
async def running_bus(
    settings: BusSettings, around: Around | None = None, *, waits: bool = True
) -> AsyncIterator[KafkaBus]:
    """A bus as a service has it; an error in its background tasks fails the test."""
    around = around or Around()
    async with KafkaBus(settings, around.registry, around.supervisor, waits=waits) as bus:
        yield bus
    if around.supervisor.failure is not None:
        raise around.supervisor.failure


@asynccontextmanager
async def fresh_bus(kafka: Kafka, **values: Any) -> AsyncIterator[KafkaBus]:
    """A bus whose topics are new, and deleted at the end."""
    settings = settings_of(kafka, **values)
    try:
        async with running_bus(settings) as bus:
            yield bus
    finally:
        await delete_topics(kafka, settings.topic_prefix)


@asynccontextmanager
async def admin_of(kafka: Kafka) -> AsyncIterator[AIOKafkaAdminClient]:
    """A client for what our code does not do: deleting topics and records."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def delete_topics(kafka: Kafka, prefix: str) -> None:
    """Delete every topic of a prefix."""
    async with asyncio.timeout(120), admin_of(kafka) as admin:
        names = [name for name in await admin.list_topics() if name.startswith(prefix)]
        if prefix and names:
            await admin.delete_topics(names)
