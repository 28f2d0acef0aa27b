"""What is known about the database's disk without asking it."""

from pathlib import Path

import pytest

from hepscope_storage_writer.maintain_disk import free_bytes, is_local

LOCAL = {
    "a socket directory": ("postgresql://hepscope@/hepscope?host=/run/postgresql", True),
    "no host at all": ("postgresql:///hepscope", True),
    "loopback": ("postgresql://hepscope:x@127.0.0.1:5432/hepscope", True),
    "IPv6 loopback": ("postgresql://hepscope@[::1]/hepscope", True),
    "localhost": ("postgresql://localhost/hepscope", True),
    "another machine": ("postgresql://db.example.net/hepscope", False),
    "another machine by parameter": ("postgresql:///hepscope?host=db.example.net", False),
    "a container's name": ("postgresql://hepscope@postgres/hepscope", False),
}


@pytest.mark.parametrize("case", LOCAL)
def test_database_is_local_by_its_address(case: str) -> None:
    """Only by socket or loopback is its data directory one of this machine."""
    dsn, local = LOCAL[case]

    assert is_local(dsn) is local


def test_free_space_is_that_of_the_path_or_unknown(tmp_path: Path) -> None:
    """A directory that is not there says nothing, instead of failing the round."""
    assert (free_bytes(tmp_path) or 0) > 0
    assert free_bytes(tmp_path / "missing") is None
