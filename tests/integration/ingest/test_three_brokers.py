"""Three brokers, each record on at least two of them: one may die at any moment, two lose nothing.

With one broker left nothing is acknowledged to anybody; ingest takes what comes to its disk.
"""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from hep import encode_hello
from hepscope_common.bus import kafka_browser
from integration.bus.traffic import PATIENCE_SECONDS
from integration.ingest.rig import ORIGIN, Answers, Rig, ingest_before, numbered, plain, stored
from support.kafka_bus import admin_of, running_bus, settings_of
from support.kafka_cluster import KafkaCluster, running_cluster

START_AND_ELECT_SECONDS = 120.0
"""Two brokers start on a busy machine, find a controller and take their partitions."""


@pytest.fixture
def cluster() -> Iterator[KafkaCluster]:
    """Three brokers of this test alone."""
    yield from running_cluster()


class Senders:
    """One that numbers its packets and hears what is safe, and a plain one."""

    def __init__(self, rig: Rig) -> None:
        self.sent = 0
        self._rig = rig
        self._hearing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect, and listen to answers from now on."""
        reader, self._numbering = await self._rig.connect()
        _, self._plain = await self._rig.connect()
        self._numbering.write(encode_hello(ORIGIN))
        self.answers = Answers(reader)
        self._hearing = asyncio.create_task(self._hear())

    async def close(self) -> None:
        """End both connections."""
        assert self._hearing is not None
        self._hearing.cancel()
        await asyncio.wait([self._hearing])
        self._numbering.close()
        self._plain.close()

    async def send(self, count: int) -> None:
        """Send so many of each, over two seconds a thousand."""
        for _ in range(count):
            self.sent += 1
            self._numbering.write(numbered(self.sent))
            self._plain.write(plain(self.sent))
            if not self.sent % 50:
                await asyncio.sleep(0.1)

    async def all_safe(self) -> None:
        """Return once ingest has acknowledged everything."""
        async with asyncio.timeout(START_AND_ELECT_SECONDS):
            while self.answers.last < self.sent:
                await asyncio.sleep(0.02)

    async def _hear(self) -> None:
        while True:
            await self.answers.read()


async def in_sync(cluster: KafkaCluster, prefix: str, wanted: set[int]) -> None:
    """Return once every partition of the bus has just these replicas in sync."""
    async with asyncio.timeout(PATIENCE_SECONDS), admin_of(cluster) as admin:
        while not all(isr == wanted for isr in await replicas_in_sync(admin, prefix)):
            await asyncio.sleep(0.05)


async def replicas_in_sync(admin: AIOKafkaAdminClient, prefix: str) -> list[set[int]]:
    """Return the nodes in sync of each partition; the client asks any node, also a dead one."""
    while True:
        with suppress(KafkaError):
            return [
                set(partition["isr"])
                for topic in await admin.describe_topics()
                if topic["topic"].startswith(prefix)
                for partition in topic["partitions"]
            ]


async def test_one_broker_may_die_and_two_lose_nothing(
    cluster: KafkaCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under load: without the third all goes on; without the second nothing is called safe."""
    monkeypatch.setattr(kafka_browser, "ANSWER_SECONDS", START_AND_ELECT_SECONDS)
    settings = settings_of(
        cluster,
        bootstrap_servers=cluster.addresses,
        partitions=3,
        replication_factor=3,
        min_insync_replicas=2,
    )
    _, second, third = cluster.nodes
    async with running_bus(settings) as bus, ingest_before(bus, tmp_path) as rig:
        await in_sync(cluster, settings.topic_prefix, {1, 2, 3})
        senders = Senders(rig)
        await senders.open()
        sending = asyncio.create_task(senders.send(1500))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while senders.answers.last < 500:
                await asyncio.sleep(0.01)
        third.kill()
        async with kafka_browser.browse(settings) as browser:
            assert any(log.end for log in (await browser.ranges()).values())
        await sending
        await senders.all_safe()

        second.kill()
        await in_sync(cluster, settings.topic_prefix, {1})
        safe, spooled = senders.sent, rig.count("spooled_total")
        await senders.send(1000)
        await rig.until("spooled_total", spooled + 1)
        assert senders.answers.last == safe

        await cluster.restart()
        await senders.all_safe()
        await senders.close()
        seqs, calls = await stored(bus, senders.sent)
    assert sorted(seqs) == list(range(1, senders.sent + 1))
    assert sorted(calls) == sorted(b"plain-%d@x" % n for n in range(1, senders.sent + 1))
