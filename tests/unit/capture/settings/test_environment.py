"""Settings by the environment, and what wins over what."""

import argparse
from pathlib import Path

import pytest

from hepscope_capture.arguments import add_arguments, contradiction, settle
from hepscope_capture.cli import run
from hepscope_capture.senders.acks import Acks
from hepscope_capture.settings.environment import from_environment
from hepscope_capture.settings.given import Given

SEND = "tcp://hep.example.org:9060"


def parse(*words: str) -> argparse.Namespace:
    """Parse a command line in the environment of the moment."""
    parser = argparse.ArgumentParser(prog="hepscope capture")
    add_arguments(parser)
    args = parser.parse_args(words)
    settle(args)
    return args


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment like a container's."""
    for name, value in {
        "HEPSCOPE_CAPTURE__INTERFACE": "eth1,eth2",
        "HEPSCOPE_CAPTURE__SEND": SEND,
        "HEPSCOPE_CAPTURE__ACKS": "require",
        "HEPSCOPE_CAPTURE__NODE_ID": "7",
        "HEPSCOPE_CAPTURE__PROMISCUOUS": "true",
        "HEPSCOPE_CAPTURE__PORTS": "5060-5061",
        "HEPSCOPE_CAPTURE__NODE": "",
        "HEPSCOPE_OPS__LISTEN": "0.0.0.0:9100",
        "HEPSCOPE_LOG__LEVEL": "debug",
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.usefixtures("environ")
def test_the_environment_alone_is_enough() -> None:
    """Every value is read as that of its option."""
    args = parse()
    assert contradiction(args) == ""
    assert (args.interface, args.acks) == (("eth1", "eth2"), Acks.REQUIRE)
    assert [server.name for server in args.send] == [SEND]
    assert (args.node_id, args.promiscuous, args.ports) == (7, True, {5060, 5061})
    assert (args.ops, args.log_level, args.node) == (("0.0.0.0", 9100), "debug", "")


@pytest.mark.usefixtures("environ")
def test_an_option_wins() -> None:
    """Also over a list; files are read although interfaces are set."""
    args = parse("--interface", "eth9", "--node-id", "8")
    assert (args.interface, args.node_id) == (("eth9",), 8)
    args = parse("--read", "a.pcap")
    assert (args.interface, contradiction(args)) == ((), "")


def test_secrets_come_from_files(tmp_path: Path) -> None:
    """Without the end of the line."""
    key = tmp_path / "key"
    key.write_text("secret\n")
    variable = "HEPSCOPE_CAPTURE__AUTH_KEY_FILE"
    assert from_environment({variable: str(key)}) == {"auth_key": Given(("secret",), variable)}


def test_lists() -> None:
    """Commas, but where a value may hold some: there, lines."""
    found = from_environment(
        {
            "HEPSCOPE_CAPTURE__FILTERS__EXCLUDE_METHODS": "OPTIONS, NOTIFY",
            "HEPSCOPE_CAPTURE__SEND": "tcp://a?only=sip,log\ntcp://b",
        }
    )
    assert found["exclude_methods"].texts == ("OPTIONS", "NOTIFY")
    assert found["send"].texts == ("tcp://a?only=sip,log", "tcp://b")


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        ({"HEPSCOPE_CAPTURE__INTERFACES": "x"}, "is it HEPSCOPE_CAPTURE__INTERFACE?"),
        ({"HEPSCOPE_CAPTURE__SPEED": "max"}, "no setting of the capture"),
        ({"HEPSCOPE_CAPTURE__AUTH_KEY_FILE": "/nowhere"}, "/nowhere: No such file"),
        (
            {"HEPSCOPE_CAPTURE__AUTH_KEY_FILE": "/x", "HEPSCOPE_CAPTURE__AUTH_KEY": "y"},
            "are both set",
        ),
    ],
)
def test_what_cannot_be(variables: dict[str, str], text: str) -> None:
    """One line tells what is wrong."""
    with pytest.raises(ValueError, match=text):
        from_environment(variables)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HEPSCOPE_CAPTURE__NODE_ID", "x"),
        ("HEPSCOPE_CAPTURE__ACKS", "perhaps"),
        ("HEPSCOPE_CAPTURE__RING_MB", "0"),
        ("HEPSCOPE_CAPTURE__SEND", "http://x"),
        ("HEPSCOPE_CAPTURE__PROMISCUOUS", "maybe"),
        ("HEPSCOPE_CAPTURE__FILTERS__SOURCES", "10.0.0.1/8"),
        ("HEPSCOPE_OPS__LISTEN", "9100"),
        ("HEPSCOPE_LOG__LEVEL", "loud"),
        ("HEPSCOPE_CAPTURE__NOSUCH", "1"),
    ],
)
def test_wrong_values_are_exit_code_2(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As wrong options; the line names the variable."""
    monkeypatch.setenv(name, value)
    parser = argparse.ArgumentParser(prog="hepscope capture")
    add_arguments(parser)
    assert run(parser.parse_args(["--interface", "lo", "--print"])) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert name in error
