"""The lock on a data directory."""

import os
from pathlib import Path

import pytest

from hepscope_standalone.postgres.errors import StartupError
from hepscope_standalone.postgres.lock import LOCK_NAME, DirectoryLock


def test_lock_holds_the_pid_for_the_owner_alone(tmp_path: Path) -> None:
    """The lock file names the owner and is closed to others."""
    with DirectoryLock(tmp_path):
        lock = tmp_path / LOCK_NAME
        assert lock.read_text().strip() == str(os.getpid())
        assert lock.stat().st_mode & 0o777 == 0o600


def test_second_owner_is_refused_by_pid_and_directory(tmp_path: Path) -> None:
    """Who comes second is told who holds the directory, in one line."""
    with DirectoryLock(tmp_path), pytest.raises(StartupError) as refused, DirectoryLock(tmp_path):
        pass

    message = str(refused.value)
    assert f"pid {os.getpid()}" in message
    assert str(tmp_path) in message
    assert "\n" not in message


def test_lock_is_free_again_after_the_exit(tmp_path: Path) -> None:
    """The file stays, the lock does not, and a damaged file is no obstacle."""
    with DirectoryLock(tmp_path):
        pass
    (tmp_path / LOCK_NAME).write_bytes(b"\xff not a pid " * 10)

    with DirectoryLock(tmp_path):
        assert (tmp_path / LOCK_NAME).read_text() == f"{os.getpid()}\n"


def test_unreadable_owner_is_another_process(tmp_path: Path) -> None:
    """A pid that is none is not printed."""
    with DirectoryLock(tmp_path):
        (tmp_path / LOCK_NAME).write_text("\x1b[2J")
        with pytest.raises(StartupError, match="another process"), DirectoryLock(tmp_path):
            pass


def test_link_is_not_followed(tmp_path: Path) -> None:
    """A link in place of the lock cannot make us truncate another file."""
    target = tmp_path / "precious"
    target.write_text("kept")
    (tmp_path / LOCK_NAME).symlink_to(target)

    with pytest.raises(StartupError, match="cannot lock"), DirectoryLock(tmp_path):
        pass
    assert target.read_text() == "kept"
