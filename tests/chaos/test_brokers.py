"""Which broker a run takes, and that each kind can be used, broken and cleaned up as promised."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from chaos import docker
from chaos.broker import Broker, first_address, listener_options
from chaos.broker_choice import VARIABLE, choose
from chaos.broker_docker import IMAGE, LABEL, DockerBroker, variables
from chaos.broker_foreign import ForeignBroker
from chaos.broker_jars import JarBroker
from chaos.parts import Part
from chaos.proxy import Proxy
from support.kafka import CannotStartError, Kafka, free_port

PATIENCE = 60.0


@asynccontextmanager
async def opened(broker: Broker, log: Path) -> AsyncIterator[None]:
    """An open broker, closed again."""
    try:
        await broker.open()
        yield
    finally:
        await broker.close(log)


async def topics_of(bootstrap: str) -> set[str]:
    """Return the names of all topics."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return set(await admin.list_topics())
    finally:
        await admin.close()


async def create_topic(bootstrap: str, name: str) -> None:
    """Make a topic with one partition."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, 1)])
    finally:
        await admin.close()


async def produce(bootstrap: str, topic: str, value: bytes) -> None:
    """Send a record and wait for its acknowledgement."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        await producer.send_and_wait(topic, value)


async def consume(bootstrap: str, topic: str) -> bytes | None:
    """Return the first record of a topic."""
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest"
    ) as consumer:
        async with asyncio.timeout(PATIENCE):
            value: bytes | None = (await consumer.getone()).value
            return value


async def test_somebody_elses_broker_is_left_as_it_was(kafka: Kafka, tmp_path: Path) -> None:
    """The run's topics are deleted at the end, others stay; it cannot be killed or stopped."""
    said: list[str] = []
    broker = ForeignBroker(kafka.bootstrap, say=said.append)
    ours, other = f"{broker.topic_prefix}topic", f"other-{broker.topic_prefix}topic"
    assert not hasattr(broker, "kill")
    async with opened(broker, tmp_path / "log"):
        await create_topic(kafka.bootstrap, ours)
        await create_topic(kafka.bootstrap, other)
        # A broker knows of a topic a little after it was made, or deleted.
        async with asyncio.timeout(PATIENCE):
            while not {ours, other} <= await topics_of(kafka.bootstrap):
                await asyncio.sleep(0.1)
    async with asyncio.timeout(PATIENCE):
        while ours in await topics_of(kafka.bootstrap):
            await asyncio.sleep(0.1)
    assert other in await topics_of(kafka.bootstrap)
    assert said == []


def test_two_runs_at_one_broker_do_not_meet() -> None:
    """Each has a prefix of its own."""
    one, other = (ForeignBroker("a:1", say=print) for _ in range(2))
    assert one.topic_prefix != other.topic_prefix


async def test_a_broker_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    """Before anything else is started; at the end, that topics may stay there."""
    said: list[str] = []
    broker = ForeignBroker(f"127.0.0.1:{free_port()}", say=said.append)
    with pytest.raises(CannotStartError, match="no Kafka answers at"):
        await broker.open()
    await broker.close(tmp_path / "log")
    assert len(said) == 1
    assert said[0].startswith(f"topics {broker.topic_prefix}* stay at ")


def test_the_first_address_is_asked() -> None:
    """Of several by comma; one without a port is refused."""
    assert first_address("one:9092,two:9093") == ("one", 9092)
    assert first_address("[::1]:9092") == ("::1", 9092)
    with pytest.raises(ValueError, match="no host:port"):
        first_address("one")


def test_what_is_named_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An argument comes before the variable; with neither Docker nor an address there are jars."""
    said: list[str] = []
    monkeypatch.setenv(VARIABLE, "somewhere:9092")
    assert choose("", tmp_path, {}, say=said.append).bootstrap == "somewhere:9092"
    assert choose("elsewhere:9092", tmp_path, {}, say=said.append).bootstrap == "elsewhere:9092"
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody")
    assert said == []
    with pytest.raises(docker.DockerError):
        choose("docker", tmp_path, {}, say=said.append)


def test_without_docker_there_are_jars(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And the run says why."""
    # The fixture stands for Java and Maven, without which jars are of no use.
    del kafka
    said: list[str] = []
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody")
    broker = choose("", tmp_path, {}, say=said.append)
    assert isinstance(broker, JarBroker)
    assert len(said) == 1
    assert said[0].startswith("no broker from Docker, so from jars: ")


def test_each_client_has_a_listener_that_advertises_its_proxy() -> None:
    """The controller's is advertised to nobody."""
    options = listener_options(1, 2, {Part.INGEST: (3, 4)}, bind="0.0.0.0")
    assert options["listeners"] == (
        "CLIENT://0.0.0.0:1,INGEST://0.0.0.0:3,CONTROLLER://127.0.0.1:2"
    )
    assert options["advertised.listeners"] == "CLIENT://127.0.0.1:1,INGEST://127.0.0.1:4"
    assert variables(options)["KAFKA_ADVERTISED_LISTENERS"] == options["advertised.listeners"]


@pytest.fixture
def _docker() -> None:
    """Docker and the image; without them the broker of jars does, so this is never required."""
    try:
        docker.require_image(IMAGE)
    except docker.DockerError as error:
        pytest.skip(f"no Kafka in Docker: {error}")


@pytest.mark.usefixtures("_docker")
async def test_a_container_keeps_its_data_over_a_kill_and_goes_at_the_end(tmp_path: Path) -> None:
    """What was acknowledged through the proxy before the kill is read after it."""
    listener, advertised = free_port(), free_port()
    broker = DockerBroker({Part.INGEST: (listener, advertised)})
    async with opened(broker, tmp_path / "log"), Proxy(advertised, listener):
        bootstrap = broker.bootstrap_of(Part.INGEST)
        await create_topic(bootstrap, "kept")
        await produce(bootstrap, "kept", b"before")
        await broker.kill()
        assert not broker.is_answering()
        await broker.start()
        assert await consume(bootstrap, "kept") == b"before"
        assert broker.starts == 2
        await broker.pause()
        assert not broker.is_answering()
        with socket.create_connection(("127.0.0.1", broker.port), PATIENCE):
            pass
        await broker.resume()
        async with asyncio.timeout(PATIENCE):
            while not await asyncio.to_thread(broker.is_answering):
                await asyncio.sleep(0.1)
    assert "Kafka" in (tmp_path / "log").read_text()
    assert broker.name not in docker.run("ps", "--all", "--format", "{{.Names}}")


@pytest.mark.usefixtures("_docker")
def test_a_container_of_a_run_that_is_gone_is_removed() -> None:
    """That of a run which still runs stays."""
    made = {
        pid: docker.run("create", "--label", f"{LABEL}={pid}", IMAGE)
        for pid in (os.getpid(), 2**22 + 1)
    }
    try:
        docker.remove_abandoned(LABEL)
        left = docker.run("ps", "--all", "--quiet", "--no-trunc").split()
        assert made.pop(2**22 + 1) not in left
        assert made[os.getpid()] in left
    finally:
        for container in made.values():
            docker.run("rm", "--force", "--volumes", container)


def test_no_port_is_given_twice() -> None:
    """Neither within a run nor to another one, until a server listens there."""
    ports = [free_port() for _ in range(200)]
    assert len(set(ports)) == len(ports)
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", ports[0]))
    with socket.create_server(("127.0.0.1", ports[0])) as server:
        socket.create_connection(server.getsockname()).close()
