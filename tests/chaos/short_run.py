"""A short chaos run as a process, for tests: started, ended, and what it left behind."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chaos import docker
from chaos.broker_choice import VARIABLE
from chaos.options import TargetName

SEED = "20806"
"""Its short plan breaks ingest, both writers, the broker and the database, each in its way."""

RUN_SECONDS = 900
START_SECONDS = 600
END_SECONDS = 180
_LAST = re.compile(r"chaos: faults=(\d+) accepted=(\d+) stored=(\d+) lost=(\d+) doubled=(\d+)")


def is_everything_required() -> bool:
    """Whether a test that cannot run has failed, as in CI."""
    return bool(os.environ.get("CI")) or os.environ.get("REQUIRE_SERVICES") == "1"


def require_broker() -> list[str]:
    """Return the words that choose a broker without Docker; skips or fails where there is none.

    Containers bring interfaces of their own, at which browsers of other tests lose what they load.
    """
    if VARIABLE in os.environ:
        return []
    if shutil.which("java") and shutil.which("mvn"):
        return ["--broker", "jars"]
    if is_everything_required():
        pytest.fail("no Kafka for the chaos run: Java and Maven are missing")
    pytest.skip("no Kafka for the chaos run: Java and Maven are missing")


def started(
    folder: Path, *arguments: str, target: TargetName = TargetName.PROCESSES
) -> subprocess.Popen[str]:
    """Return a run, started: the short one, or what the arguments make of it."""
    words = ["--short", "--seed", SEED, "--folder", str(folder), *arguments]
    return subprocess.Popen(
        [sys.executable, "-m", "chaos", *words],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "TARGET": target},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(run: subprocess.Popen[str]) -> None:
    """Ask a run to end if it has not; asked, it ends what it started."""
    if run.poll() is None:
        run.terminate()
        run.wait(END_SECONDS)


def processes_of(folder: Path) -> list[int]:
    """Return the processes that have to do with a folder, by command line or environment."""
    found = []
    for entry in Path("/proc").iterdir():
        # Processes end while they are looked at, and some are not ours to look at.
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                said = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
                if os.fsencode(folder) in said:
                    found.append(int(entry.name))
    return found


def outcome_of(run: subprocess.Popen[str]) -> tuple[int, str]:
    """Return a run's exit code and what it said, once it has ended."""
    try:
        said, _ = run.communicate(timeout=RUN_SECONDS)
    finally:
        ended(run)
    return run.returncode, said


def numbers_of(said: str) -> list[int]:
    """Return the numbers of the last line."""
    last = _LAST.fullmatch(said.splitlines()[-1])
    assert last is not None, said
    return [int(number) for number in last.groups()]


def things_of(pid: int) -> list[str]:
    """Return containers, networks and volumes that are named after a run."""
    asked = (("ps", "--all", "{{.Names}}"), ("network", "ls", "{{.Name}}"))
    found = [docker.run(*words, "--format", form) for *words, form in asked]
    found.append(docker.run("volume", "ls", "--format", "{{.Name}}"))
    names = "\n".join(found).split()
    return [name for name in names if name.startswith(f"hepscope-chaos-{pid}-")]
