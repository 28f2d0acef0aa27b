"""The Dockerfile: one for all services, which builds where no registry but one is reached."""

import re
from pathlib import Path

import pytest

from support.docker import BASE, DOCKERFILE, ROOT, SERVICES

LOCKS = ROOT / "deploy/docker/locks"
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """Its instructions, each on one line, without comments."""
    text = re.sub(r"(?m)^\s*#.*\n", "", DOCKERFILE.read_text())
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def test_both_stages_are_of_the_official_image(lines: list[str]) -> None:
    """No other image is needed, not even one that reads the file (``# syntax=``)."""
    stages = [line.split()[1] for line in lines if line.startswith("FROM ")]

    assert stages == [BASE, BASE]
    assert "syntax=" not in DOCKERFILE.read_text()
    assert [line for line in lines if line.startswith("COPY --from=")] == [
        "COPY --from=build /opt/hepscope /opt/hepscope"
    ]


def test_libraries_come_from_locks_with_hashes(lines: list[str]) -> None:
    """What is installed otherwise comes from wheels that were built here, without an index."""
    installs = [line for line in lines if re.search(r"pip.* install ", line)]

    assert len(installs) == 3
    assert all("--require-hashes" in line or "--no-index" in line for line in installs)


@pytest.mark.parametrize("service", [*SERVICES, "build"])
def test_lock_is_there_and_has_hashes(service: str) -> None:
    """Each library in it has one at least."""
    text = (LOCKS / f"{service}.lock").read_text()
    libraries = re.split(r"(?m)^(?=[a-z0-9])", text)[1:]

    assert libraries
    assert [block for block in libraries if "==" not in block or not HASH.search(block)] == []


def test_every_service_has_an_image() -> None:
    """Also the one that somebody adds."""
    assert {path.parent.name for path in ROOT.glob("services/*/pyproject.toml")} == set(SERVICES)


def test_only_what_is_named_gets_to_the_builder() -> None:
    """Secrets of the compose project lie in the same folder as everything."""
    rules = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]

    assert rules[0] == "*"
    assert all(Path(ROOT, rule[1:]).exists() for rule in rules if rule.startswith("!"))
