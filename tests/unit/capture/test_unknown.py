"""Words that are no options: whoever types one is told what it is called here."""

import sys

import pytest

from hepscope_capture.__main__ import main
from hepscope_common import __version__


def refused(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    """Run a command line that is none."""
    monkeypatch.setattr(sys, "argv", ["hepscope-capture", *words.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--interfaces eth0", "--interfaces is no option (is it --interface?)"),
        ("--prommiscuous", "--prommiscuous is no option (is it --promiscuous?)"),
        ("--port=5060", "--port is no option (is it --ports?)"),
        ("--xyzzy", "--xyzzy is no option\n"),
        ("--interface eth0 --ports 5060 5061", "'5061' belongs to no option; lists are written"),
        ("-i eth0 --send tcp://a", "-i is no option; here it is --interface"),
        ("-hs=10.0.0.5:9060", "-hs is no option; here it is --send"),
        ("-Z", "-Z is no option (hepscope-heplify takes heplify's flags)"),
    ],
)
def test_the_cure_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str, said: str
) -> None:
    """With the name of the command as it was called, behind one line of usage."""
    refused(monkeypatch, words)
    printed = capsys.readouterr().err
    assert printed.startswith("usage: hepscope-capture (--interface NAME")
    assert f"hepscope-capture: error: {said}" in printed


def test_a_number_below_zero_is_no_option(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is a wrong value of the one before it."""
    refused(monkeypatch, "--read x --speed -5")
    assert "argument --speed: a speed is max or a number above 0" in capsys.readouterr().err


def test_the_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """As every command tells it."""
    monkeypatch.setattr(sys, "argv", ["hepscope-capture", "--version"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"hepscope-capture {__version__}\n"
