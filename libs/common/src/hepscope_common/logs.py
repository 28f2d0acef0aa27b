"""Logs: one event a line to standard error, safe to print, throttled per reason on hot paths.

What comes from the network may hold terminal escapes or line ends, so both formats spell out
control characters. In JSON nothing else gets onto standard error: libraries' own lines, warnings
and exceptions that nobody caught come as lines of the same shape.
"""

import json
import logging
import sys
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

LEVELS = ("debug", "info", "warning", "error")

_ROOT = "hepscope"
_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if code != 9}


class Format(StrEnum):
    """How an event is written."""

    JSON = "json"
    TEXT = "text"


def get_logger(name: str) -> logging.Logger:
    """Return the logger of a module, by the name under which its level can be set."""
    return logging.getLogger(f"{_ROOT}.{name}")


def escape_controls(text: str) -> str:
    """Return the text with each control character spelled out, so that no terminal obeys it."""
    return text.translate(_ESCAPES)


class LineFormatter(logging.Formatter):
    """`2026-01-01T00:00:00.000Z warning ingest.udp: what happened`, in UTC."""

    @staticmethod
    def converter(seconds: float | None) -> time.struct_time:
        """Return UTC: machines of one installation stand in different zones."""
        return time.gmtime(seconds)

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, or several with a traceback, without control characters."""
        line = (
            f"{self.stamp(record)} {record.levelname.lower()} {_name(record)}:"
            f" {escape_controls(record.getMessage())}"
        )
        return "\n".join([line, *self.traceback(record)])

    def stamp(self, record: logging.LogRecord) -> str:
        """Return the time as RFC 3339 with milliseconds."""
        return f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{int(record.msecs):03d}Z"

    def traceback(self, record: logging.LogRecord) -> list[str]:
        """Return the lines of the traceback, none without one."""
        if not record.exc_info:
            return []
        return [escape_controls(row) for row in self.formatException(record.exc_info).splitlines()]


class JsonFormatter(LineFormatter):
    """One JSON object a line: time, level, service, logger, message, and traceback if any.

    Everything but ASCII is escaped, so that a line is one line to whatever splits it.
    """

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        event = {
            "time": self.stamp(record),
            "level": record.levelname.lower(),
            "service": self._service,
            "logger": _name(record),
            "message": escape_controls(record.getMessage()),
        }
        traceback = self.traceback(record)
        if traceback:
            event["traceback"] = "\n".join(traceback)
        return json.dumps(event)


class _Output(logging.StreamHandler[TextIO]):
    """The handler of this process; a class of its own, so that it is found again."""


def configure(
    level: str = "info", *, style: Format | str = Format.TEXT, service: str = _ROOT
) -> None:
    """Write the logs of this process to standard error from a level on.

    To be called at start, again once the settings are known. Other libraries' loggers, warnings
    and exceptions that nobody caught are written alike, the first from warnings on.
    """
    handler = _Output(sys.stderr)
    handler.setFormatter(JsonFormatter(service) if style == Format.JSON else LineFormatter())
    logger, root = logging.getLogger(_ROOT), logging.getLogger()
    logger.handlers = [handler]
    logger.propagate = False
    root.handlers = [one for one in root.handlers if not isinstance(one, _Output)]
    root.addHandler(handler)
    set_level(_ROOT, level)
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    sys.unraisablehook = _unraisable
    threading.excepthook = _uncaught_in_thread


def tell_failure(program: str, message: str) -> None:
    """Write why a command or service ends, in the format of its logs."""
    handlers = logging.getLogger(_ROOT).handlers
    if any(isinstance(one.formatter, JsonFormatter) for one in handlers):
        get_logger("start").error("%s", message)
    else:
        sys.stderr.write(f"{program}: {message}\n")


def set_level(name: str, level: str) -> None:
    """Set the level of one module and below; raises ValueError for an unknown level."""
    if level not in LEVELS:
        raise ValueError(f"unknown log level {level!r}; one of {', '.join(LEVELS)}")
    full = name if name == _ROOT or name.startswith(f"{_ROOT}.") else f"{_ROOT}.{name}"
    logging.getLogger(full).setLevel(level.upper())


def _name(record: logging.LogRecord) -> str:
    return record.name.removeprefix(f"{_ROOT}.")


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    get_logger("process").error("%s: %s", kind.__name__, error, exc_info=(kind, error, trace))


def _uncaught_in_thread(failed: threading.ExceptHookArgs) -> None:
    error = failed.exc_value
    if error is not None and not isinstance(error, SystemExit):
        get_logger("process").error("in a thread: %s", error, exc_info=error)


def _unraisable(failed: "UnraisableHookArgs") -> None:
    if failed.exc_value is not None:
        where = failed.err_msg or "ignored in"
        get_logger("process").error("%s %r", where, failed.object, exc_info=failed.exc_value)


class Throttle:
    """Lets one line per reason through in each period; the next one says how many it left out.

    Reasons must come from a closed set: each one is remembered.
    """

    def __init__(
        self,
        logger: logging.Logger,
        *,
        every_seconds: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._logger = logger
        self._every = every_seconds
        self._clock = clock
        self._next: dict[str, float] = {}
        self._suppressed: dict[str, int] = {}

    def warning(self, reason: str, message: str, *values: object) -> None:
        """Log a warning, unless one of this reason was logged a moment ago."""
        now = self._clock()
        if now < self._next.get(reason, float("-inf")):
            self._suppressed[reason] = self._suppressed.get(reason, 0) + 1
            return
        self._next[reason] = now + self._every
        left_out = self._suppressed.pop(reason, 0)
        self._logger.warning(message, *values)
        if left_out:
            self._logger.warning("%s: %d more since the last such line", reason, left_out)
