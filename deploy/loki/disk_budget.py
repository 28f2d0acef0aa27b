#!/usr/bin/env python3
"""Keeps Loki's data within LOKI_DISK_GB by a shorter retention: Loki itself knows none by size.

Each round measures the data directory and writes Loki's runtime configuration, which Loki reads
every 30 s; its compactor then deletes what is older than the retention in force (rounds of about
15 min, and 30 min more until the files are gone). Over the budget the retention becomes the age of
the data in the proportion that is to stay; well below it the retention grows again, up to
LOKI_RETENTION_HOURS. It never falls below an hour.

Only the standard library, since it runs alone beside Loki. ``GET /metrics`` and ``/healthz`` on
port 9100; ``--check`` asks the latter.
"""

import json
import logging
import os
import re
import sys
import threading
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

PORT: Final = 9100
ROUND_SECONDS: Final = 600.0
HEALTHY_SECONDS: Final = 3 * ROUND_SECONDS
LEAST_HOURS: Final = 1
FULL_SHARE: Final = 0.9
"""Of the budget: what is deleted leaves the disk up to an hour later, in which more comes."""
ROOMY_SHARE: Final = 0.8
"""Below this the retention grows again; between the two it stays."""
GROWTH: Final = 1.1
"""By so much a round, and by an hour at least: a retention that grows deletes nothing."""
GB: Final = 1_000_000_000
TENANT: Final = "fake"
"""Loki's name for the only tenant when it has no tenants."""
CHUNKS: Final = "chunks"

log = logging.getLogger("loki-budget")


@dataclass(frozen=True, slots=True)
class Limits:
    """What the environment asks for."""

    retention_hours: int
    budget_bytes: int
    data_dir: Path
    overrides: Path

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Limits":
        """Return the limits; raises ValueError naming the variable that is missing or no number."""
        return cls(
            retention_hours=_positive(environment, "LOKI_RETENTION_HOURS"),
            budget_bytes=_positive(environment, "LOKI_DISK_GB") * GB,
            data_dir=Path(environment.get("LOKI_DATA_DIR", "/loki")),
            overrides=Path(environment.get("LOKI_OVERRIDES", "/var/lib/hepscope/overrides.yaml")),
        )


@dataclass(frozen=True, slots=True)
class Usage:
    """What lies in the data directory."""

    used_bytes: int
    """Allocated on the disk, index and write-ahead log included."""
    oldest: float | None
    """Modification time of the oldest chunk, seconds since 1970; None without chunks."""

    def age_hours(self, now: float) -> float:
        """Return how long ago the oldest chunk was written."""
        return 0.0 if self.oldest is None else max(now - self.oldest, 0.0) / 3600


@dataclass(slots=True)
class State:
    """What the last round found, for the metrics."""

    limits: Limits
    used_bytes: int = 0
    retention_hours: int = 0
    failures: int = 0
    round_at: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def exposition(self) -> str:
        """Return the metrics in Prometheus's text format."""
        with self.lock:
            values = (
                ("loki_disk_used_bytes", "gauge", "Size of Loki's data on disk.", self.used_bytes),
                ("loki_disk_budget_bytes", "gauge", "What it may be.", self.limits.budget_bytes),
                ("loki_retention_seconds", "gauge", "Retention in force.",
                 self.retention_hours * 3600),
                ("loki_retention_wanted_seconds", "gauge", "Retention as set.",
                 self.limits.retention_hours * 3600),
                ("loki_disk_budget_failures_total", "counter", "Rounds that failed.",
                 self.failures),
            )  # fmt: skip
        return "".join(
            f"# HELP {name} {text}\n# TYPE {name} {kind}\n{name} {value}\n"
            for name, kind, text, value in values
        )

    def is_healthy(self) -> bool:
        """Return whether a round succeeded not long ago."""
        with self.lock:
            return time.monotonic() - self.round_at < HEALTHY_SECONDS and self.round_at > 0


