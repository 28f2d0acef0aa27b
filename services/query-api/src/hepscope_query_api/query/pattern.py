r"""Filter values with ``*`` as wildcard, and the LIKE patterns they become.

``*`` stands for any characters, also none. ``\*`` is a star itself (star codes are dialled),
``\\`` a backslash. Everything else stands for itself, also LIKE's ``%`` and ``_``. Letters of
either case differ, as they do in SIP user parts.
"""

from dataclasses import dataclass

MAX_LENGTH = 1024
"""Longer than any field that is stored: user parts are cut at 256, agents at 512 characters."""

MAX_WILDCARDS = 8
"""LIKE backtracks at each; with this many a row costs microseconds at worst."""

STORED_NUL = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A filter value, split at its wildcards: ``4*5`` is ("4", "5"), ``45`` is ("45",)."""

    pieces: tuple[str, ...]

    @property
    def exact(self) -> str | None:
        """The value to be equal to; None where there are wildcards."""
        return self.pieces[0] if len(self.pieces) == 1 else None

    @property
    def is_anything(self) -> bool:
        """Whether it is wildcards only."""
        return len(self.pieces) > 1 and not any(self.pieces)

    @property
    def like(self) -> str:
        """The LIKE pattern of the same meaning (backslash escapes)."""
        return "%".join(escape_like(piece) for piece in self.pieces)

    @property
    def longest_piece(self) -> int:
        """Characters of the longest piece; a trigram index needs three."""
        return max(len(piece) for piece in self.pieces)


def parse_pattern(text: str) -> Pattern:
    """Return the pattern of a filter value; raises ValueError when it is too long or too wild."""
    if len(text) > MAX_LENGTH:
        raise ValueError(f"expected at most {MAX_LENGTH} characters")
    pieces: list[str] = [""]
    at = 0
    while at < len(text):
        char = text[at]
        at += 1
        if char == "*":
            pieces.append("")
            continue
        if char == "\\" and text[at : at + 1] in ("*", "\\"):
            char = text[at]
            at += 1
        pieces[-1] += char
    if len(pieces) - 1 > MAX_WILDCARDS:
        raise ValueError(f"expected at most {MAX_WILDCARDS} wildcards")
    return Pattern(tuple(stored_text(piece) for piece in pieces))


def escape_like(text: str) -> str:
    """Return text that LIKE takes literally."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def stored_text(text: str) -> str:
    """Return text as the parser stores it: PostgreSQL has no NUL, so U+FFFD stands for it."""
    return text.replace("\0", STORED_NUL)
