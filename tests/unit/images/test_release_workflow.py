"""The release workflow: pinned, with few rights, for all services and both machines."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.docker import SERVICES

ROOT = Path(__file__).parents[3]
PIN = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}")
GIVEN = "${{"


@pytest.fixture(scope="module")
def workflow() -> dict[str, Any]:
    """The file as YAML without types: its key ``on`` would be read as true."""
    path = ROOT / ".github/workflows/release.yml"
    found: dict[str, Any] = yaml.load(path.read_text(), yaml.BaseLoader)
    return found


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the steps of all jobs."""
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def step_of(workflow: dict[str, Any], action: str) -> dict[str, Any]:
    """Return the inputs of the one step that uses an action."""
    [found] = [step for step in steps(workflow) if step.get("uses", "").startswith(f"{action}@")]
    inputs: dict[str, Any] = found["with"]
    return inputs


def test_actions_are_pinned_by_commit(workflow: dict[str, Any]) -> None:
    """A tag can be moved to other code, which would then sign in our name."""
    used = [step["uses"] for step in steps(workflow) if "uses" in step]

    assert len(used) > 10
    assert [action for action in used if not PIN.fullmatch(action)] == []


def test_each_job_has_the_rights_that_it_names(workflow: dict[str, Any]) -> None:
    """None by default; only the last job writes to the repository."""
    rights = {name: job["permissions"] for name, job in workflow["jobs"].items()}

    assert workflow["permissions"] == {}
    assert [name for name, given in rights.items() if given.get("contents") == "write"] == [
        "release"
    ]
    assert {name for name, given in rights.items() if given.get("packages") == "write"} == {
        "images",
        "chart",
    }


def test_shell_takes_values_from_the_environment(workflow: dict[str, Any]) -> None:
    """An expression in a script would run whatever somebody named a tag."""
    scripts = [step["run"] for step in steps(workflow) if "run" in step]

    assert len(scripts) > 3
    assert [script for script in scripts if GIVEN in script] == []


def test_every_service_is_built_for_both_machines_and_described(
    workflow: dict[str, Any],
) -> None:
    """With provenance and a bill of materials, and never as `latest`."""
    inputs = step_of(workflow, "docker/build-push-action")

    assert set(workflow["jobs"]["images"]["strategy"]["matrix"]["service"]) == set(SERVICES)
    assert inputs["platforms"].split(",") == ["linux/amd64", "linux/arm64"]
    assert inputs["provenance"] == "mode=max"
    assert inputs["sbom"] == "true"
    assert inputs["tags"].endswith(":${{ needs.version.outputs.version }}")


def test_it_runs_for_tags_of_versions_only(workflow: dict[str, Any]) -> None:
    """A branch publishes nothing."""
    assert workflow["on"] == {"push": {"tags": ["v*"]}}
