"""Servers for tests in containers, by testcontainers.

HEPSCOPE_TEST_SERVICES says where PostgreSQL and Kafka of the integration tests run: ``containers``
insists on Docker and pulls what is missing, ``processes`` never uses it, and without it containers
serve where Docker answers and has the images already.

Ryuk, testcontainers' own reaper, is off unless TESTCONTAINERS_RYUK_DISABLED is set to false: it
needs an image of its own. Containers end with the fixtures that started them.
"""

import gc
import os
import socket
import struct
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import docker
import docker.errors
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.exceptions import ContainerStartException

POSTGRES: Final = "postgres:17"
KAFKA: Final = "apache/kafka:4.1.1"
CHOICE: Final = "HEPSCOPE_TEST_SERVICES"
START_SECONDS: Final = 180
"""On a machine with other work to do a broker takes many times its 4 seconds."""

PAUSE_SECONDS: Final = 0.05
LABEL: Final = "hepscope.tests"

# Nothing here outlives the run, so nothing has to reach a disk.
_POSTGRES_OPTIONS: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "64MB",
    "max_connections": "100",
}
_KAFKA_SETTINGS: Final = {
    "KAFKA_NODE_ID": "1",
    "KAFKA_PROCESS_ROLES": "broker,controller",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    "KAFKA_INTER_BROKER_LISTENER_NAME": "CLIENT",
    "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "1",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS": "1",
    "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": "1",
    "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    "KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS": "500",
    "KAFKA_LOG_RETENTION_CHECK_INTERVAL_MS": "2000",
    "KAFKA_LOG_CLEANER_DEDUPE_BUFFER_SIZE": "4194304",
    "KAFKA_HEAP_OPTS": "-Xms128m -Xmx384m",
}


class NoContainerError(RuntimeError):
    """A container was insisted on and could not be started; the message says why."""


def wanted(image: str) -> bool:
    """Whether a server is to run in a container of this image; raises NoContainerError."""
    choice = os.environ.get(CHOICE, "")
    if choice not in ("", "containers", "processes"):
        raise NoContainerError(f"{CHOICE}={choice}: expected containers or processes")
    if choice == "processes":
        return False
    client = _engine()
    if client is None:
        if choice:
            raise NoContainerError(f"{CHOICE}={choice}, but Docker does not answer")
        return False
    try:
        client.images.get(image)
    except docker.errors.ImageNotFound:
        return bool(choice)
    finally:
        client.close()
    return True


def _engine() -> docker.DockerClient | None:
    """Return a client of the engine, None where none answers."""
    # Where it cannot connect the library leaves its socket to the collector, which would complain
    # in whatever test is next.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            return docker.from_env()
        except docker.errors.DockerException:
            pass
        gc.collect()
    return None


@contextmanager
def _running(container: DockerContainer) -> Iterator[DockerContainer]:
    """Run a container in the host's network.

    So tests talk to it without Docker's proxy, which keeps connections whose client is gone; and
    no interface comes or goes, at which Chromium gives up what it is loading.
    """
    if os.environ.get("TESTCONTAINERS_RYUK_DISABLED") is None:
        testcontainers_config.ryuk_disabled = True
    try:
        started = container.with_kwargs(labels={LABEL: "1"}, network_mode="host").start()
    except (docker.errors.DockerException, ContainerStartException, OSError) as error:
        raise NoContainerError(f"{container.image}: {error}") from error
    try:
        yield started
    finally:
        started.stop()


@contextmanager
def postgres(port: int) -> Iterator[str]:
    """Run PostgreSQL at a port of 127.0.0.1; yield the DSN of ``postgres``, as superuser."""
    options = {**_POSTGRES_OPTIONS, "listen_addresses": "127.0.0.1", "port": str(port)}
    words = [word for item in options.items() for word in ("-c", "=".join(item))]
    container = (
        DockerContainer(POSTGRES)
        .with_env("POSTGRES_HOST_AUTH_METHOD", "trust")
        .with_command(["postgres", *words])
    )
    with _running(container):
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"


@contextmanager
def kafka(port: int, controller_port: int) -> Iterator[str]:
    """Run one broker that clients reach at a port of 127.0.0.1; yield its address."""
    client = f"CLIENT://127.0.0.1:{port}"
    settings = {
        **_KAFKA_SETTINGS,
        "KAFKA_LISTENERS": f"{client},CONTROLLER://127.0.0.1:{controller_port}",
        "KAFKA_ADVERTISED_LISTENERS": client,
        "KAFKA_CONTROLLER_QUORUM_VOTERS": f"1@127.0.0.1:{controller_port}",
    }
    container = DockerContainer(KAFKA)
    for name, value in settings.items():
        container.with_env(name, value)
    with _running(container) as started:
        deadline = time.monotonic() + START_SECONDS
        while not broker_answers(port):
            if time.monotonic() > deadline:
                out, _ = started.get_logs()
                raise NoContainerError(f"{KAFKA} does not answer: {out[-600:]!r}")
            time.sleep(PAUSE_SECONDS)
        yield f"127.0.0.1:{port}"


def broker_answers(
    port: int, *, host: str = "127.0.0.1", encrypted: bool = False, seconds: float = 1.0
) -> bool:
    """Whether a broker answers a request for its API versions (where encrypted: takes a client)."""
    name = b"test"
    request = struct.pack("!hhih", 18, 0, 1, len(name)) + name
    try:
        with socket.create_connection((host, port), seconds) as connection:
            if encrypted:
                return True
            connection.sendall(struct.pack("!i", len(request)) + request)
            return len(connection.recv(8)) > 0
    except OSError:
        return False
