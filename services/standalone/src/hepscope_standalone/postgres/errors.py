"""How a failure of the embedded PostgreSQL becomes the one line that the user reads."""

import os
from pathlib import Path

from hepscope_common.runtime import StartupError

__all__ = ["StartupError", "refusal", "startup_error"]


def startup_error(message: str) -> StartupError:
    """Return the error for a message that may hold newlines (a path's, a server's detail)."""
    return StartupError(" ".join(message.split()))


def refusal(doing: str, path: Path, error: OSError) -> StartupError:
    """Return the line for a file system error: "cannot make /x: Read-only file system"."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    return startup_error(f"cannot {doing} {path}: {reason}")
