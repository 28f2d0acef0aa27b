"""The directory of the socket."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from hepscope_standalone.postgres.account import own_account
from hepscope_standalone.postgres.errors import StartupError
from hepscope_standalone.postgres.socket_dir import RECORD_NAME, fits, socket_dir

FITTING = {
    "a usual path": ("/var/lib/hepscope/run", True),
    "the longest": ("/" + "x" * 92, True),
    "one byte too long": ("/" + "x" * 93, False),
    "a blank": ("/data dir/run", False),
    "a comma, which separates directories": ("/a,b/run", False),
    "a quote": ("/it's/run", False),
    "a newline": ("/a\n/run", False),
    "letters of more than one byte": ("/dätä/run", False),
}


@pytest.mark.parametrize("case", FITTING)
def test_which_paths_fit(case: str) -> None:
    """107 bytes with the socket's name, and nothing that the settings would have to quote."""
    path, expected = FITTING[case]

    assert fits(Path(path)) is expected


def test_directory_lies_in_the_data_and_is_private() -> None:
    """The usual place is inside the data directory, for the account alone."""
    with TemporaryDirectory() as name, socket_dir(Path(name), own_account()) as directory:
        assert directory == Path(name, "run")
        assert directory.stat().st_mode & 0o777 == 0o700


def test_long_path_gets_a_private_directory_elsewhere(tmp_path: Path) -> None:
    """It is recorded while in use and removed afterwards."""
    data = tmp_path / ("x" * 100)
    data.mkdir()

    with socket_dir(data, own_account()) as directory:
        assert fits(directory)
        assert directory.stat().st_mode & 0o777 == 0o700
        assert (data / RECORD_NAME).read_text() == str(directory)

    assert not directory.exists()
    assert not (data / RECORD_NAME).exists()


def test_directory_of_a_killed_run_is_removed(tmp_path: Path) -> None:
    """The record leads the next start to what a killed one could not remove."""
    data = tmp_path / "data"
    old = tmp_path / "hepscope-abc"
    data.mkdir()
    old.mkdir()
    (data / RECORD_NAME).write_text(str(old))

    with socket_dir(data, own_account()):
        assert not old.exists()


@pytest.mark.parametrize("record", ["", "/", "/tmp", "hepscope-x", "/nonexistent/hepscope-y"])
def test_damaged_record_removes_nothing(tmp_path: Path, record: str) -> None:
    """Only a directory of our naming is ever removed."""
    (tmp_path / RECORD_NAME).write_text(record)

    with socket_dir(tmp_path, own_account()):
        pass
    assert Path("/tmp").is_dir()


def test_failure_is_one_line() -> None:
    """A file in the way is reported, not raised as it is."""
    with TemporaryDirectory() as name:
        data = Path(name)
        (data / "run").touch()
        with pytest.raises(StartupError, match="socket directory"), socket_dir(data, own_account()):
            pass
