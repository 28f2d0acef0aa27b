"""Which database a command talks to."""

import argparse
from pathlib import Path

import pytest
from pydantic import SecretStr

from hepscope_common.runtime import StartupError
from hepscope_common.store.settings import StoreSettings
from hepscope_standalone.address import database_dsn
from hepscope_standalone.postgres.socket_dir import RECORD_NAME, SOCKET_NAME
from hepscope_standalone.settings import StandaloneSettings

NAMED = StoreSettings(dsn=SecretStr("postgresql://set/db"))


def ask(
    *, dsn: str | None = None, data_dir: Path | None = None, store: StoreSettings | None = None
) -> str:
    """Return the address for some options and settings."""
    options = argparse.Namespace(dsn=dsn, data_dir=data_dir)
    settings = StandaloneSettings(store=store or StoreSettings())
    return database_dsn(options, settings, {"HEPSCOPE_DATA_DIR": "/nonexistent/default"})


def test_an_option_wins_over_a_setting_and_both_over_what_runs_here(tmp_path: Path) -> None:
    """What was named is never guessed around."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / SOCKET_NAME).touch()

    assert ask(dsn="postgresql://a/b", data_dir=tmp_path, store=NAMED) == "postgresql://a/b"
    assert ask(data_dir=tmp_path, store=NAMED) == "postgresql://set/db"
    assert f"host={tmp_path}/run&" in ask(data_dir=tmp_path)


def test_a_socket_elsewhere_is_found_by_its_record(tmp_path: Path) -> None:
    """A long path has its socket in another directory, named in the data directory."""
    sockets = tmp_path / "else where"
    sockets.mkdir()
    (sockets / SOCKET_NAME).touch()
    (tmp_path / RECORD_NAME).write_bytes(bytes(sockets))

    assert "else%20where&" in ask(data_dir=tmp_path)


def test_nothing_named_and_nothing_running_says_where_was_looked(tmp_path: Path) -> None:
    """One line with the directory."""
    with pytest.raises(StartupError, match=str(tmp_path)):
        ask(data_dir=tmp_path)
    with pytest.raises(StartupError, match="/nonexistent/default"):
        ask()
