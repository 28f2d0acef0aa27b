"""What a killed run left behind is removed by the next one, what a living one has is not."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from chaos import docker
from chaos.compose_abandoned import project_name, remove_abandoned_stacks
from support.docker import BASE, need_image

LABEL = "com.docker.compose.project"


@contextmanager
def project(name: str) -> Iterator[None]:
    """Give a container, a network and a volume, labelled as Compose does; gone afterwards."""
    label = ("--label", f"{LABEL}={name}")
    docker.run("network", "create", *label, f"{name}_backend")
    docker.run("volume", "create", *label, f"{name}_data")
    volume = ("--volume", f"{name}_data:/data")
    docker.run("create", *label, "--name", f"{name}-kafka-1", *volume, BASE, "true")
    try:
        yield
    finally:
        for left in things_of(name):
            kind = "network" if left.endswith("_backend") else "volume"
            docker.run(*(("rm",) if left.endswith("-1") else (kind, "rm")), left)


def things_of(name: str) -> list[str]:
    """Return what there is of a project, containers first."""
    label = ("--filter", f"label={LABEL}={name}")
    found = docker.run("ps", "--all", *label, "--format", "{{.Names}}").split()
    found += docker.run("network", "ls", *label, "--format", "{{.Name}}").split()
    return found + docker.run("volume", "ls", *label, "--format", "{{.Name}}").split()


def test_only_stacks_of_runs_that_are_gone_are_removed() -> None:
    """A name tells whose a stack is."""
    need_image(BASE)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    own = project_name()
    dead = own.replace(str(os.getpid()), str(gone.pid))
    with project(own), project(dead):
        assert len(things_of(dead)) == 3
        remove_abandoned_stacks()
        assert things_of(dead) == []
        assert len(things_of(own)) == 3
