"""The one error of the embedded PostgreSQL: its message is the line that the user reads."""

import os
from pathlib import Path


class StartupError(Exception):
    """PostgreSQL cannot start or go on; str() is one line without a newline, fit to print alone."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


def refusal(doing: str, path: Path, error: OSError) -> StartupError:
    """Return the line for a file system error: "cannot make /x: Read-only file system"."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    return StartupError(f"cannot {doing} {path}: {reason}")
