"""The broker as a Java process, its jars fetched by Maven."""

import asyncio
import contextlib
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from chaos.broker import listener_options
from chaos.parts import Part
from support.kafka import VERSION, KafkaServer, answers, free_port


class JarBroker:
    """Kafka as a part that can be killed, stopped and started again.

    ``own`` maps clients to (port of their listener, port of their proxy). The thread that starts
    the process lives as long as this, because the process ends with it.
    """

    title = f"Kafka {VERSION} from jars"
    topic_prefix = ""

    def __init__(self, directory: Path, own: Mapping[Part, tuple[int, int]]) -> None:
        port, controller = free_port(), free_port()
        self.server = KafkaServer(
            directory,
            options=listener_options(port, controller, own),
            port=port,
            controller_port=controller,
        )
        self.starts = 0
        self._own = own
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="broker")

    @property
    def bootstrap(self) -> str:
        """Its address without a proxy."""
        return self.server.bootstrap

    def bootstrap_of(self, part: Part) -> str:
        """The proxy of a client."""
        return f"127.0.0.1:{self._own[part][1]}"

    def is_answering(self) -> bool:
        """Whether it answers."""
        return answers(self.server.port)

    @property
    def own_ends(self) -> int:
        """1 when it ended although nobody killed it."""
        process = self.server.process
        return int(process is not None and process.poll() is not None)

    async def open(self) -> None:
        """Start it for the first time."""
        await self.start()

    async def start(self) -> None:
        """Start it on its data and wait until it answers; nothing if it runs."""
        if self.server.process is None:
            self.starts += 1
            await self._apart(self.server.start)

    async def kill(self) -> None:
        """End it as a crash does."""
        if self.server.process is not None:
            await self._apart(self.server.kill)

    async def close(self, log: Path) -> None:
        """End it and the thread that started it."""
        await self.kill()
        self._thread.shutdown(wait=False)
        with contextlib.suppress(OSError):
            shutil.copy(self.server.log, log)

    async def pause(self) -> None:
        """Stop it (SIGSTOP)."""
        self.server.pause()

    async def resume(self) -> None:
        """Let it go on."""
        if self.server.process is not None:
            self.server.resume()

    async def _apart(self, work: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, work)
