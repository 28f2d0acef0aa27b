"""A process that is kept running: started, killed, stopped for a while, ended.

It is started anew when it ends by itself, a second later, as systemd and Kubernetes do: several
of our services end on purpose when something is wrong. Its output goes to a log file. It has a
session of its own, so that Ctrl-C reaches only the run, which then ends it; should the run
itself be killed, the kernel ends it.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import time
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from pathlib import Path

from chaos.process_tree import is_running, signal_tree

RESTART_SECONDS = 1.0
STOP_SECONDS = 40.0
"""Longer than any service takes to drain."""


class Child:
    """One process; ``starts`` counts its lives, ``own_ends`` those that nobody asked to end."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environ: Mapping[str, str],
        log: Path,
        *,
        user: int | None = None,
        group: int | None = None,
    ) -> None:
        self.name = name
        self.environ = dict(environ)
        self.starts = 0
        self.own_ends = 0
        self._command = list(command)
        self._log = log
        self._user, self._group = user, group
        self._process: Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process id, None while there is none."""
        process = self._process
        return None if process is None or process.returncode is not None else process.pid

    async def start(self) -> None:
        """Start it, and keep it running from now on; nothing if it is kept running already."""
        if self._keeper is None:
            await self._spawn()
            self._keeper = asyncio.create_task(self._keep(), name=f"keep {self.name}")

    async def kill(self) -> None:
        """End it and all its descendants as a crash does, and leave it so."""
        await self._let_go()
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Ask it to end, and end it when it does not."""
        await self._let_go()
        await self._end(signal.SIGTERM)

    async def close(self) -> None:
        """End it at once."""
        await self.kill()

    async def pause(self) -> None:
        """Stop it and its descendants (SIGSTOP)."""
        if self.pid is not None:
            signal_tree(self.pid, signal.SIGSTOP)

    async def resume(self) -> None:
        """Let them go on (SIGCONT)."""
        if self.pid is not None:
            signal_tree(self.pid, signal.SIGCONT)

    async def _spawn(self) -> None:
        guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        with self._log.open("ab") as log:
            log.write(f"--- start {self.starts + 1} at {time.strftime('%H:%M:%S')}\n".encode())
            log.flush()
            self._process = await asyncio.create_subprocess_exec(
                *guard,
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=self.environ,
                start_new_session=True,
                user=self._user,
                group=self._group,
                extra_groups=None if self._user is None else [],
            )
        self.starts += 1

    async def _keep(self) -> None:
        while self._process is not None:
            code = await self._process.wait()
            self.own_ends += 1
            with self._log.open("a") as log:
                log.write(f"--- ended by itself with {code} at {time.strftime('%H:%M:%S')}\n")
            await asyncio.sleep(RESTART_SECONDS)
            await self._spawn()

    async def _let_go(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait([keeper])

    async def _end(self, number: signal.Signals) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        reached = signal_tree(process.pid, signal.SIGCONT)
        if number is signal.SIGTERM:
            process.terminate()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await process.wait()
        reached += signal_tree(process.pid, signal.SIGKILL)
        await process.wait()
        # Those that outlived an orderly end of their parent.
        for pid in filter(is_running, reached):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await _until_gone(reached, process.pid)


async def _until_gone(pids: Sequence[int], root: int) -> None:
    """Wait for descendants, which are no children of ours; a pid may have been taken anew."""
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        left = [pid for pid in pids if pid != root and is_running(pid)]
        if not left:
            return
        await asyncio.sleep(0.02)
