"""The broker as a container of the official image, its ports published on 127.0.0.1."""

import asyncio
import contextlib
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path

from chaos import docker
from chaos.broker import listener_options
from chaos.parts import Part
from support.kafka import (
    CLUSTER_ID,
    DEFAULTS,
    START_SECONDS,
    VERSION,
    CannotStartError,
    answers,
    free_port,
)

IMAGE = f"apache/kafka:{VERSION}"
LABEL = "hepscope.chaos.pid"
"""Holds the process of the run that a container belongs to."""

HEAP = "-Xms128m -Xmx384m"
CONTROLLER_PORT = 9093
"""Inside the container, where nobody else is."""

PAUSE_SECONDS = 0.1


def variables(properties: Mapping[str, str]) -> dict[str, str]:
    """Return a broker's properties as the variables by which the image takes them.

    ``log.dirs`` is KAFKA_LOG_DIRS; none of ours has ``-`` or ``_`` in its name.
    """
    return {f"KAFKA_{key.upper().replace('.', '_')}": value for key, value in properties.items()}


class DockerBroker:
    """Kafka in a container that can be killed, stopped and started again on its data.

    ``own`` maps clients to (port of their listener, port of their proxy).
    """

    title = f"{IMAGE} in Docker"
    topic_prefix = ""

    def __init__(self, own: Mapping[Part, tuple[int, int]]) -> None:
        self.name = f"hepscope-chaos-{os.getpid()}-{secrets.token_hex(3)}"
        self.port = free_port()
        self.starts = 0
        self.own_ends = 0
        """Not known of a container: one that ended by itself stays so, and never answers."""
        self._own = own

    @property
    def bootstrap(self) -> str:
        """Its address without a proxy."""
        return f"127.0.0.1:{self.port}"

    def bootstrap_of(self, part: Part) -> str:
        """The proxy of a client."""
        return f"127.0.0.1:{self._own[part][1]}"

    def is_answering(self) -> bool:
        """Whether it answers."""
        return answers(self.port)

    async def open(self) -> None:
        """Create the container and start it. Raises CannotStartError."""
        try:
            await asyncio.to_thread(docker.remove_abandoned, LABEL)
            await docker.run_apart(*self._create_words())
        except docker.DockerError as error:
            raise CannotStartError(str(error)) from None
        await self.start()

    async def start(self) -> None:
        """Start it on its data and wait until it answers. Raises CannotStartError."""
        self.starts += 1
        try:
            await docker.run_apart("start", self.name)
        except docker.DockerError as error:
            raise CannotStartError(str(error)) from None
        deadline = time.monotonic() + START_SECONDS
        while not await asyncio.to_thread(self.is_answering):
            if time.monotonic() > deadline:
                raise CannotStartError(f"Kafka in container {self.name} does not answer")
            await asyncio.sleep(PAUSE_SECONDS)

    async def kill(self) -> None:
        """End every process in it as a crash does; one that does not run is left alone."""
        with contextlib.suppress(docker.DockerError):
            await docker.run_apart("kill", "--signal", "KILL", self.name)

    async def pause(self) -> None:
        """Stop every process in it, by the kernel's freezer, which nothing in it can notice."""
        await docker.run_apart("pause", self.name)

    async def resume(self) -> None:
        """Let them go on."""
        with contextlib.suppress(docker.DockerError):
            await docker.run_apart("unpause", self.name)

    async def close(self, log: Path) -> None:
        """Remove it with its data."""
        with contextlib.suppress(docker.DockerError):
            said = await docker.run_apart("logs", self.name)
            await asyncio.to_thread(log.write_text, said)
        with contextlib.suppress(docker.DockerError):
            await docker.run_apart("rm", "--force", "--volumes", self.name)

    def _create_words(self) -> list[str]:
        ports = [self.port, *(listener for listener, _ in self._own.values())]
        # The published port is the container's own, so that the broker can reach itself at it.
        options = listener_options(self.port, CONTROLLER_PORT, self._own, bind="0.0.0.0")
        properties = {
            **DEFAULTS,
            **options,
            "controller.quorum.voters": f"1@127.0.0.1:{CONTROLLER_PORT}",
        }
        environ = {"CLUSTER_ID": CLUSTER_ID, "KAFKA_HEAP_OPTS": HEAP, **variables(properties)}
        return [
            *("create", "--name", self.name, "--label", f"{LABEL}={os.getpid()}"),
            *(word for port in ports for word in ("--publish", f"127.0.0.1:{port}:{port}")),
            *(word for key, value in environ.items() for word in ("--env", f"{key}={value}")),
            IMAGE,
        ]
