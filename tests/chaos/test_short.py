"""The short chaos run: a handful of faults in two minutes, with the whole proof at the end."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chaos.__main__ import parse, plan_of
from chaos.plan import Kind
from support.kafka import CannotStartError, fetch_jars

SEED = "19079"
"""Its short plan breaks ingest, the writer, the broker and the database, each in its way."""

RUN_SECONDS = 900
END_SECONDS = 60
_LAST = re.compile(r"chaos: faults=(\d+) accepted=(\d+) stored=(\d+) lost=(\d+) doubled=(\d+)")


def require_broker() -> None:
    """Skip where no broker can be had; fail where it must be."""
    reason = "" if shutil.which("java") else "no Java"
    if not reason:
        try:
            fetch_jars()
        except (CannotStartError, OSError, subprocess.SubprocessError) as error:
            reason = str(error)
    if reason and (os.environ.get("CI") or os.environ.get("REQUIRE_SERVICES") == "1"):
        pytest.fail(f"no Kafka for the chaos run: {reason}")
    if reason:
        pytest.skip(f"no Kafka for the chaos run: {reason}")


def test_the_short_plan_is_worth_its_time() -> None:
    """Seven faults of seven kinds."""
    plan = plan_of(parse(["--short", "--seed", SEED]))
    assert {fault.kind for fault in plan} == set(Kind) - {Kind.LONG_PAUSE}


def test_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    """The run ends with exit code 0 and says so in its last line."""
    require_broker()
    folder = Path("/var/tmp") / f"hepscope-chaos-{tmp_path.name}-{os.getpid()}"
    command = [sys.executable, "-m", "chaos", "--short", "--seed", SEED, "--folder", str(folder)]
    run = subprocess.Popen(
        command,
        cwd=Path(__file__).parents[1],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        said, _ = run.communicate(timeout=RUN_SECONDS)
    finally:
        # Asked to end, it ends what it started.
        if run.poll() is None:
            run.terminate()
            run.wait(END_SECONDS)
    assert run.returncode == 0, said
    last = _LAST.fullmatch(said.splitlines()[-1])
    assert last is not None, said
    faults, accepted, stored, lost, doubled = map(int, last.groups())
    assert faults >= 5
    assert accepted == stored > 1000
    assert (lost, doubled) == (0, 0)
    shutil.rmtree(folder)
