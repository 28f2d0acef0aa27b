"""The stack of ``deploy/compose``, started from a copy of the repository as a newcomer starts it.

A stack has a project name and ports of its own, so that it meets neither another one nor what runs
on this machine. Only 127.0.0.1 publishes anything.
"""

import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from chaos.docker import run
from support.docker import BASE, need_docker, outcome
from support.kafka import free_port

ROOT = Path(__file__).parents[2]
UP_SECONDS = 900
"""Images are built, and every part waits for the one before it, on a busy machine too."""

DOWN_SECONDS = 180
PORTS = (
    "HEP_PORT",
    "HEP_TLS_PORT",
    "HEP_HTTP_PORT",
    "PAGE_PORT",
    "METRICS_PORT",
    "PROMETHEUS_PORT",
    "VICTORIAMETRICS_PORT",
    "ALERTMANAGER_PORT",
    "GRAFANA_PORT",
    "LOKI_PORT",
    "HTTP_PORT",
    "HTTPS_PORT",
)
SMALL = {
    # Of what a test machine has, which runs other tests beside it.
    "HEP_ADDRESS": "127.0.0.1",
    "HTTP_ADDRESS": "127.0.0.1",
    "HTTPS_ADDRESS": "127.0.0.1",
    "POSTGRES_SHARED_BUFFERS": "128MB",
    "POSTGRES_EFFECTIVE_CACHE_SIZE": "512MB",
    "KAFKA_HEAP": "384m",
    "HEPSCOPE_BUS__PARTITIONS": "4",
    "WAIT": "600",
}


class Stack:
    """A copy of the repository and the containers that were started from it."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.folder = folder / "repository"
        self.said = ""
        """What ``make up`` printed."""

        self.ports = {name: free_port() for name in PORTS}
        self.project = settings.get("COMPOSE_PROJECT_NAME", f"hepscope-test-{secrets.token_hex(3)}")
        copy_repository(self.folder)
        self._environment = {
            **{name: value for name, value in os.environ.items() if "HEPSCOPE" not in name},
            # `make test ARGS=...` is not an argument of the targets that a test runs.
            **dict.fromkeys(("ARGS", "MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES"), ""),
            **SMALL,
            **{name: str(port) for name, port in self.ports.items()},
            "COMPOSE_PROJECT_NAME": self.project,
            **settings,
        }

    @property
    def directory(self) -> Path:
        """Where the compose files are."""
        return self.folder / "deploy" / "compose"

    @property
    def secrets(self) -> Path:
        """Where the passwords are made."""
        return self.directory / "secrets"

    def url(self, port: str) -> str:
        """Return where a published port is, by the name of its setting."""
        return f"http://127.0.0.1:{self.ports[port]}"

    def secret(self, name: str) -> str:
        """Return a password."""
        return (self.secrets / name).read_text().strip()

    def make(self, target: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        """Run a target of the Makefile to its end; its exit code is for the caller to judge."""
        return self._run(["make", "--no-print-directory", target], self.folder, settings)

    def compose(self, *arguments: str) -> str:
        """Run ``docker compose``; return what it prints."""
        done = self._run(["docker", "compose", *arguments], self.directory, {})
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def containers(self) -> dict[str, dict[str, Any]]:
        """Return what Docker knows of each container, by the name of its service."""
        label = f"label=com.docker.compose.project={self.project}"
        ids = run("ps", "-aq", "--filter", label).split()
        found = json.loads(run("inspect", *ids)) if ids else []
        return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in found}

    def logs(self, service: str) -> str:
        """Return what a service wrote so far, errors and all."""
        code, text = outcome("logs", self.containers()[service]["Id"])
        assert code == 0, text
        return text

    @cached_property
    def client(self) -> httpx.Client:
        """Asks any of them, without a proxy between."""
        return httpx.Client(trust_env=False, timeout=30)

    def ask(self, path: str, **parameters: str) -> httpx.Response:
        """Return an answer of the API, whatever it says."""
        return self.client.get(f"{self.url('PAGE_PORT')}/api/v1/{path}", params=parameters)

    def api(self, path: str, **parameters: str) -> Any:
        """Return an answer of the API, as JSON."""
        answer = self.ask(path, **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def query(self, expression: str, port: str = "PROMETHEUS_PORT") -> list[dict[str, Any]]:
        """Return the series of an expression now, of Prometheus or VictoriaMetrics."""
        answer = self.client.get(
            f"{self.url(port)}/api/v1/query", params={"query": expression, "latency_offset": "1ms"}
        )
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found

    def explain(self) -> str:
        """Return what may tell why a metric is not there: targets, restarts, last lines."""
        told = [
            f"{expression}: {[(one['metric'], one['value']) for one in self.query(expression)]}"
            for expression in ("up", "time() - timestamp(up)", "scrape_samples_scraped")
        ]
        for name, one in self.containers().items():
            state = one["State"]
            told.append(f"{name}: {state['Status']} {state['StartedAt']} {one['RestartCount']}")
        told += [f"{name}:\n{self.logs(name)[-2000:]}" for name in ("prometheus", "ingest")]
        return "\n".join(told)

    def _run(
        self, words: list[str], folder: Path, settings: Mapping[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            words,
            cwd=folder,
            env={**self._environment, **settings},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=UP_SECONDS,
            check=False,
        )


def copy_repository(folder: Path) -> None:
    """Copy what is in the repository and its working copy, but nothing that Git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.split("\0"):
        if name and not name.startswith("tests/") and (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)


def kill(process: int) -> None:
    """End a process of a container as a crash does, from outside, whoever may talk to Docker."""
    words = ("--pid", "host", "--cap-drop", "ALL", "--cap-add", "KILL", "--network", "none")
    run("run", "--rm", *words, BASE, "python3", "-c", f"import os; os.kill({process}, 9)")


@contextmanager
def stack(**settings: str) -> Iterator[Stack]:
    """Give a stack that is not started yet; all that it starts is gone afterwards."""
    need_docker()
    with tempfile.TemporaryDirectory(prefix="hepscope-compose-", dir="/var/tmp") as folder:
        made = Stack(Path(folder), settings)
        try:
            yield made
        finally:
            made.client.close()
            made.make("down", ARGS="--volumes --yes")
