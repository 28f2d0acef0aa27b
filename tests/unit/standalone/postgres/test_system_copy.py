"""The copy of the wheel for the service account."""

from pathlib import Path

import pytest

from hepscope_standalone.postgres.errors import StartupError
from hepscope_standalone.postgres.system_copy import LIBRARIES, PROGRAMS, readable_copy


def make_site(directory: Path) -> Path:
    """A wheel of three files, as closed as a strict umask leaves it."""
    for name, mode in {
        PROGRAMS / "bin/postgres": 0o700,
        PROGRAMS / "include/server/c.h": 0o600,
        LIBRARIES / "libpq.so": 0o600,
    }.items():
        file = directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(name))
        file.chmod(mode)
    return directory


def test_copy_is_readable_by_all_and_keeps_the_layout(tmp_path: Path) -> None:
    """Programs and libraries lie beside each other as in the wheel; headers are left out."""
    site = make_site(tmp_path / "site")

    directory = readable_copy(site, "18.6.3", tmp_path / "a/system")

    root = tmp_path / "a/system/postgresql-18.6.3"
    assert directory == root / PROGRAMS / "bin"
    assert (directory / "postgres").stat().st_mode & 0o777 == 0o755
    assert (root / LIBRARIES / "libpq.so").stat().st_mode & 0o777 == 0o644
    assert root.stat().st_mode & 0o777 == 0o755
    assert not (root / PROGRAMS / "include").exists()
    assert [entry.name for entry in root.parent.iterdir()] == [root.name]


def test_copy_is_made_once_per_version(tmp_path: Path) -> None:
    """A present copy is used as it is; another version gets its own."""
    site = make_site(tmp_path / "site")
    first = readable_copy(site, "1", tmp_path)
    (first / "postgres").write_text("unchanged")

    assert (readable_copy(site, "1", tmp_path) / "postgres").read_text() == "unchanged"
    assert readable_copy(site, "2", tmp_path) != first


def test_unwritable_system_directory_is_one_line(tmp_path: Path) -> None:
    """A system directory that cannot be made is named with the reason."""
    (tmp_path / "file").touch()

    with pytest.raises(StartupError, match=r"cannot copy PostgreSQL to .*: File exists"):
        readable_copy(make_site(tmp_path / "site"), "1", tmp_path / "file/system")
