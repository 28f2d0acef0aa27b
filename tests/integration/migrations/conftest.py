"""Fixtures: a server without any role of ours."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.postgres import Cluster, find_binaries


@contextmanager
def fresh_server() -> Iterator[str]:
    """Run a server that nobody has used; give its DSN."""
    with tempfile.TemporaryDirectory(prefix="hepscope-pg-", ignore_cleanup_errors=True) as scratch:
        Path(scratch).chmod(0o711)
        directory = Path(scratch, "server")
        directory.mkdir(mode=0o700)
        server = Cluster(find_binaries(Path(scratch)), directory)
        server.create()
        server.start()
        yield server.dsn
        server.stop()


@pytest.fixture
def cluster(postgres_server: str) -> Iterator[str]:
    """The DSN of a fresh server, where the shared one could be started too."""
    assert postgres_server
    with fresh_server() as dsn:
        yield dsn


@pytest.fixture
def other_cluster(cluster: str) -> Iterator[str]:
    """The DSN of a second fresh server."""
    assert cluster
    with fresh_server() as dsn:
        yield dsn
