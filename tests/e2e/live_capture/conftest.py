"""Two machines on a wire, and the HEP server to which one of them sends what it captures."""

from collections.abc import Iterator

import pytest

from support.live_capture import AckingSink
from support.namespaces import Namespace, wired


@pytest.fixture
def wire() -> Iterator[tuple[Namespace, Namespace]]:
    """Alice and Bob."""
    with wired() as pair:
        yield pair


@pytest.fixture
def sink(wire: tuple[Namespace, Namespace]) -> Iterator[AckingSink]:
    """A HEP server at Bob's."""
    with AckingSink(wire[1]) as server:
        yield server
