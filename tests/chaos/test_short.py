"""The short chaos run: a handful of faults in two minutes, with the whole proof at the end."""

import os
import signal
from pathlib import Path

import pytest

from chaos.__main__ import parse, plan_of
from chaos.broker_choice import VARIABLE
from chaos.parts import SERVICES
from chaos.plan import Kind
from chaos.short_run import (
    END_SECONDS,
    RUN_SECONDS,
    SEED,
    START_SECONDS,
    ended,
    numbers_of,
    outcome_of,
    processes_of,
    require_broker,
    started,
)


def test_the_short_plan_is_worth_its_time() -> None:
    """Eight faults of all kinds but the long one."""
    plan = plan_of(parse(["--short", "--seed", SEED]))
    assert {fault.kind for fault in plan} == set(Kind) - {Kind.LONG_PAUSE}


@pytest.mark.timeout(START_SECONDS + 2 * END_SECONDS)
def test_an_interrupted_run_leaves_nothing_behind(folder: Path) -> None:
    """After Ctrl-C no process of it runs, no disk is mounted, only its logs are there."""
    run = started(folder, *require_broker())
    try:
        assert run.stdout is not None
        said: list[str] = []
        while not said or "running on loopback" not in said[-1]:
            line = run.stdout.readline()
            assert line, "".join(said)
            said.append(line)
        # The services, the database and the run itself; the broker may be somebody else's.
        assert len(processes_of(folder)) >= len(SERVICES) + 2
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=END_SECONDS)
    finally:
        ended(run)
    assert run.returncode == 130
    assert processes_of(folder) == []
    assert str(folder) not in Path("/proc/mounts").read_text()
    assert [path.name for path in folder.iterdir() if path.is_dir()] == ["logs"]


@pytest.mark.timeout(RUN_SECONDS + 2 * END_SECONDS)
def test_nothing_is_lost_or_doubled(folder: Path) -> None:
    """The run ends with exit code 0 and says so in its last line."""
    code, said = outcome_of(started(folder, *require_broker()))
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
    broker = require_broker()
    harm = ["--sabotage", "lose", "--sabotage", "double"]
    small = ["--faults", "1", "--only", "query-api", "--packets", "400"]
    code, said = outcome_of(started(folder, *broker, *small, *harm))
    assert code == 1, said
    faults, accepted, stored, lost, doubled = numbers_of(said)
    assert (faults, lost, doubled) == (1, 1, 1), said
    assert stored == accepted - 1
    broken = [line for line in said.splitlines() if line.startswith("BROKEN")]
    assert [line.partition(":")[0] for line in broken] == [
        "BROKEN (1) every number on the bus is in the database",
        "BROKEN (1) none is there twice",
    ], said
