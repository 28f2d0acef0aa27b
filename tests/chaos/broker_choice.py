"""Which broker a run uses: somebody else's if one is named, else a container, else jars."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from chaos import docker
from chaos.broker import Broker
from chaos.broker_docker import IMAGE, DockerBroker
from chaos.broker_foreign import ForeignBroker
from chaos.broker_jars import JarBroker
from chaos.parts import Part

VARIABLE = "KAFKA_BOOTSTRAP"
DOCKER = "docker"
JARS = "jars"


def named(wanted: str) -> str:
    """Return what is asked for by argument, else by environment; "" for nothing."""
    return wanted or os.environ.get(VARIABLE, "")


def is_foreign(wanted: str) -> bool:
    """Whether the broker is somebody else's, so that the plan must spare it."""
    return named(wanted) not in ("", DOCKER, JARS)


def choose(
    wanted: str,
    directory: Path,
    own: Mapping[Part, tuple[int, int]],
    *,
    say: Callable[[str], None],
) -> Broker:
    """Return the broker, not yet open; may fetch an image or jars, which takes minutes.

    ``wanted`` is ``docker``, ``jars``, host:port, or "" for whatever there is. Raises
    CannotStartError, or DockerError where only Docker would do.
    """
    wanted = named(wanted)
    if is_foreign(wanted):
        return ForeignBroker(wanted, say=say)
    if wanted != JARS:
        try:
            docker.require_image(IMAGE)
        except docker.DockerError as error:
            if wanted == DOCKER:
                raise
            say(f"no broker from Docker, so from jars: {error}")
        else:
            return DockerBroker(own)
    return JarBroker(directory, own)
