"""Stacks that a run left behind because it was killed: removed by the next one."""

import os
import re
import secrets

from chaos import docker

_NAME = re.compile(r"hepscope-chaos-(\d+)-[0-9a-f]+")
_PROJECT = "com.docker.compose.project"


def project_name() -> str:
    """Return a name for a project, which tells whose it is."""
    return f"hepscope-chaos-{os.getpid()}-{secrets.token_hex(3)}"


def remove_abandoned_stacks() -> None:
    """Remove the projects whose runs are gone, with their data. Raises DockerError."""
    form = f'{{{{.Label "{_PROJECT}"}}}}'
    names = docker.run("ps", "--all", "--filter", f"label={_PROJECT}", "--format", form)
    for name in set(names.split()):
        found = _NAME.fullmatch(name)
        if found is not None and not docker.exists(int(found[1])):
            _remove(name)


def _remove(project: str) -> None:
    label = f"label={_PROJECT}={project}"
    for things, force in (("container", ["--force"]), ("network", []), ("volume", [])):
        words = ("--all", "--quiet") if things == "container" else ("--quiet",)
        found = docker.run(things, "ls", *words, "--filter", label).split()
        if found:
            docker.run(things, "rm", *force, *found)
