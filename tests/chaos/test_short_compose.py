"""The short chaos run over the stack of ``deploy/compose``."""

from pathlib import Path

import pytest

from chaos.options import TargetName
from chaos.short_run import RUN_SECONDS, numbers_of, outcome_of, started, things_of
from support.docker import BUILD_SECONDS, need_docker


@pytest.mark.timeout(RUN_SECONDS + BUILD_SECONDS)
def test_containers_lose_and_double_nothing_either(folder: Path) -> None:
    """A kill, a kill of two, a cut, a pause; nothing is left of it but logs."""
    need_docker()
    count = 4
    run = started(folder, "--faults", str(count), "--packets", "1000", target=TargetName.COMPOSE)
    code, said = outcome_of(run)
    assert code == 0, said
    faults, accepted, stored, lost, doubled = numbers_of(said)
    assert (faults, lost, doubled) == (count, 0, 0)
    assert accepted == stored > 500
    assert things_of(run.pid) == []
    assert {path.name for path in folder.iterdir()} == {"logs", "report.txt"}
