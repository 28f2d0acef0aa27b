"""The dump: a settings file that gives the same again, and no secret."""

import argparse
import tomllib
from pathlib import Path

import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from hepscope_capture.arguments import add_arguments
from hepscope_capture.cli import run
from hepscope_capture.settings.dump import dump
from hepscope_capture.settings.file import from_file, from_tables
from hepscope_capture.settings.given import Given
from hepscope_capture.settings.settings import Settings, load, make
from hepscope_capture.settings.table import OPTIONS

COMMAND = {
    name: Given(texts, f"--{name}")
    for name, texts in {
        "interface": ("eth1", "eth2"),
        "ports": ("5060", "5080-5090"),
        "promiscuous": ("true",),
        "node_id": ("7",),
        "auth_key": ("sesame",),
        "send": ("tcp://a:1?only=sip,rtcp", "tls://b|tls://c"),
        "exclude_payload": ('a,"b"\\', "tab\tbell\a", "ümläut"),
        "sources": ("10.0.0.0/8",),
        "mask_users": ("hash",),
        "mask_key": ("tahini",),
    }.items()
}


def again(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Return the texts that a dump gives, by option."""
    tables = tomllib.loads(dump(settings))["capture"]
    return {name: one.texts for name, one in from_tables(tables, "dump").items()}


def test_it_gives_the_same_again() -> None:
    """But for secrets, and for what only a command line says."""
    settings = load(COMMAND, None, {})
    found = again(settings)
    for option in OPTIONS:
        texts = settings.given[option.name].texts
        if option.is_lasting and not option.is_secret and texts not in ((), ("",)):
            assert found[option.name] == texts
    assert not {"auth_key", "mask_key"} & set(found)


def test_it_says_who_said_so_and_no_secret(tmp_path: Path) -> None:
    """File, variable, option, or nobody."""
    path = tmp_path / "hepscope.toml"
    path.write_text("[capture]\nnode_id = 7\n[capture.masks]\ndtmf = true\n")
    text = dump(load(COMMAND, path, {"HEPSCOPE_CAPTURE__NODE": "edge"}))
    assert 'node = "edge"  # HEPSCOPE_CAPTURE__NODE' in text
    assert f"dtmf = true  # {path}: capture.masks.dtmf" in text
    assert "node_id = 7  # --node_id" in text
    assert "ring_mb = 20  # default" in text
    assert "# auth_key = (a secret)  # --auth_key" in text
    assert "sesame" not in text
    assert "tahini" not in text


@hypothesis_given(st.lists(st.text(min_size=1), max_size=3))
def test_any_text_comes_back(texts: list[str]) -> None:
    """Whatever it holds, what is no Unicode excepted; nothing moves a terminal."""
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return
    given = dict(load({}, None, {}).given) | {"exclude_payload": Given(tuple(texts), "--x")}
    settings = make(given, {}, None)
    assert all(line.isprintable() for line in dump(settings).splitlines())
    assert again(settings).get("exclude_payload", ()) == tuple(texts)


def test_bytes_of_a_command_line_do_not_stop_it() -> None:
    """A payload may be looked for in any encoding."""
    given = dict(load({}, None, {}).given) | {"exclude_payload": Given(("\udcff",), "--x")}
    assert "\ufffd" in dump(make(given, {}, None))


def test_as_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also with settings that do not suffice for a capture."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert run(parser.parse_args(["--dump", "--dedup-ms", "40", "--no-rtcp"])) == 0
    path = tmp_path / "dump.toml"
    path.write_text(capsys.readouterr().out)
    found = from_file(path)
    assert (found["dedup_ms"].texts, found["rtcp"].texts) == (("40",), ("false",))
