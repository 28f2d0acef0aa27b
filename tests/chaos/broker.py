"""The broker of a chaos run: whose it is, where it is, and how its clients get wires of their own.

There are three kinds: one that somebody else runs (``KAFKA_BOOTSTRAP``), a container, and a process
made of jars; ``broker_choice`` picks. The run may break the latter two as it likes. They have a
listener for each client: a client is told the address of a broker by the broker itself, and a
listener of its own advertises the port of its own proxy. Somebody else's broker sends clients
past any proxy, so neither it nor the way to it can be broken.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from chaos.parts import Part
from hepscope_common.bus.topics import SIGNALLING

CLIENT = "CLIENT"
"""The broker's own listener, which the run reads the topic at."""

CONTROLLER = "CONTROLLER"


class Topics(Protocol):
    """What it takes to read a broker's topics."""

    topic_prefix: str
    """Before the names of the run's topics and groups."""

    @property
    def bootstrap(self) -> str:
        """Its address without a proxy, host:port, several by comma."""
        ...


class Broker(Topics, Protocol):
    """What an installation needs of any broker."""

    title: str
    """What the run calls it when it begins."""

    def bootstrap_of(self, part: Part) -> str:
        """Where a service finds it; through the proxy of that service where it has one."""
        ...

    def is_answering(self) -> bool:
        """Whether a broker answers; blocks for a second at most."""
        ...

    async def open(self) -> None:
        """Make it ready to be used; raises CannotStartError."""
        ...

    async def close(self, log: Path) -> None:
        """End it, or clean up at somebody else's; what it said, if known, goes to ``log``."""
        ...


def signalling_of(broker: Topics) -> str:
    """Return the name of the topic of signalling at a broker."""
    return broker.topic_prefix + SIGNALLING


def first_address(bootstrap: str) -> tuple[str, int]:
    """Return host and port of the first of several addresses. Raises ValueError."""
    host, _, port = bootstrap.partition(",")[0].strip().rpartition(":")
    if not host or not port.isdigit():
        raise ValueError(f"no host:port: {bootstrap}")
    return host.strip("[]"), int(port)


def listener_options(
    port: int,
    controller: int,
    own: Mapping[Part, tuple[int, int]],
    *,
    bind: str = "127.0.0.1",
) -> dict[str, str]:
    """Return the broker's settings; ``own`` maps clients to (port, advertised port)."""
    listening = {CLIENT: port} | {part.name: ports[0] for part, ports in own.items()}
    advertised = {CLIENT: port} | {part.name: ports[1] for part, ports in own.items()}
    return {
        "listeners": f"{_join(listening, bind)},{_join({CONTROLLER: controller}, '127.0.0.1')}",
        "advertised.listeners": _join(advertised, "127.0.0.1"),
        "listener.security.protocol.map": ",".join(
            f"{name}:PLAINTEXT" for name in (*listening, CONTROLLER)
        ),
        "inter.broker.listener.name": CLIENT,
    }


def _join(ports: Mapping[str, int], host: str) -> str:
    return ",".join(f"{name}://{host}:{port}" for name, port in ports.items())
