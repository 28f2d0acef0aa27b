"""The broker of a chaos run: real Kafka with a listener for each client, so that each has a wire.

A client is told the address of a broker by the broker itself; a listener of its own advertises
the port of its own proxy. The starting thread lives as long as the run, because the process ends
with it.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support.kafka import KafkaServer, free_port

CLIENT = "CLIENT"
"""The broker's own listener, which the run reads the topic at."""


def listener_options(
    port: int, controller: int, own: Mapping[str, tuple[int, int]]
) -> dict[str, str]:
    """Return the broker's settings; ``own`` maps listener names to (port, advertised port)."""
    listening = {CLIENT: port} | {name: ports[0] for name, ports in own.items()}
    advertised = {CLIENT: port} | {name: ports[1] for name, ports in own.items()}
    return {
        "listeners": _join({**listening, "CONTROLLER": controller}),
        "advertised.listeners": _join(advertised),
        "listener.security.protocol.map": ",".join(
            f"{name}:PLAINTEXT" for name in (*listening, "CONTROLLER")
        ),
        "inter.broker.listener.name": CLIENT,
    }


def _join(ports: Mapping[str, int]) -> str:
    return ",".join(f"{name}://127.0.0.1:{port}" for name, port in ports.items())


class Broker:
    """Kafka as a part that can be killed, stopped and started again."""

    def __init__(self, directory: Path, own: Mapping[str, tuple[int, int]]) -> None:
        port, controller = free_port(), free_port()
        self.server = KafkaServer(
            directory,
            options=listener_options(port, controller, own),
            port=port,
            controller_port=controller,
        )
        self.starts = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="broker")

    @property
    def bootstrap(self) -> str:
        """Its address without a proxy."""
        return self.server.bootstrap

    @property
    def own_ends(self) -> int:
        """1 when it ended although nobody killed it."""
        process = self.server.process
        return int(process is not None and process.poll() is not None)

    async def start(self) -> None:
        """Start it on its data and wait until it answers; nothing if it runs."""
        if self.server.process is None:
            self.starts += 1
            await self._apart(self.server.start)

    async def kill(self) -> None:
        """End it as a crash does."""
        if self.server.process is not None:
            await self._apart(self.server.kill)

    def close(self) -> None:
        """End the thread that starts it; a broker that still runs ends too."""
        self._thread.shutdown(wait=False)

    def pause(self) -> None:
        """Stop it (SIGSTOP)."""
        self.server.pause()

    def resume(self) -> None:
        """Let it go on."""
        if self.server.process is not None:
            self.server.resume()

    async def _apart(self, work: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, work)
