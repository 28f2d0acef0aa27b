"""Where the data directory is, and who may use it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hepscope_common.data_dir import default_data_dir
from hepscope_standalone.postgres.account import Account, find_account, own_account
from hepscope_standalone.postgres.data_dir import prepare_data_dir
from hepscope_standalone.postgres.errors import StartupError
from hepscope_standalone.postgres.lock import LOCK_NAME

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="changes owners, which only root may")

DEFAULTS = {
    "the environment": ({"HEPSCOPE_DATA_DIR": "/x/y", "XDG_DATA_HOME": "/s"}, 0, Path("/x/y")),
    "root": ({"XDG_DATA_HOME": "/s"}, 0, Path("/var/lib/hepscope")),
    "a user with XDG_DATA_HOME": ({"XDG_DATA_HOME": "/s"}, 7, Path("/s/hepscope")),
    "a user with a relative XDG_DATA_HOME": (
        {"XDG_DATA_HOME": "s"},
        7,
        Path.home() / ".local/share/hepscope",
    ),
    "a user": ({}, 7, Path.home() / ".local/share/hepscope"),
}


@pytest.mark.parametrize("case", DEFAULTS)
def test_default_directory(case: str) -> None:
    """The environment decides, else the kind of user."""
    environ, uid, expected = DEFAULTS[case]

    assert default_data_dir(environ, uid) == expected


def test_missing_directory_is_made_private(tmp_path: Path) -> None:
    """A new directory is 0700 and its path absolute."""
    made = prepare_data_dir(tmp_path / "a/b", own_account())

    assert made.is_absolute()
    assert made.stat().st_mode & 0o777 == 0o700


def test_existing_directory_keeps_its_mode(tmp_path: Path) -> None:
    """Nobody's permissions are changed where they work."""
    tmp_path.chmod(0o755)

    prepare_data_dir(tmp_path, own_account())

    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_file_is_refused(tmp_path: Path) -> None:
    """A file where the directory should be is named."""
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(StartupError, match="is not a directory"):
        prepare_data_dir(file, own_account())
    with pytest.raises(StartupError, match=r"cannot use the data directory .*: Not a directory"):
        prepare_data_dir(file / "below", own_account())


@NEEDS_ROOT
def test_roots_directory_lets_only_the_account_pass(tmp_path: Path) -> None:
    """Root's directory stays root's; the group of the account may enter, nobody else."""
    with _passable(tmp_path):
        made = prepare_data_dir(tmp_path / "new/data", _nobody())

        status = made.stat()
        assert (status.st_uid, status.st_gid) == (0, _nobody().gid)
        assert status.st_mode & 0o777 == 0o710
        assert (tmp_path / "new").stat().st_mode & 0o777 == 0o755


@NEEDS_ROOT
@pytest.mark.parametrize("content", [None, LOCK_NAME])
def test_closed_directory_of_ours_is_opened_to_the_account(
    tmp_path: Path, content: str | None
) -> None:
    """An empty one (mkdtemp, mkdir under a strict umask) and one used before become usable."""
    with _passable(tmp_path):
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)
        if content:
            (closed / content).touch()

        assert prepare_data_dir(closed, _nobody()).stat().st_mode & 0o777 == 0o710


@NEEDS_ROOT
def test_closed_directory_of_others_is_refused_and_left(tmp_path: Path) -> None:
    """A closed directory with foreign files keeps its mode; the line names it and the account."""
    with _passable(tmp_path):
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)
        (closed / "letters").touch()

        with pytest.raises(StartupError, match=rf"user nobody.*may not enter {closed}"):
            prepare_data_dir(closed, _nobody())
        with pytest.raises(StartupError, match=rf"may not enter {closed}"):
            prepare_data_dir(closed / "data", _nobody())
        assert closed.stat().st_mode & 0o777 == 0o700


def _nobody() -> Account:
    found = find_account("nobody")
    assert found is not None
    return found


@contextmanager
def _passable(path: Path) -> Iterator[None]:
    """Open pytest's closed parents of ``path`` for the length of a block."""
    closed = {p: p.stat().st_mode for p in (path, *path.parents) if not p.stat().st_mode & 0o001}
    for parent, mode in closed.items():
        parent.chmod(mode | 0o011)
    try:
        yield
    finally:
        for parent, mode in closed.items():
            parent.chmod(mode)
