"""How the brokers are reached: the arguments that every client of ours is made with.

Topics and groups bear a prefix on the cluster and none in our code; a bus id is the cluster id,
with the prefix behind it if there is one, since positions are stored under it.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Coroutine
from dataclasses import dataclass, field

from aiokafka import TopicPartition as WireTopicPartition

from hepscope_common.bus.protocol import TopicPartition
from hepscope_common.bus.settings import BusSettings
from hepscope_common.logs import Throttle, get_logger
from hepscope_common.runtime import StartupError

REQUEST_SECONDS = 30.0
"""After how long a request without an answer is given up and its connection closed."""

LOG_EVERY_SECONDS = 30.0

_log = get_logger("bus.kafka")


@dataclass(frozen=True, slots=True)
class Link:
    """Names and addresses; inert."""

    servers: tuple[str, ...]
    prefix: str
    security: dict[str, object] = field(repr=False)

    def options(self) -> dict[str, object]:
        """Return the arguments of a client that say whom to talk to and how."""
        return {
            "bootstrap_servers": list(self.servers),
            "client_id": "hepscope",
            "request_timeout_ms": int(REQUEST_SECONDS * 1000),
            **self.security,
        }

    def wire_topic(self, topic: str) -> str:
        """Return the name of a topic on the cluster."""
        return self.prefix + topic

    def wire(self, where: TopicPartition) -> WireTopicPartition:
        """Return the cluster's address of a partition."""
        return WireTopicPartition(self.prefix + where.topic, where.partition)

    def unwire(self, where: WireTopicPartition) -> TopicPartition:
        """Return our address of a partition."""
        return TopicPartition(where.topic.removeprefix(self.prefix), where.partition)


def link_of(settings: BusSettings) -> Link:
    """Return how to reach the brokers; raises StartupError when certificates cannot be used."""
    if not settings.bootstrap_servers:
        raise StartupError("setting bus.bootstrap_servers is needed: brokers as host:port")
    protocol = "SASL_" if settings.sasl_mechanism else ""
    security: dict[str, object] = {
        "security_protocol": protocol + ("SSL" if settings.tls else "PLAINTEXT")
    }
    if settings.tls:
        security["ssl_context"] = _tls_context(settings)
    if settings.sasl_mechanism:
        security |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": settings.sasl_password.get_secret_value(),
        }
    return Link(settings.bootstrap_servers, settings.topic_prefix, security)


def _tls_context(settings: BusSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.tls_ca_file)
        if settings.tls_cert_file is not None:
            context.load_cert_chain(settings.tls_cert_file, settings.tls_key_file)
    except (OSError, ValueError) as error:
        raise StartupError(f"certificates of the bus: {error}") from error
    return context


def instance_id_of(settings: BusSettings) -> str | None:
    """Return the lasting name in consumer groups, None for none."""
    return settings.group_instance_id.replace("{hostname}", socket.gethostname()) or None


class LogRelay(logging.Handler):
    """Takes the client library's warnings into our log, each kind at most once in a while.

    While a broker is away the library repeats itself several times a second.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._throttle = Throttle(_log, every_seconds=LOG_EVERY_SECONDS)
        self._refusal = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line, unless one of its kind was written a moment ago."""
        kind = str(record.msg)
        text = record.getMessage()
        if kind.startswith("Unable connect"):
            # The error that the library raises does not say why it could not connect.
            self._refusal = text
        self._throttle.warning(kind, "%s", text)

    def take_refusal(self) -> str:
        """Return why the last connection failed, once; empty when none did since."""
        refusal, self._refusal = self._refusal, ""
        return refusal


def relay_logs() -> LogRelay:
    """Return the relay of this process, made the first time."""
    logger = logging.getLogger("aiokafka")
    for handler in logger.handlers:
        if isinstance(handler, LogRelay):
            return handler
    relay = LogRelay()
    logger.addHandler(relay)
    logger.propagate = False
    return relay


_stragglers: set[asyncio.Task[None]] = set()


async def end_within(work: Coroutine[object, object, None], seconds: float) -> None:
    """Wait a while for a client to end; a slower one ends beside us, and errors are its own.

    Cutting it short would leave its connections and tasks behind.
    """
    task = asyncio.create_task(work, name="bus: end of a Kafka client")
    _stragglers.add(task)
    task.add_done_callback(_ended)
    await asyncio.wait([task], timeout=seconds)


def _ended(task: asyncio.Task[None]) -> None:
    _stragglers.discard(task)
    if not task.cancelled() and task.exception() is not None:
        _log.debug("a Kafka client ended with %r", task.exception())
