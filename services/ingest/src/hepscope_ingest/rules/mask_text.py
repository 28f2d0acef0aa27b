"""Overwriting: text of the same length that tells nothing, and the lines of a header section.

Masks work on payloads as Latin-1 text, one character a byte, so that nothing is lost or moved.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from hep.sip.headers import canonical_name

FILL = "x"

_HIDDEN = re.compile(r"[^\r\n\t ]")


def hide(text: str) -> str:
    """Return a header's text overwritten; blanks and line ends stay, so that folds stay folds."""
    return _HIDDEN.sub(FILL, text)


class HeaderText(NamedTuple):
    """A header with its continuation lines, or the start line (name "")."""

    name: str
    """In its registered spelling, "" where the line has no colon."""
    text: str
    """All of it, line ends inside included, without the last LF."""
    value_at: int
    """Offset of what follows the colon."""


def headers_of(head: str) -> Iterator[HeaderText]:
    """Yield start line and headers of a header section; joined by LF they are the section."""
    lines = head.split("\n")
    at = 0
    while at < len(lines):
        stop = at + 1
        while stop < len(lines) and lines[stop][:1] in (" ", "\t"):
            stop += 1
        text = "\n".join(lines[at:stop])
        name, colon, _ = text.partition(":")
        bare = name.rstrip(" \t\r\n")
        is_start = not colon or " " in bare
        yield HeaderText("" if is_start else canonical_name(bare), text, len(name) + 1)
        at = stop
