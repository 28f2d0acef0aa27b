"""What a check finds: a line for the user, and how bad it is."""

from enum import IntEnum
from typing import NamedTuple

from hepscope_common.logs import escape_controls


class Level(IntEnum):
    """How bad; also the exit code of ``--check``."""

    OK = 0
    WARN = 1
    FAIL = 2


class Finding(NamedTuple):
    """One line."""

    level: Level
    about: str
    """What was looked at."""
    text: str

    def __str__(self) -> str:
        line = f"{self.level.name.lower():<4}  {self.about}: {self.text}"
        return escape_controls(line)


def why(error: Exception) -> str:
    """Return what went wrong, without numbers and names of files."""
    return getattr(error, "strerror", None) or str(error)
