"""A container in the host's network that is kept running: started, killed, stopped, ended.

Like a process of ours it is started anew when it ends by itself, a second later. Its data are in a
volume of its own and outlast that, until it is closed.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from chaos import docker
from chaos.broker_docker import LABEL
from chaos.child import RESTART_SECONDS, STOP_SECONDS


class Container:
    """One container; ``starts`` counts its lives, ``own_ends`` those that nobody asked to end."""

    def __init__(
        self,
        name: str,
        image: str,
        environ: Mapping[str, str],
        log: Path,
        *,
        options: Sequence[str] = (),
        arguments: Sequence[str] = (),
    ) -> None:
        self.name = f"hepscope-chaos-{os.getpid()}-{name}-{secrets.token_hex(3)}"
        self.starts = 0
        self.own_ends = 0
        self._log = log
        variables = [word for key, value in environ.items() for word in ("-e", f"{key}={value}")]
        self._create = [
            *("create", "--name", self.name, "--label", f"{LABEL}={os.getpid()}"),
            *("--network", "host", *options, *variables, image, *arguments),
        ]
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it, and keep it running from now on. Raises DockerError."""
        if self._keeper is None:
            if not self.starts:
                await docker.run_apart(*self._create)
            await self._begin()
            self._keeper = asyncio.create_task(self._keep(), name=f"keep {self.name}")

    async def kill(self) -> None:
        """End every process in it as a crash does, and leave it so."""
        await self._let_go()
        # It may have ended by itself just now.
        with contextlib.suppress(docker.DockerError):
            await docker.run_apart("kill", "--signal", "KILL", self.name)

    async def stop(self) -> None:
        """Ask it to end, and end it when it does not."""
        await self._let_go()
        seconds = str(int(STOP_SECONDS))
        await docker.run_apart("stop", "--time", seconds, self.name, seconds=2 * STOP_SECONDS)

    async def pause(self) -> None:
        """Stop every process in it, by the kernel's freezer."""
        await docker.run_apart("pause", self.name)

    async def resume(self) -> None:
        """Let them go on."""
        await docker.run_apart("unpause", self.name)

    async def close(self) -> None:
        """Keep what it said, and remove it with its data."""
        await self._let_go()
        if self.starts:
            with contextlib.suppress(docker.DockerError):
                said = await docker.run_apart("logs", "--timestamps", self.name, with_errors=True)
                await asyncio.to_thread(self._log.write_text, said)
        with contextlib.suppress(docker.DockerError):
            await docker.run_apart("rm", "--force", "--volumes", self.name)

    async def _begin(self) -> None:
        await docker.run_apart("start", self.name)
        self.starts += 1

    async def _keep(self) -> None:
        while True:
            await self._ended()
            self.own_ends += 1
            await asyncio.sleep(RESTART_SECONDS)
            await self._begin()

    async def _ended(self) -> None:
        """Return once it has ended; no thread waits for that, since there are few of them."""
        program = shutil.which("docker") or "docker"
        nothing = asyncio.subprocess.DEVNULL
        waiting = await asyncio.create_subprocess_exec(
            *(program, "wait", self.name), stdin=nothing, stdout=nothing, stderr=nothing
        )
        try:
            await waiting.wait()
        finally:
            if waiting.returncode is None:
                waiting.kill()
                await waiting.wait()

    async def _let_go(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait([keeper])
