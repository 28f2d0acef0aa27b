"""Loki's disk budget: how the retention follows the size, and the process around it."""

import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
import yaml

from support.kafka import free_port
from support.service import until

SCRIPT = Path(__file__).parents[3] / "deploy" / "loki" / "disk_budget.py"
GB = 1_000_000_000
NOW = 1_800_000_000.0
HOUR = 3600.0


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("disk_budget", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["disk_budget"] = module
    spec.loader.exec_module(module)
    return module


budget: Any = _load()


def _next(used_gb: float, before: int, *, age_hours: float | None) -> int:
    limits = budget.Limits(168, 20 * GB, Path("/loki"), Path("/none"))
    oldest = None if age_hours is None else NOW - age_hours * HOUR
    hours: int = budget.next_hours(limits, budget.Usage(round(used_gb * GB), oldest), before, NOW)
    return hours


@pytest.mark.parametrize(
    ("used_gb", "before", "age_hours", "after"),
    [
        (5, 168, 100, 168),  # far below: as set
        (17, 168, 100, 168),  # between: unchanged
        (17, 100, 100, 100),
        (19, 168, 100, 84),  # above 18: as much of 100 h as 16 of 19 GB are
        (40, 168, 168, 67),
        (19, 84, 100, 84),  # the next round, nothing deleted yet: not cut again
        (5, 84, 84, 92),  # room again: a tenth more
        (5, 4, 4, 5),  # an hour at least
        (5, 165, 100, 168),  # never above what is set
        (5, 400, 100, 168),  # set lower than it was
        (17, 400, 100, 168),
        (900, 168, 10, 1),  # never below an hour
        (19, 60, None, 60),  # no chunk is there to be deleted
    ],
)
def test_retention_follows_the_size(
    used_gb: float, before: int, age_hours: float | None, after: int
) -> None:
    """Of 20 GB: over 18 it is shortened to 16 by the age of what is there, below 16 it grows."""
    assert _next(used_gb, before, age_hours=age_hours) == after


def test_a_disk_that_fills_steadily_settles_within_its_budget() -> None:
    """4 GB a day against 20 GB and 7 days, with deletions an hour late, a round each 10 minutes."""
    gb_an_hour, hours, highest = 4 / 24, 168, 0.0
    kept: list[int] = []
    stored = 0.0
    for step in range(30 * 24 * 6):
        stored = min(stored + 1 / 6, kept[-6] + 1 if len(kept) > 6 else 168.0)
        hours = _next(stored * gb_an_hour, hours, age_hours=stored)
        kept.append(hours)
        if step > 8 * 24 * 6:
            highest = max(highest, stored * gb_an_hour)
    assert 16 <= highest <= 20
    assert min(kept[-1000:]) * gb_an_hour >= 14


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "20GB", "12345678"])
def test_a_number_that_is_none_is_refused_by_name(text: str) -> None:
    """The variable is named."""
    with pytest.raises(ValueError, match="LOKI_DISK_GB"):
        budget.Limits.of({"LOKI_RETENTION_HOURS": "24", "LOKI_DISK_GB": text})


def test_usage_is_what_lies_on_the_disk(tmp_path: Path) -> None:
    """All files count; the age is that of the oldest chunk."""
    for name, age in (("chunks/fake/a", 50), ("chunks/fake/b", 10), ("wal/0001", 900)):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 100_000)
        os.utime(path, (NOW - age * HOUR, NOW - age * HOUR))
    usage = budget.measure(tmp_path)
    assert usage.used_bytes >= 300_000
    assert usage.age_hours(NOW) == pytest.approx(50)
    assert budget.measure(tmp_path / "nothing").oldest is None


@contextmanager
def _running(tmp_path: Path, **more: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    port = free_port()
    environment = {
        "LOKI_RETENTION_HOURS": "168",
        "LOKI_DISK_GB": "1",
        "LOKI_DATA_DIR": str(tmp_path / "loki"),
        "LOKI_OVERRIDES": str(tmp_path / "overrides.yaml"),
        "LOKI_BUDGET_PORT": str(port),
        "LOKI_BUDGET_SECONDS": "0.05",
    }
    with subprocess.Popen(
        [sys.executable, "-I", str(SCRIPT)],
        env=environment | more,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.terminate()


def _answer(url: str) -> Callable[[], httpx.Response | None]:
    def ask() -> httpx.Response | None:
        try:
            found = httpx.get(url, trust_env=False, timeout=60)
        except httpx.TransportError:
            return None
        return found if found.status_code == 200 else None

    return ask


def test_the_process_writes_what_loki_reads(tmp_path: Path) -> None:
    """Strict YAML of Loki's runtime configuration, readable for another user; metrics beside."""
    chunk = tmp_path / "loki" / "chunks" / "fake" / "a"
    chunk.parent.mkdir(parents=True)
    with chunk.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, 2 * GB)
    aged = chunk.stat().st_mtime - 101 * HOUR
    os.utime(chunk, (aged, aged))
    with _running(tmp_path) as (url, _):
        assert until(_answer(f"{url}/healthz"), "a first round").text == "ok\n"
        overrides = tmp_path / "overrides.yaml"
        written = yaml.safe_load(overrides.read_text())
        assert written == {"overrides": {"fake": {"retention_period": "40h"}}}
        assert overrides.stat().st_mode & 0o777 == 0o644
        metrics = until(_answer(f"{url}/metrics"), "metrics").text
        assert "\nloki_retention_seconds 144000\n" in metrics
        assert "\nloki_retention_wanted_seconds 604800\n" in metrics
        assert "\nloki_disk_budget_bytes 1000000000\n" in metrics
        chunk.unlink()
        until(lambda: "168h" in overrides.read_text(), "the retention to grow again")


def test_the_process_refuses_to_start_without_a_budget(tmp_path: Path) -> None:
    """One JSON line says what is missing."""
    with _running(tmp_path, LOKI_DISK_GB="") as (_, process):
        assert process.wait(60) == 64
        assert process.stderr is not None
        line = yaml.safe_load(process.stderr.read())
    assert line["level"] == "critical"
    assert "LOKI_DISK_GB" in line["message"]


def test_a_place_that_cannot_be_written_is_counted_and_tried_again(tmp_path: Path) -> None:
    """Unhealthy meanwhile, which keeps Loki from its first start without the file."""
    with _running(tmp_path, LOKI_OVERRIDES="/proc/none/overrides.yaml") as (url, _):

        def has_failed_twice() -> bool:
            answer = _answer(f"{url}/metrics")()
            return answer is not None and "failures_total 2" in answer.text

        until(has_failed_twice, "two rounds to fail")
        assert httpx.get(f"{url}/healthz", trust_env=False, timeout=60).status_code == 503


def test_the_check_asks_the_process(tmp_path: Path) -> None:
    """Exit code 0 when healthy, 1 when there is nobody; that is the container's health."""
    with _running(tmp_path) as (url, process):
        until(_answer(f"{url}/healthz"), "a first round")
        check = [sys.executable, "-I", str(SCRIPT), "--check"]
        port = {"LOKI_BUDGET_PORT": url.rpartition(":")[2]}

        def says() -> int:
            return subprocess.run(check, env=port, check=False, timeout=60).returncode

        # It waits for an answer for a few seconds, as Docker asks it again and again.
        until(lambda: says() == 0, "the check to find it healthy")
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        assert says() == 1
