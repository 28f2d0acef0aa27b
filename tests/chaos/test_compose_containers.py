"""Containers of a stack, from what ``docker inspect`` says of them."""

from typing import Any

import pytest

from chaos.compose_container import ComposeContainer
from chaos.compose_containers import Containers, MissingError
from chaos.compose_places import PLACES
from chaos.parts import Part


def inspected(part: Part, *, restarts: int = 0, **addresses: str) -> dict[str, Any]:
    """Return what Docker says of a running container, as far as it is read."""
    service, number = PLACES[part]
    return {
        "Id": f"id-{part}",
        "Config": {
            "Labels": {
                "com.docker.compose.service": service,
                "com.docker.compose.container-number": str(number),
            }
        },
        "State": {"Status": "running", "Pid": 4711, "StartedAt": f"life {restarts}"},
        "RestartCount": restarts,
        "NetworkSettings": {
            "Networks": {
                f"one_{name}": {"IPAddress": address, "Aliases": [service]}
                for name, address in addresses.items()
            }
        },
    }


def stack(**changed: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a whole stack; ``changed`` replaces containers by their part's name."""
    return [
        changed.get(part.name, inspected(part, default="192.0.2.7", backend="192.0.2.8"))
        for part in PLACES
    ]


def test_replicas_are_told_apart_by_their_numbers() -> None:
    """Compose gives both writers one service name."""
    containers = Containers("one")
    containers.take(stack())
    assert containers[Part.WRITER].id == "id-storage-writer"
    assert containers[Part.WRITER_2].id == "id-storage-writer-2"


def test_a_stack_that_lacks_a_part_is_refused() -> None:
    """A run that breaks less than it says proves less."""
    found = [one for one in stack() if one["Id"] != "id-storage-writer-2"]
    with pytest.raises(MissingError, match="no container of storage-writer-2"):
        Containers("one").take(found)


def test_addresses_follow_the_networks() -> None:
    """That of the published ports first, then the backend's; none while it is in neither."""
    containers = Containers("one")
    containers.take(
        stack(
            BROKER=inspected(Part.BROKER, backend="192.0.2.9"),
            DATABASE=inspected(Part.DATABASE),
        )
    )
    assert containers.address("ingest") == "192.0.2.7"
    assert containers.address("kafka") == "192.0.2.9"
    assert containers.address("postgres") == ""
    assert containers.address("example.org") is None


def test_a_start_that_no_kill_explains_is_an_end_of_its_own() -> None:
    """Docker counts all alike."""
    containers = Containers("one")
    containers.take(stack())
    ingest = ComposeContainer(Part.INGEST, containers)
    assert (ingest.starts, ingest.own_ends) == (1, 0)
    containers.take(stack(INGEST=inspected(Part.INGEST, restarts=1)))
    assert (ingest.starts, ingest.own_ends) == (2, 1)
