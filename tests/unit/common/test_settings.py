"""Settings come from one file and the environment; whatever is unknown or wrong is named."""

from pathlib import Path

import pytest
from pydantic import Field

from hepscope_common.runtime import StartupError
from hepscope_common.settings import (
    CommaList,
    Listen,
    ListenList,
    Section,
    Settings,
    load,
    unknown_sections,
)


class Ingest(Section):
    """A section like a real one."""

    udp: ListenList = (Listen(host="0.0.0.0", port=9060),)
    auth_keys: CommaList[str] = ()
    limit: int = Field(default=3, ge=0)


class Example(Settings):
    """Settings of a process that reads one section and a top-level key."""

    data_dir: Path | None = None
    ingest: Ingest = Ingest()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A settings file with a section of ours and one of another service."""
    path = tmp_path / "hepscope.toml"
    path.write_text('[ingest]\nudp = ["127.0.0.1:1"]\nlimit = 4\n[writer]\nanything = 1\n')
    return path


def test_defaults_need_no_file() -> None:
    """A laptop starts without any settings."""
    loaded = load(Example, environ={})
    assert (loaded.data_dir, loaded.ingest) == (None, Ingest())


def test_the_file_is_read_and_foreign_sections_are_left_alone(file: Path) -> None:
    """One file serves every service."""
    loaded = load(Example, config=file, environ={})
    assert loaded.ingest == Ingest(udp=(Listen(host="127.0.0.1", port=1),), limit=4)


def test_the_environment_wins_over_the_file(file: Path) -> None:
    """A container overrides one key and keeps the rest."""
    environ = {"HEPSCOPE_INGEST__UDP": "[::1]:5, 10.0.0.1:6", "HEPSCOPE_DATA_DIR": "/srv/hepscope"}
    loaded = load(Example, config=file, environ=environ)
    assert loaded.ingest.udp == (Listen(host="::1", port=5), Listen(host="10.0.0.1", port=6))
    assert loaded.ingest.limit == 4
    assert loaded.data_dir == Path("/srv/hepscope")


def test_an_empty_list_turns_off() -> None:
    """An empty text is no element, not an empty one."""
    assert load(Example, environ={"HEPSCOPE_INGEST__UDP": ""}).ingest.udp == ()


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    """The variable with _FILE names the file; its line end is not part of the value."""
    secret = tmp_path / "keys"
    secret.write_text("one,two\n")
    loaded = load(Example, environ={"HEPSCOPE_INGEST__AUTH_KEYS_FILE": str(secret)})
    assert loaded.ingest.auth_keys == ("one", "two")


WRONG = {
    "an unknown key": ({"HEPSCOPE_INGEST__UPD": "x:1"}, "unknown setting ingest.upd"),
    "no port": ({"HEPSCOPE_INGEST__UDP": "localhost"}, "ingest.udp.0: expected host:port"),
    "a port too large": ({"HEPSCOPE_INGEST__UDP": "a:65536"}, "a port from 0 to 65535"),
    "a port that is no number": ({"HEPSCOPE_INGEST__UDP": "a:http"}, "a port from 0 to 65535"),
    "text for a number": ({"HEPSCOPE_INGEST__LIMIT": "many"}, "setting ingest.limit: Input"),
    "a number out of range": ({"HEPSCOPE_INGEST__LIMIT": "-1"}, "setting ingest.limit: Input"),
    "a value for a section": ({"HEPSCOPE_INGEST": "3"}, "setting ingest: Input"),
    "a missing secret": ({"HEPSCOPE_INGEST__AUTH_KEYS_FILE": "/nowhere"}, "AUTH_KEYS_FILE: "),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_setting_is_named(case: str) -> None:
    """The message says which key and what was expected."""
    environ, message = WRONG[case]
    with pytest.raises(StartupError, match=message):
        load(Example, environ=environ)


def test_several_wrong_settings_are_all_named() -> None:
    """A user mends them in one go."""
    environ = {"HEPSCOPE_INGEST__LIMIT": "x", "HEPSCOPE_INGEST__UDP": "x"}
    with pytest.raises(StartupError, match=r"ingest\.udp.*; .*ingest\.limit"):
        load(Example, environ=environ)


@pytest.mark.parametrize("text", ["[ingest", "[ingest]\nlimit = "])
def test_a_broken_file_is_named(tmp_path: Path, text: str) -> None:
    """The message holds the path."""
    path = tmp_path / "broken.toml"
    path.write_text(text)
    with pytest.raises(StartupError, match=r"broken\.toml"):
        load(Example, config=path, environ={})


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    """A path that was asked for must exist."""
    with pytest.raises(StartupError, match=r"none\.toml"):
        load(Example, config=tmp_path / "none.toml", environ={})


def test_unknown_sections_are_listed(file: Path) -> None:
    """The check of all services names a section that none of them owns."""
    assert unknown_sections(Example, file) == ["writer"]


@pytest.mark.parametrize(
    ("text", "loopback"),
    [("127.0.0.1:1", True), ("[::1]:1", True), ("localhost:1", True), ("0.0.0.0:1", False)],
)
def test_a_listen_address_knows_whether_only_this_machine_reaches_it(
    text: str, *, loopback: bool
) -> None:
    """Warnings about exposure rest on this; the text form is kept."""
    listen = load(Example, environ={"HEPSCOPE_INGEST__UDP": text}).ingest.udp[0]
    assert (listen.is_loopback, str(listen)) == (loopback, text)
