"""The bus on Apache Kafka; see ``protocol`` for what it promises.

One HEP record of ours is one Kafka record without a key, put into the partition that ingest chose.
No type of the client library leaves these ``kafka_*`` modules.
"""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from prometheus_client import CollectorRegistry

from hepscope_common.bus import kafka_metrics
from hepscope_common.bus.kafka_consumer import KafkaConsumer
from hepscope_common.bus.kafka_link import instance_id_of, link_of, relay_logs
from hepscope_common.bus.kafka_producer import KafkaProducer
from hepscope_common.bus.kafka_topics import TopicsNotReadyError, prepare
from hepscope_common.bus.protocol import Listener, TopicPartition
from hepscope_common.bus.settings import BusSettings
from hepscope_common.bus.topics import DEAD_LETTER, TOPICS
from hepscope_common.logs import Throttle, get_logger
from hepscope_common.runtime import Supervisor, cancel

RETRY_SECONDS = 1.0
"""Between two tries to reach the brokers at the start."""

FLUSH_SECONDS = 20.0
"""How long the end waits for Kafka to acknowledge what was taken."""

_log = get_logger("bus.kafka")


class KafkaBus:
    """The topics of one installation on a Kafka cluster."""

    name = "bus"
    drain_seconds = FLUSH_SECONDS + 5

    def __init__(
        self,
        settings: BusSettings,
        registry: CollectorRegistry,
        supervisor: Supervisor,
        *,
        waits: bool = True,
    ) -> None:
        """Make the bus, inert; raises StartupError for settings that cannot be used.

        One that does not wait can be entered while no broker answers, and takes records up to its
        bound; it has no bus id until it is connected. For those who have a place for what comes
        meanwhile, and do not read.
        """
        self.partitions = settings.partitions
        self.bus_id = ""
        self.producing: KafkaProducer | None = None
        self.consumers: list[KafkaConsumer] = []
        self._settings = settings
        self._supervisor = supervisor
        self._link = link_of(settings)
        self._relay = relay_logs()
        self._trouble = "not connected yet"
        self._waits = waits
        self._connected = asyncio.Event()
        self._connecting: asyncio.Task[None] | None = None
        self._running: asyncio.Task[None] | None = None
        kafka_metrics.export(registry, self)

    def ready(self) -> tuple[bool, str]:
        """Tell whether Kafka does its part at present, and in words why not."""
        if self._trouble:
            return False, self._trouble
        for consumer in self.consumers:
            if consumer.trouble:
                return False, f"reader of {consumer.group}: {consumer.trouble}"
        return (True, "connected") if self.producing is None else self.producing.ready()

    def producer(self) -> KafkaProducer:
        """Return the producer of this process; the bus must have been entered."""
        if self.producing is None:
            where = [TopicPartition(topic, n) for topic in TOPICS for n in range(self.partitions)]
            self.producing = KafkaProducer(
                self._link,
                [*where, TopicPartition(DEAD_LETTER, 0)],
                max_bytes=self._settings.producer_bytes,
                stall_seconds=self._settings.producer_stall_seconds,
                relay=self._relay,
            )
            self._running = self._supervisor.start(
                self._produce(self.producing), name="bus: produce"
            )
        return self.producing

    def consumer(
        self, group: str, topics: Sequence[str], listener: Listener | None = None
    ) -> KafkaConsumer:
        """Return a member to be, inert until entered."""
        consumer = KafkaConsumer(
            self._link,
            group,
            topics,
            listener,
            instance_id=instance_id_of(self._settings),
            session_seconds=self._settings.session_seconds,
            supervisor=self._supervisor,
            relay=self._relay,
        )
        self.consumers.append(consumer)
        return consumer

    async def __aenter__(self) -> Self:
        """Wait for the brokers, then for the topics to be as the settings want them.

        Raises StartupError when they are not and waiting does not help. A bus that does not wait
        does this beside the rest, where such an error ends the process.
        """
        if self._waits:
            await self._connect()
        else:
            self._connecting = self._supervisor.start(self._connect(), name="bus: connect")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait a while for Kafka to acknowledge what was taken, then close."""
        await cancel(self._connecting)
        self._trouble = "ended"
        if self.producing is None:
            return
        # One that never reached a broker is not worth waiting for.
        patience = FLUSH_SECONDS if self._connected.is_set() else 0
        try:
            async with asyncio.timeout(patience):
                await self.producing.flush()
        except TimeoutError:
            _log.error("ended with %d records not acknowledged", self.producing.waiting_records)
        finally:
            await cancel(self._running)

    async def _connect(self) -> None:
        throttle = Throttle(_log)
        while True:
            try:
                cluster_id = await prepare(self._settings, self._link)
            except (TopicsNotReadyError, OSError) as error:
                self._trouble = self._relay.take_refusal() or str(error)
                throttle.warning("start", "waiting for Kafka: %s", self._trouble)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                break
        prefix = self._settings.topic_prefix
        self.bus_id = f"{cluster_id}/{prefix}" if prefix else cluster_id
        self._trouble = ""
        self._connected.set()

    async def _produce(self, producer: KafkaProducer) -> None:
        # Whoever sends to a topic that is not there yet may create it, with other partitions.
        await self._connected.wait()
        await producer.run()
