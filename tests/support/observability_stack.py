"""Prometheus, VictoriaMetrics, Alertmanager and the filter of Docker's socket, run by Compose.

The file of deploy/compose is included as it is. What differs: ports that are free, shorter
intervals, and small stand-ins for hepscope's services, which Prometheus finds by their names.
"""

import json
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import yaml

from support.corpus import REQUIRED
from support.grafana import ROOT
from support.kafka import free_port
from support.observability import COMPOSE, menu

START_SECONDS: Final = 240
SERVERS: Final = ("prometheus", "victoriametrics", "alertmanager", "docker-api")
STANDINS: Final = {"ingest": 9100, "storage-writer": 9100, "query-api": 9100,
                   "metrics-exporter": 9096}  # fmt: skip
"""Services of ours, and the port that Prometheus asks."""

_ANSWER: Final = """\
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(b"process_start_time_seconds 1\\nhepscope_exporter_attempts 3\\n")
http.server.ThreadingHTTPServer(("", int(sys.argv[1])), Answer).serve_forever()
"""


@dataclass(frozen=True, slots=True)
class Stack:
    """What runs."""

    project: str
    file: Path
    environment: Mapping[str, str]

    def compose(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run ``docker compose``."""
        command = ["docker", "compose", "-p", self.project, "-f", str(self.file), *arguments]
        return subprocess.run(
            command,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=START_SECONDS,
        )

    def ask(self, server: str, expression: str) -> list[dict[str, Any]]:
        """Return what ``prometheus`` or ``victoriametrics`` answers to an expression."""
        # VictoriaMetrics hides what is younger than 30 s, which another scrape might yet change.
        asked = {"query": expression, "latency_offset": "1ms", "nocache": "1"}
        return list(self.get(server, "/api/v1/query", asked)["data"]["result"])

    def get(self, server: str, path: str, asked: Mapping[str, str] | None = None) -> Any:
        """Return the JSON of an address of one of the servers."""
        port = self.environment[f"{server.upper()}_PORT"]
        url = f"http://127.0.0.1:{port}{path}"
        return httpx.get(url, params=asked, trust_env=False, timeout=60).json()


def images_are_there() -> bool:
    """Whether Docker answers and has every image; nothing is pulled."""
    if shutil.which("docker") is None:
        return False
    names = [menu()[f"{name}_IMAGE"] for name in ("PROMETHEUS", "VICTORIAMETRICS", "ALERTMANAGER")]
    command = ["docker", "image", "inspect", *names, menu()["NGINX_IMAGE"], "python:3.13-slim"]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0


@contextmanager
def running_stack(folder: Path) -> Iterator[Stack]:
    """Start it; skips or fails where images are missing."""
    if not images_are_there():
        reason = "no Docker with the images of deploy/compose/.env"
        if any(os.environ.get(variable) for variable in REQUIRED):
            pytest.fail(reason)
        pytest.skip(reason)
    project = f"hepscope-test-observability-{secrets.token_hex(4)}"
    ports = {f"{name.upper()}_PORT": str(free_port()) for name in SERVERS[:3]}
    stack = Stack(project, _write(folder), {**ports, "SITE": "test", "COMPOSE_PROFILES": ""})
    services = [*SERVERS, *STANDINS]
    try:
        scale = ("--scale", "storage-writer=2")
        done = stack.compose("up", "-d", "--wait", "--quiet-pull", *scale, *services)
        assert done.returncode == 0, done.stderr + stack.compose("logs").stdout[-4000:]
        yield stack
    finally:
        stack.compose("--profile", "*", "down", "-v", "--remove-orphans", "--timeout", "5")


def _write(folder: Path) -> Path:
    config = (ROOT / "deploy/prometheus/prometheus.compose.yml").read_text()
    quick = re.sub(r"((?:scrape|evaluation|refresh)_interval: )\d+s", r"\g<1>1s", config)
    (folder / "prometheus.yml").write_text(quick)
    (folder / "prometheus.yml").chmod(0o644)
    folder.chmod(0o755)
    override = {
        "services": {
            "prometheus": {
                "volumes": [f"{folder}/prometheus.yml:/etc/prometheus/prometheus.yml:ro"]
            }
        }
    }
    (folder / "override.yaml").write_text(yaml.safe_dump(override))
    included = [str(COMPOSE / "compose.observability.yaml"), str(folder / "override.yaml")]
    standins = {
        name: {
            "image": "python:3.13-slim",
            "init": True,
            "command": ["python3", "-c", _ANSWER.replace("$", "$$"), str(port)],
        }
        for name, port in STANDINS.items()
    }
    once = {"secrets": {"image": "python:3.13-slim", "command": ["true"]}}
    text = json.dumps({
        "include": [{"path": included, "project_directory": str(COMPOSE)}],
        "services": {**standins, **once},
        "networks": {"backend": {}},
    })  # fmt: skip
    path = folder / "compose.yaml"
    path.write_text(text)
    return path
