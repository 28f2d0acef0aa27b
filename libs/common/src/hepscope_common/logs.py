"""Logs: one line an event, safe to print, throttled per reason on hot paths.

What comes from the network may hold terminal escapes or line ends, so the formatter escapes
control characters in the whole line.
"""

import logging
import sys
import time
from collections.abc import Callable

LEVELS = ("debug", "info", "warning", "error")

_ROOT = "hepscope"
_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if code != 9}


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
        stamp = f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{int(record.msecs):03d}Z"
        name = record.name.removeprefix(f"{_ROOT}.")
        line = f"{stamp} {record.levelname.lower()} {name}: {escape_controls(record.getMessage())}"
        if record.exc_info:
            trace = self.formatException(record.exc_info).splitlines()
            line = "\n".join([line, *(escape_controls(row) for row in trace)])
        return line


def configure(level: str = "info") -> None:
    """Write logs of this process to standard error from a level on; call once, at start."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter())
    logger = logging.getLogger(_ROOT)
    logger.handlers = [handler]
    logger.propagate = False
    set_level(_ROOT, level)


def set_level(name: str, level: str) -> None:
    """Set the level of one module and below; raises ValueError for an unknown level."""
    if level not in LEVELS:
        raise ValueError(f"unknown log level {level!r}; one of {', '.join(LEVELS)}")
    full = name if name == _ROOT or name.startswith(f"{_ROOT}.") else f"{_ROOT}.{name}"
    logging.getLogger(full).setLevel(level.upper())


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
