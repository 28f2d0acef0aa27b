"""The table of options: one place for each, and every way to set one leads to the same value."""

import argparse
import tomllib
from pathlib import Path

import pytest

from hepscope_capture.arguments import add_arguments, contradiction, settle
from hepscope_capture.settings.environment import from_environment
from hepscope_capture.settings.file import from_tables
from hepscope_capture.settings.given import Given
from hepscope_capture.settings.option import Option, Shape
from hepscope_capture.settings.plans import (
    labels,
    log_plan,
    relay_plan,
    rule_plan,
    server_plans,
    spool_root,
    state_directory,
)
from hepscope_capture.settings.settings import load
from hepscope_capture.settings.table import BY_NAME, BY_PLACE, BY_VARIABLE, OPTIONS

EXAMPLES = {
    "ports": "5060,5080-5090",
    "sniff_logs": "514",
    "ops": "127.0.0.1:9100",
    "send": "tcp://10.0.0.5",
    "acks": "never",
    "log_level": "debug",
    "log_format": "text",
    "exclude_ports": "9060",
    "relay": "udp://0.0.0.0:9060",
    "relay_kinds": "sip,rtcp",
    "logs_listen": "udp://0.0.0.0",
    "logs_patterns": "id=([a-z]+)",
    "mask_numbers": "hash",
    "mask_users": "mask",
}
LASTING = [option for option in OPTIONS if option.is_lasting]


def example(option: Option) -> str:
    """Return a text that an option takes."""
    if option.shape is Shape.FLAG:
        return "true"
    for text in (EXAMPLES.get(option.name), "10.0.0.0/8", "2", "96", "OPTIONS"):
        if text is None:
            continue
        try:
            option.value(option.split(text))
        except ValueError:
            continue
        return text
    raise AssertionError(option.name)


def parsed(*words: str) -> argparse.Namespace:
    """Return a command line, settled."""
    parser = argparse.ArgumentParser(prog="hepscope capture")
    add_arguments(parser)
    args = parser.parse_args(words)
    settle(args)
    return args


def test_each_has_a_place_of_its_own() -> None:
    """On the command line, in the file, in the environment."""
    assert len(BY_NAME) == len(OPTIONS)
    assert len(BY_PLACE) == len(BY_VARIABLE) == len(LASTING)
    assert all(option.help and not option.help.endswith(".") for option in OPTIONS)


def test_defaults_are_values() -> None:
    """Read as if they had been written."""
    settings = load({}, None, {})
    assert (settings["ring_mb"], settings["rtcp"], settings["top"]) == (20, True, None)
    assert not any(settings.is_set(option.name) for option in OPTIONS)


@pytest.mark.parametrize("option", LASTING, ids=lambda option: str(option.name))
def test_every_way_gives_the_same(option: Option) -> None:
    """Option, variable and key."""
    text = example(option)
    words = [option.flag] if option.shape is Shape.FLAG else [option.flag, text]
    by_option = parsed(*words).settings[option.name]
    by_variable = load({}, None, {option.env: text})[option.name]
    section, key = option.place
    value = "true" if option.shape is Shape.FLAG else f'"{text}"'
    table = f"[capture.{section}]" if section else "[capture]"
    file = tomllib.loads(f"{table}\n{key} = {value}")["capture"]
    by_key = option.value(from_tables(file, "file")[option.name].texts)
    assert by_option == by_variable == by_key
    assert from_environment({option.env: text})[option.name].origin == option.env


def test_a_flag_can_be_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last word is the command line's, also when it is no."""
    monkeypatch.setenv("HEPSCOPE_CAPTURE__PROMISCUOUS", "true")
    assert parsed().promiscuous is True
    assert parsed("--no-promiscuous", "--no-rtcp").settings["promiscuous"] is False


def test_abbreviations_are_none(capsys: pytest.CaptureFixture[str]) -> None:
    """They would mean something else some day."""
    with pytest.raises(SystemExit):
        parsed("--prom")
    assert "unrecognized arguments: --prom" in capsys.readouterr().err


def test_a_secret_in_a_file(tmp_path: Path) -> None:
    """Not both, and not none."""
    key = tmp_path / "key"
    key.write_text("sesame\n")
    assert labels(parsed("--auth-key-file", str(key)).settings).auth_key == b"sesame"
    with pytest.raises(ValueError, match="are both given"):
        parsed("--auth-key-file", str(key), "--auth-key", "x")
    with pytest.raises(ValueError, match="No such file"):
        parsed("--mask-key-file", str(tmp_path / "nothing"))


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--mask-users", "hash"], "--mask-users hash needs --mask-key"),
        (["--watch", "."], "--watch reads files"),
        (["--relay-kinds", "sip"], "--relay-kinds goes with --relay"),
        (["--logs-patterns", "x(.)"], "--logs-patterns goes with --logs-listen or --logs-files"),
        (["--relay", "udp://0.0.0.0", "--read", "a.pcap"], "--read goes with no other source"),
    ],
)
def test_what_does_not_go_together(words: list[str], text: str) -> None:
    """One line."""
    assert text in contradiction(parsed("--interface", "lo", "--print", *words))


@pytest.mark.parametrize(
    "words",
    [
        ["--relay", "udp://0.0.0.0"],
        ["--watch", "."],
        ["--watch", ".", "--print"],
        ["--logs-files", "/var/log/*.log"],
    ],
)
def test_there_are_other_sources_than_interfaces(words: list[str]) -> None:
    """A relay needs none."""
    assert contradiction(parsed(*words, "--send", "tcp://a")) == ""


def test_plans(tmp_path: Path) -> None:
    """What parts of the agent are told."""
    given = {option.name: Given(option.split(example(option)), option.flag) for option in LASTING}
    settings = load(given, None, {})
    (server,) = server_plans(settings)
    assert server.name == "tcp://10.0.0.5:9060"
    assert spool_root(settings) == state_directory(settings) == settings["spool_dir"]
    rules = rule_plan(settings)
    assert rules.exclude_ports == {9060}
    assert (rules.options_one_in, rules.masks.least, rules.masks.dtmf) == (2, 2, True)
    relay = relay_plan(settings)
    assert (relay.kinds, relay.is_key_replaced, str(relay.listen[0])) == (
        frozenset({1, 5}), True, "udp://0.0.0.0:9060"
    )  # fmt: skip
    logs = log_plan(load({}, None, {}), tmp_path)
    assert logs.positions == tmp_path / "log-positions.json"
    assert log_plan(settings).sniffed_ports == {514}
    assert spool_root(load({"spool_mb": Given(("0",), "x")}, None, {})) is None
