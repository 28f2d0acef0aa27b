"""A real Prometheus for tests: the binary on a free port of 127.0.0.1, scraping what it is told.

Debian's package ``prometheus`` has it. Tests skip without it, or fail where all services must be.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import pytest

from support.kafka import free_port
from support.service import Json, until

START_SECONDS = 120.0
STOP_SECONDS = 60.0

_CONFIG = """\
global:
  scrape_interval: {seconds}s
  scrape_timeout: {seconds}s
  evaluation_interval: {seconds}s
scrape_configs:
  - job_name: hepscope
    static_configs:
      - targets: [{targets}]
"""


def binary() -> str:
    """Return where Prometheus is; skips or fails without one."""
    found = shutil.which("prometheus")
    if found is None:
        reason = "no Prometheus (package prometheus)"
        if os.environ.get("CI") or os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


class Prometheus:
    """Scrapes targets (host:port) and evaluates rules, from entering to exiting."""

    def __init__(
        self,
        targets: Sequence[str],
        *,
        rules: Mapping[str, str] | None = None,
        every_seconds: int = 1,
    ) -> None:
        """Name the targets; what is not scraped within ``every_seconds`` is missed."""
        self._targets = targets
        self._every_seconds = every_seconds
        self._rules = rules or {}
        self._folder = tempfile.TemporaryDirectory(prefix="hepscope-prometheus-")
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{free_port()}"
        self.at: float | None = None
        """The time for which expressions are asked, in seconds since 1970; None: now."""

    def __enter__(self) -> Self:
        folder = Path(self._folder.name)
        targets = ", ".join(f'"{target}"' for target in self._targets)
        text = _CONFIG.format(targets=targets, seconds=self._every_seconds)
        for name, rule in self._rules.items():
            (folder / name).write_text(rule)
        if self._rules:
            text += "rule_files: [" + ", ".join(self._rules) + "]\n"
        (folder / "prometheus.yml").write_text(text)
        guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *guard,
                    binary(),
                    f"--config.file={folder}/prometheus.yml",
                    f"--storage.tsdb.path={folder}/data",
                    f"--web.listen-address={self.url.removeprefix('http://')}",
                ],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        until(self._is_ready, "Prometheus ready", seconds=START_SECONDS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._folder.cleanup()

    def query(self, expression: str) -> list[Json]:
        """Return what an expression gives, of which each is {"metric", "value": [t, text]}."""
        time = {} if self.at is None else {"time": str(self.at)}
        answer = self._get("query", {"query": expression, **time})
        found: list[Json] = answer["result"]
        return found

    def value(self, expression: str) -> float | None:
        """Return the number of an expression that gives one series, None when it gives none."""
        found = self.query(expression)
        assert len(found) <= 1, found
        return float(found[0]["value"][1]) if found else None

    def metadata(self, metric: str) -> Json:
        """Return type and help of a metric, as scraped."""
        answer = self._get("metadata", {"metric": metric})
        rows: list[Json] = answer.get(metric, [])
        return rows[0] if rows else {}

    def rules(self) -> list[Json]:
        """Return all rules with their state: {"name", "query", "health", "lastError"}."""
        return [rule for group in self._rule_groups() for rule in group["rules"]]

    def wait_for_rules(self) -> None:
        """Return once every rule was evaluated on what is scraped now."""
        began = datetime.now(UTC)
        until(
            lambda: all(
                datetime.fromisoformat(group["lastEvaluation"]) > began
                for group in self._rule_groups()
            ),
            "all rules to be evaluated",
        )

    def _rule_groups(self) -> list[Json]:
        groups: list[Json] = self._get("rules", {})["groups"]
        return groups

    def wait_for(self, expression: str, value: float) -> None:
        """Return once an expression gives a value."""
        until(lambda: self.value(expression) == value, f"{expression} to be {value}")

    def _get(self, path: str, parameters: Mapping[str, str]) -> Json:
        answer = httpx.get(
            f"{self.url}/api/v1/{path}", params=dict(parameters), trust_env=False, timeout=60
        ).json()
        assert answer["status"] == "success", answer
        data: Json = answer["data"]
        return data

    def _is_ready(self) -> bool | None:
        assert self._process is not None
        if self._process.poll() is not None:
            pytest.fail(f"Prometheus ended: {Path(self._folder.name, 'log').read_text()[-800:]}")
        try:
            return httpx.get(f"{self.url}/-/ready", trust_env=False).status_code == 200
        except httpx.TransportError:
            return None
