"""One service as a process of its own, as a container runs it, and its ops port."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import httpx
import pytest

from support.service import END_SECONDS, Json, Metrics, until

_OPS = re.compile(r"ops at (http://[^\s\"]+)")
START_SECONDS = 120.0


class Daemon:
    """``python -m MODULE``; inert until entered, ended when exited."""

    def __init__(self, module: str, settings: Mapping[str, str]) -> None:
        self.module = module
        self.settings = {"HEPSCOPE_OPS__LISTEN": "127.0.0.1:0", **settings}
        self.lines: list[str] = []
        self.ops = ""
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Start it and wait for its ops port, not for its readiness."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self.signal(signal.SIGKILL)

    @property
    def process(self) -> "subprocess.Popen[str]":
        """The running process."""
        assert self._process is not None
        return self._process

    @property
    def log(self) -> str:
        """What it has written so far."""
        return "\n".join(self.lines)

    def start(self) -> None:
        """Start it; its ops port is then known."""
        guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        kept = {name: text for name, text in os.environ.items() if not name.startswith("HEPSCOPE_")}
        first = len(self.lines)
        self._process = subprocess.Popen(
            [*guard, sys.executable, "-m", self.module],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            cwd="/",
            env={**kept, **self.settings},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.ops = until(
            lambda: (
                next(
                    (found[1] for line in self.lines[first:] if (found := _OPS.search(line))), None
                )
                or self.process.poll()
            ),
            f"the ops port of {self.module}",
            seconds=START_SECONDS,
        )
        if self.process.poll() is not None:
            pytest.fail(f"{self.module} ended with {self.process.returncode}:\n{self.log}")

    def signal(self, number: signal.Signals) -> int:
        """Send a signal, wait for the end and return the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(END_SECONDS)
        assert self._reader is not None
        self._reader.join(END_SECONDS)
        return code

    def readiness(self) -> Json:
        """What /readyz says."""
        found: Json = httpx.get(f"{self.ops}/readyz", trust_env=False, timeout=30).json()
        return found

    def wait_ready(self, *, seconds: float = START_SECONDS) -> None:
        """Return once it is ready."""
        until(lambda: self.readiness()["ready"], f"{self.module} ready", seconds=seconds)

    def metrics(self) -> Metrics:
        """The samples of a scrape of its ops port."""
        return Metrics(httpx.get(f"{self.ops}/metrics", trust_env=False, timeout=30).text)

    def _read(self) -> None:
        stream = self.process.stderr
        assert stream is not None
        with stream:
            for line in stream:
                self.lines.append(line.rstrip("\n"))
