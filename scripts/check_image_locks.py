"""Checks deploy/docker/locks against requirements.lock and what each service's pyproject names.

Run by scripts/check-lock in .venv, whose installed libraries say what they need themselves. The
image's own build proves the same once more, since pip then finds no index to make up for a gap.
"""  # noqa: INP001 - a script beside others

import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCKS = ROOT / "deploy/docker/locks"
BUILD = "build"
"""The lock of what makes our wheels; it belongs to no service."""

PYTHONS = ("3.11", "3.13")
"""The oldest that locks are made for, and the image's."""

MACHINES = ("x86_64", "aarch64")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_BLOCK = re.compile(r"^(?=[A-Za-z0-9])", re.MULTILINE)


def pins(lock: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """Return version and hashes of each library in a lock file, by its canonical name."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for block in _BLOCK.split(lock.read_text()):
        pin = _PIN.match(block)
        if pin is not None:
            hashes = frozenset(re.findall(r"--hash=(\S+)", block))
            found[str(canonicalize_name(pin[1]))] = (pin[2], hashes)
    return found


def members() -> dict[str, Path]:
    """Return our own packages and where their pyproject.toml is."""
    files = (*ROOT.glob("libs/*/pyproject.toml"), *ROOT.glob("services/*/pyproject.toml"))
    files = (*files, ROOT / "migrations/pyproject.toml")
    return {tomllib.loads(file.read_text())["project"]["name"]: file for file in files}


def requirements_of(
    name: str, extras: frozenset[str], own: dict[str, Path]
) -> Iterator[Requirement]:
    """Yield what a package needs in the image, by its pyproject or its installed metadata."""
    if name in own:
        project = tomllib.loads(own[name].read_text())["project"]
        optional = project.get("optional-dependencies", {})
        lines = [*project["dependencies"], *(line for extra in extras for line in optional[extra])]
    else:
        lines = metadata.requires(name) or []
    for line in lines:
        requirement = Requirement(line)
        if is_for_image(requirement, extras):
            yield requirement


def is_for_image(requirement: Requirement, extras: frozenset[str]) -> bool:
    """Whether the requirement's marker holds there, on any of the machines."""
    marker = requirement.marker
    if marker is None:
        return True
    return any(
        marker.evaluate({**_linux(version, machine), "extra": extra})
        for version in PYTHONS
        for machine in MACHINES
        for extra in ("", *extras)
    )


def _linux(version: str, machine: str) -> dict[str, str]:
    known = {name: str(value) for name, value in default_environment().items()}
    named = {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": machine}
    return {**known, **named, "python_version": version, "python_full_version": f"{version}.0"}


def needed(project: str, own: dict[str, Path]) -> set[str]:
    """Return the names of all libraries that one of our packages needs, however far away."""
    todo: list[tuple[str, frozenset[str]]] = [(project, frozenset())]
    seen = set(todo)
    while todo:
        name, extras = todo.pop()
        for requirement in requirements_of(name, extras, own):
            item = (canonicalize_name(requirement.name), frozenset(requirement.extras))
            if item not in seen:
                seen.add(item)
                todo.append(item)
    return {str(name) for name, _ in seen} - set(own)


def faults() -> Iterator[str]:
    """Yield each thing that is wrong."""
    own, whole = members(), pins(ROOT / "requirements.lock")
    services = {file.parent.name for file in ROOT.glob("services/*/pyproject.toml")}
    for stale in {lock.stem for lock in LOCKS.glob("*.lock")} ^ (services | {BUILD}):
        yield f"{stale}.lock: there is a service without a lock, or a lock without a service"
    for lock in sorted(LOCKS.glob("*.lock")):
        found = pins(lock)
        for name, pin in found.items():
            if whole.get(name) != pin:
                yield f"{lock.name}: {name} {pin[0]} is not that of requirements.lock"
        if lock.stem in services:
            wanted = needed(f"hepscope-{lock.stem}", own)
            yield from (f"{lock.name}: {name} is missing" for name in sorted(wanted - set(found)))
            yield from (f"{lock.name}: nobody needs {name}" for name in sorted(set(found) - wanted))


def main() -> int:
    """Print what is wrong; returns 1 when something is."""
    found = list(faults())
    for fault in found:
        sys.stderr.write(f"deploy/docker/locks/{fault}; make it anew with: make lock\n")
    if not found:
        sys.stdout.write("lock files: those of the images agree\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
