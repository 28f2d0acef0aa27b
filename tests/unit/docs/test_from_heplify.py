"""The page on coming from heplify says of each flag what the program does with it."""

import re
import shlex
from pathlib import Path

from hepscope_capture.heplify.cli import usage, values_of
from hepscope_capture.heplify.go_flags import Kind
from hepscope_capture.heplify.table import BY_NAME, FLAGS
from hepscope_capture.heplify.translate import translate

PAGE = (Path(__file__).parents[3] / "docs/from-heplify.md").read_text(encoding="utf-8")


def test_every_flag_is_in_the_table() -> None:
    """In its order and its words."""
    rows = re.findall(r"^\| `-([^`]+)` \| (.*) \|$", PAGE.partition("## Flags")[2], re.MULTILINE)
    assert rows == [(flag.name, flag.ours) for flag in FLAGS if flag.name != "help"]


def test_flags_that_the_text_names_exist() -> None:
    """With the value that stands behind them, if it is a word of its own."""
    for span in re.findall(r"`(-[a-z][^`]*)`", PAGE.partition("## Flags")[0]):
        name = re.split(r"[ =]", span.lstrip("-"))[0]
        assert name in BY_NAME, span


def test_the_first_example_is_what_comes_out() -> None:
    """Up to where it is cut."""
    found = re.search(r"\$ hepscope-heplify -translate (.*)\n(hepscope-capture .*) \.\.\.\n", PAGE)
    assert found is not None
    command = translate(values_of(shlex.split(found[1]), {})).command()
    assert command.startswith(found[2])


def test_the_help_lists_every_flag() -> None:
    """And says how booleans are written, by having each of them."""
    lines = usage().splitlines()
    for flag in FLAGS:
        assert [line for line in lines if line.startswith(f"  -{flag.name} ")]
    assert {flag.kind for flag in FLAGS} == set(Kind)
