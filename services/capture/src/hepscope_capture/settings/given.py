"""A value as somebody wrote it, with where they did."""

from pathlib import Path
from typing import NamedTuple

DEFAULT = "default"
"""Where a value comes from that nobody set."""


class Given(NamedTuple):
    """The texts of an option, one unless it is a list."""

    texts: tuple[str, ...]
    origin: str
    """Option, variable, or file and place in it."""


def content(path: str, origin: str) -> str:
    """Return what a file holds, without blanks around it; raises ValueError for the user."""
    try:
        found = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        text = getattr(error, "strerror", None) or str(error)
        raise ValueError(f"{origin}: {path}: {text}") from None
    if not found:
        # A secret that is not there yet must not become one that everybody knows.
        raise ValueError(f"{origin}: {path} is empty")
    return found
