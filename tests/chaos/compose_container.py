"""One container of a stack as faults see it. Docker itself starts it again after a kill."""

import asyncio
import os
import signal
import time
from pathlib import Path

from chaos import docker
from chaos.compose_containers import Containers
from chaos.parts import Part
from support.compose import kill

RESTART_SECONDS = 90.0
"""Docker's policy waits for 0.1 s, and longer when a container keeps ending."""

ASK_SECONDS = 0.2


class NotRestartedError(RuntimeError):
    """Docker has not started a killed container again."""


class ComposeContainer:
    """Kills come from outside: after ``docker kill`` Docker would leave the container ended."""

    def __init__(self, part: Part, containers: Containers) -> None:
        self.part = part
        self._containers = containers
        self._kills = 0
        self._killed_life = ""
        self._aliases: dict[str, tuple[str, ...]] = {}

    @property
    def starts(self) -> int:
        """How often it was started, so far as is known."""
        return self._containers[self.part].restarts + 1

    @property
    def own_ends(self) -> int:
        """How often Docker had to start it although nobody had killed it, so far as is known."""
        return max(0, self._containers[self.part].restarts - self._kills)

    async def kill(self) -> None:
        """End its first process, and thereby all of it; one that does not run is left alone."""
        state = await self._containers.fresh(self.part)
        if state.pid:
            self._kills += 1
            self._killed_life = state.started_at
            await asyncio.to_thread(_kill_outside, state.pid, state.id)

    async def start(self) -> None:
        """Return once Docker has started it again. Raises NotRestartedError."""
        deadline = time.monotonic() + RESTART_SECONDS
        while True:
            state = await self._containers.fresh(self.part)
            if state.status == "running" and state.started_at != self._killed_life:
                return
            if time.monotonic() > deadline:
                raise NotRestartedError(f"{self.part} is {state.status}")
            await asyncio.sleep(ASK_SECONDS)

    async def pause(self) -> None:
        """Stop every process in it, by the kernel's freezer."""
        await docker.run_apart("pause", self._containers[self.part].id)

    async def resume(self) -> None:
        """Let them go on."""
        await docker.run_apart("unpause", self._containers[self.part].id)

    async def leave(self, network: str) -> None:
        """Take it out of a network, as a pulled cable does: no connection is told."""
        state, name = await self._containers.fresh(self.part), self._containers.network(network)
        self._aliases[network] = state.aliases[name]
        await docker.run_apart("network", "disconnect", name, state.id)

    async def join(self, network: str) -> None:
        """Put it back, under the names it had there and perhaps another address."""
        aliases = [word for name in self._aliases[network] for word in ("--alias", name)]
        name, container = self._containers.network(network), self._containers[self.part].id
        await docker.run_apart("network", "connect", *aliases, name, container)


def _kill_outside(process: int, container: str) -> None:
    """End a container's process; from a helper's container where this run may not or cannot."""
    try:
        if container in Path(f"/proc/{process}/cgroup").read_text():
            os.kill(process, signal.SIGKILL)
            return
    except OSError:
        pass
    kill(process)
