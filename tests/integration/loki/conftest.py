"""Fixtures of the Loki tests."""

from collections.abc import Iterator

import pytest

from support.loki import Loki, running_loki


@pytest.fixture
def loki() -> Iterator[Loki]:
    """A strict Loki that must never be given what no client may send."""
    with running_loki() as found:
        yield found
