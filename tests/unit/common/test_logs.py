"""Log lines are safe to print, and hot paths log a line per reason and period."""

import logging

import pytest

from hepscope_common import logs


class Lines(logging.Handler):
    """Keeps formatted lines."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.setFormatter(logs.LineFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def lines() -> Lines:
    """Lines logged to the logger ``test``."""
    handler = Lines()
    logger = logs.get_logger("test")
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel("INFO")
    return handler


def test_a_line_names_time_level_and_module(lines: Lines) -> None:
    """UTC with milliseconds, then level, module and message."""
    logs.get_logger("test").info("hello %d", 1)
    assert lines.lines[0].endswith("Z info test: hello 1")
    assert lines.lines[0][10] == "T"


def test_control_characters_are_spelled_out(lines: Lines) -> None:
    """What a packet holds neither moves the cursor nor forges a line."""
    logs.get_logger("test").info("agent %s", "x\x1b[2Jy\nz\x9b")
    assert lines.lines[0].endswith(r"agent x\x1b[2Jy\x0az\x9b")


def test_a_traceback_keeps_its_lines(lines: Lines) -> None:
    """Only an exception makes more than one line."""
    try:
        int("bad\x1b")
    except ValueError:
        logs.get_logger("test").exception("failed")
    assert "Traceback" in lines.lines[0]
    assert "\x1b" not in lines.lines[0]


def test_a_level_is_set_by_module_name() -> None:
    """With and without the prefix."""
    logs.set_level("test.deep", "debug")
    assert logging.getLogger("hepscope.test.deep").level == logging.DEBUG
    logs.set_level("hepscope.test.deep", "error")
    assert logging.getLogger("hepscope.test.deep").level == logging.ERROR


def test_an_unknown_level_is_refused() -> None:
    """The message lists the known ones."""
    with pytest.raises(ValueError, match="one of debug, info, warning, error"):
        logs.set_level("test", "loud")


def test_a_throttle_lets_one_line_per_reason_through(lines: Lines) -> None:
    """The next line of a reason says how many were left out; reasons do not hinder each other."""
    now = 0.0
    throttle = logs.Throttle(logs.get_logger("test"), every_seconds=10, clock=lambda: now)
    for _ in range(5):
        throttle.warning("a", "bad %s", "a")
    throttle.warning("b", "bad %s", "b")
    now = 11.0
    throttle.warning("a", "bad %s", "a")
    assert [line.partition("test: ")[2] for line in lines.lines] == [
        "bad a",
        "bad b",
        "bad a",
        "a: 4 more since the last such line",
    ]
