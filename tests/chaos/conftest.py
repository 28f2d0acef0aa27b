"""Fixtures of the tests of chaos runs."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """A work folder that the database's account can reach, removed at the end."""
    path = Path("/var/tmp") / f"hepscope-chaos-test-{os.getpid()}"
    yield path
    shutil.rmtree(path, ignore_errors=True)
