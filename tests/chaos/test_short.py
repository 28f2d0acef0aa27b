"""The short chaos run: a handful of faults in two minutes, with the whole proof at the end."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos import docker
from chaos.__main__ import parse, plan_of
from chaos.broker_choice import VARIABLE, choose
from chaos.broker_docker import LABEL
from chaos.broker_jars import JarBroker
from chaos.parts import SERVICES
from chaos.plan import Kind
from support.kafka import CannotStartError

SEED = "20806"
"""Its short plan breaks ingest, both writers, the broker and the database, each in its way."""

RUN_SECONDS = 900
START_SECONDS = 600
END_SECONDS = 60
_LAST = re.compile(r"chaos: faults=(\d+) accepted=(\d+) stored=(\d+) lost=(\d+) doubled=(\d+)")


def is_everything_required() -> bool:
    """Whether a test that cannot run has failed, as in CI."""
    return bool(os.environ.get("CI")) or os.environ.get("REQUIRE_SERVICES") == "1"


def require_broker() -> None:
    """Skip where no broker can be had; fail where it must be."""
    reason = ""
    try:
        broker = choose("", Path(), {}, say=print)
        reason = "no Java" if isinstance(broker, JarBroker) and not shutil.which("java") else ""
    except (CannotStartError, OSError, subprocess.SubprocessError) as error:
        reason = str(error)
    if reason and is_everything_required():
        pytest.fail(f"no Kafka for the chaos run: {reason}")
    if reason:
        pytest.skip(f"no Kafka for the chaos run: {reason}")


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Return a run, started: the short one, or what the arguments make of it."""
    words = ["--short", "--seed", SEED, "--folder", str(folder), *arguments]
    return subprocess.Popen(
        [sys.executable, "-m", "chaos", *words],
        cwd=Path(__file__).parents[1],
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


def containers_of(pid: int) -> str:
    """Return the containers of a run; none where there is no Docker."""
    try:
        return docker.run("ps", "--all", "--quiet", "--filter", f"label={LABEL}={pid}")
    except docker.DockerError:
        return ""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A work folder that the database's account can reach, removed at the end."""
    path = Path("/var/tmp") / f"hepscope-chaos-test-{os.getpid()}"
    yield path
    shutil.rmtree(path, ignore_errors=True)


def test_the_short_plan_is_worth_its_time() -> None:
    """Eight faults of all kinds but the long one."""
    plan = plan_of(parse(["--short", "--seed", SEED]))
    assert {fault.kind for fault in plan} == set(Kind) - {Kind.LONG_PAUSE}


@pytest.mark.timeout(START_SECONDS + 2 * END_SECONDS)
def test_an_interrupted_run_leaves_nothing_behind(folder: Path) -> None:
    """After Ctrl-C no process of it runs, no disk is mounted, only its logs are there."""
    require_broker()
    run = started(folder)
    try:
        assert run.stdout is not None
        said: list[str] = []
        while not said or "running on loopback" not in said[-1]:
            line = run.stdout.readline()
            assert line, "".join(said)
            said.append(line)
        # The services, the database and the run itself; the broker may be in a container.
        assert len(processes_of(folder)) >= len(SERVICES) + 2
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=END_SECONDS)
    finally:
        ended(run)
    assert run.returncode == 130
    assert processes_of(folder) == []
    assert containers_of(run.pid) == ""
    assert str(folder) not in Path("/proc/mounts").read_text()
    assert [path.name for path in folder.iterdir() if path.is_dir()] == ["logs"]


@pytest.mark.timeout(RUN_SECONDS + 2 * END_SECONDS)
def test_nothing_is_lost_or_doubled(folder: Path) -> None:
    """The run ends with exit code 0 and says so in its last line."""
    require_broker()
    code, said = outcome_of(started(folder))
    assert code == 0, said
    faults, accepted, stored, lost, doubled = numbers_of(said)
    assert faults >= 5
    if os.environ.get("REQUIRE_SERVICES") == "1" and VARIABLE not in os.environ:
        assert "left out" not in said
    assert accepted == stored > 1000
    assert (lost, doubled) == (0, 0)


@pytest.mark.timeout(RUN_SECONDS + 2 * END_SECONDS)
def test_a_lost_and_a_doubled_packet_are_found(folder: Path) -> None:
    """One row deleted and another one stored again: both are named, and the exit code is 1."""
    require_broker()
    harm = ["--sabotage", "lose", "--sabotage", "double"]
    small = ["--faults", "1", "--only", "query-api", "--packets", "400"]
    code, said = outcome_of(started(folder, *small, *harm))
    assert code == 1, said
    faults, accepted, stored, lost, doubled = numbers_of(said)
    assert (faults, lost, doubled) == (1, 1, 1), said
    assert stored == accepted - 1
    broken = [line for line in said.splitlines() if line.startswith("BROKEN")]
    assert [line.partition(":")[0] for line in broken] == [
        "BROKEN (1) every number on the bus is in the database",
        "BROKEN (1) none is there twice",
    ], said
