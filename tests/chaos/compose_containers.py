"""What Docker knows of a stack's containers, read for all of them at once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chaos import docker
from chaos.compose_places import BACKEND, FRONT, HOSTS, PLACES
from chaos.parts import Part

_SERVICE = "com.docker.compose.service"
_NUMBER = "com.docker.compose.container-number"


@dataclass(frozen=True, slots=True)
class State:
    """One container at a moment."""

    id: str
    status: str
    """running, paused, restarting or exited."""
    health: str
    pid: int
    """Of its first process, 0 while there is none."""
    started_at: str
    restarts: int
    """How often Docker started it again because it had ended."""
    addresses: Mapping[str, str]
    """By network."""
    aliases: Mapping[str, tuple[str, ...]]
    """By network: what it is called there."""


class MissingError(RuntimeError):
    """The stack does not have all the containers that are to be broken."""


class Containers:
    """The containers of a project by part, as they were at the last ``refresh``."""

    def __init__(self, project: str) -> None:
        self.project = project
        self._states: dict[Part, State] = {}

    def __getitem__(self, part: Part) -> State:
        """Return what a container was like."""
        return self._states[part]

    async def refresh(self) -> None:
        """Look at all of them. Raises MissingError, DockerError."""
        label = f"label=com.docker.compose.project={self.project}"
        ids = (await docker.run_apart("ps", "--all", "--quiet", "--filter", label)).split()
        self.take(json.loads(await docker.run_apart("inspect", *ids)) if ids else [])

    def take(self, found: Sequence[Mapping[str, Any]]) -> None:
        """Take what ``docker inspect`` found. Raises MissingError."""
        by_place = {_place(one): _state(one) for one in found}
        if missing := [part for part, place in PLACES.items() if place not in by_place]:
            raise MissingError(f"no container of {', '.join(missing)}")
        self._states = {part: by_place[place] for part, place in PLACES.items()}

    async def fresh(self, part: Part) -> State:
        """Return what a container is like now."""
        await self.refresh()
        return self[part]

    def network(self, name: str) -> str:
        """Return what Docker calls a network of the project."""
        return f"{self.project}_{name}"

    def address(self, host: str) -> str | None:
        """Return where a host is, "" while it is in no network, None for one that is not here."""
        if host not in HOSTS:
            return None
        addresses = self[HOSTS[host]].addresses
        return addresses.get(self.network(FRONT)) or addresses.get(self.network(BACKEND)) or ""


def _place(found: Mapping[str, Any]) -> tuple[str, int]:
    labels = found["Config"]["Labels"]
    return labels[_SERVICE], int(labels[_NUMBER])


def _state(found: Mapping[str, Any]) -> State:
    state, networks = found["State"], found["NetworkSettings"]["Networks"]
    return State(
        id=found["Id"],
        status=state["Status"],
        health=state.get("Health", {}).get("Status", ""),
        pid=state["Pid"],
        started_at=state["StartedAt"],
        restarts=found["RestartCount"],
        addresses={name: one["IPAddress"] for name, one in networks.items()},
        aliases={name: tuple(one["Aliases"] or ()) for name, one in networks.items()},
    )
