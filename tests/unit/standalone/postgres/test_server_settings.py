"""The settings of the embedded server."""

import os
from pathlib import Path

import pytest

from hepscope_standalone.postgres.server_settings import (
    GIB,
    MIB,
    free_disk_bytes,
    render,
    server_settings,
    usable_memory_bytes,
)


def settings(memory: int, disk: int = 100 * GIB, *, durable: bool = True) -> dict[str, str]:
    """The settings for a machine of that size."""
    return server_settings(
        socket_dir=Path("/run/x"), memory_bytes=memory, free_disk_bytes=disk, durable=durable
    )


@pytest.mark.parametrize(
    ("memory", "buffers"), [(256 * MIB, "64MB"), (8 * GIB, "1024MB"), (256 * GIB, "2048MB")]
)
def test_buffers_follow_the_memory_within_bounds(memory: int, buffers: str) -> None:
    """An eighth of the memory, at least 64 MB, at most 2 GB."""
    assert settings(memory)["shared_buffers"] == buffers


@pytest.mark.parametrize(
    ("disk", "log"), [(GIB, "256MB"), (32 * GIB, "2048MB"), (1000 * GIB, "4096MB")]
)
def test_write_ahead_log_follows_the_free_disk(disk: int, log: str) -> None:
    """A small disk is not filled by the log."""
    assert settings(GIB, disk)["max_wal_size"] == log


def test_nothing_listens_on_the_network() -> None:
    """The socket in its closed directory is the only way in."""
    chosen = settings(GIB)

    assert chosen["listen_addresses"] == ""
    assert chosen["unix_socket_directories"] == "/run/x"
    assert chosen["unix_socket_permissions"] == "0700"


def test_commits_are_durable_unless_a_test_says_otherwise() -> None:
    """Only an explicit wish turns syncing off."""
    assert settings(GIB)["synchronous_commit"] == "on"
    assert "fsync" not in settings(GIB)
    assert settings(GIB, durable=False)["fsync"] == "off"


def test_values_are_quoted() -> None:
    """Quotes and backslashes in a value stay inside it."""
    assert r"a = 'it''s \\ 1'" in render({"a": r"it's \ 1"}).splitlines()


def test_local_settings_have_the_last_word() -> None:
    """The user's file is read last, and only when it is there."""
    assert render({"a": "1"}, local=True).splitlines()[-1] == "include 'local.conf'"
    assert "include" not in render({"a": "1"})


def test_memory_is_the_containers_where_that_is_smaller(tmp_path: Path) -> None:
    """A limit counts; none ("max") and a missing file do not."""
    limit, none = tmp_path / "limit", tmp_path / "none"
    limit.write_text(f"{64 * MIB}\n")
    none.write_text("max\n")
    whole = usable_memory_bytes((none, tmp_path / "missing"))

    assert usable_memory_bytes((none, limit)) == 64 * MIB
    assert whole == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def test_free_disk_is_read_from_the_file_system(tmp_path: Path) -> None:
    """The figure is that of the disk under the path."""
    assert free_disk_bytes(tmp_path) > 0