def measure(data_dir: Path) -> Usage:
    """Return the usage; files that Loki removes meanwhile are passed over."""
    used, oldest = 0, None
    for folder, _, names in os.walk(data_dir):
        is_chunks = CHUNKS in Path(folder).relative_to(data_dir).parts
        for name in names:
            try:
                found = (Path(folder) / name).lstat()
            except FileNotFoundError:
                continue
            used += found.st_blocks * 512
            if is_chunks and (oldest is None or found.st_mtime < oldest):
                oldest = found.st_mtime
    return Usage(used, oldest)


def next_hours(limits: Limits, usage: Usage, before: int, now: float) -> int:
    """Return the retention to be in force, whole hours."""
    if usage.used_bytes > limits.budget_bytes * FULL_SHARE:
        if usage.oldest is None:
            return before
        # By the age of what is there, not by the retention before: until Loki has deleted, every
        # round finds the same and would cut it again.
        share = limits.budget_bytes * ROOMY_SHARE / usage.used_bytes
        return max(LEAST_HOURS, min(int(usage.age_hours(now) * share), before))
    if usage.used_bytes < limits.budget_bytes * ROOMY_SHARE:
        return min(limits.retention_hours, max(int(before * GROWTH), before + 1))
    return min(before, limits.retention_hours)


def read_hours(overrides: Path) -> int | None:
    """Return the retention that was written last, None when there is none."""
    try:
        found = re.search(r"retention_period: (\d+)h", overrides.read_text())
    except FileNotFoundError:
        return None
    return int(found[1]) if found else None


def write_hours(overrides: Path, hours: int) -> None:
    """Replace the file at once, so that Loki never reads half of it."""
    text = f"overrides:\n  {TENANT}:\n    retention_period: {hours}h\n"
    draft = overrides.with_suffix(".new")
    draft.write_text(text)
    draft.chmod(0o644)
    draft.replace(overrides)


def play(state: State) -> None:
    """Do one round."""
    limits = state.limits
    usage = measure(limits.data_dir)
    written = read_hours(limits.overrides)
    hours = next_hours(limits, usage, written or limits.retention_hours, time.time())
    if hours != written:
        write_hours(limits.overrides, hours)
        log.log(
            logging.WARNING if hours < (written or limits.retention_hours) else logging.INFO,
            "retention is %d h of %d h: %.1f of %.1f GB in use",
            hours, limits.retention_hours, usage.used_bytes / GB, limits.budget_bytes / GB,
        )  # fmt: skip
    with state.lock:
        state.used_bytes, state.retention_hours = usage.used_bytes, hours
        state.round_at = time.monotonic()


class _Lines(logging.Formatter):
    """One JSON object a line, with the keys of hepscope's services."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "service": "loki-budget",
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


def serve(state: State, port: int) -> ThreadingHTTPServer:
    """Answer metrics and health in threads of their own until the process ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, state.exposition())
            elif self.path == "/healthz":
                self._answer(*((200, "ok\n") if state.is_healthy() else (503, "no round\n")))
            else:
                self._answer(404, "no such path\n")

        def _answer(self, status: int, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Write nothing: what is asked for here is asked for every few seconds."""

    server = ThreadingHTTPServer(("", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def check(port: int) -> int:
    """Return 0 when the process that runs is healthy."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=3):
            return 0
    except OSError:
        return 1


def _positive(environment: Mapping[str, str], name: str) -> int:
    text = environment.get(name, "")
    if not re.fullmatch(r"[1-9]\d{0,6}", text):
        message = f"{name} must be a whole number from 1, is {text!r}"
        raise ValueError(message)
    return int(text)


def main() -> int:
    """Run until a signal; returns the exit code."""
    port = int(os.environ.get("LOKI_BUDGET_PORT", PORT))
    if sys.argv[1:] == ["--check"]:
        return check(port)
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    try:
        state = State(Limits.of(os.environ))
    except ValueError as error:
        log.critical("%s", error)
        return 64
    serve(state, port)
    while True:
        try:
            play(state)
        except OSError:
            with state.lock:
                state.failures += 1
            log.exception("round failed")
        time.sleep(float(os.environ.get("LOKI_BUDGET_SECONDS", ROUND_SECONDS)))


if __name__ == "__main__":
    sys.exit(main())
