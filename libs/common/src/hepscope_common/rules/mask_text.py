"""Overwriting: text of the same length that tells nothing, and the lines of a header section.

Masks work on payloads as Latin-1 text, one character a byte, so that nothing is lost or moved.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from hep.sip.headers import canonical_name
from hepscope_common.rules.cover import FILL

_HIDDEN = re.compile(r"[^\r\n\t ]")


def hide(text: str) -> str:
    """Return a header's text overwritten; blanks and line ends stay, so that folds stay folds."""
    return _HIDDEN.sub(FILL, text)


_MARK = 0x100
_MARKED = {chr(code): chr(_MARK + code) for code in range(128)}
_UNMARKED = {_MARK + code: code for code in range(128)}
_MARKS = re.compile(f"[{chr(_MARK)}-{chr(_MARK + 127)}]+")


def marked(text: str) -> str:
    """Return ASCII text as it stands in the place of something: nothing takes it for original."""
    return "".join(map(_MARKED.__getitem__, text))


def unmarked(text: str) -> str:
    """Return the text with what replaced something as it is to be shown."""
    return _MARKS.sub(lambda found: found[0].translate(_UNMARKED), text)


def without_marks(text: str) -> str:
    """Return Latin-1 text of the same length, an x for each character that replaced another."""
    return _MARKS.sub(lambda found: FILL * len(found[0]), text)


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
