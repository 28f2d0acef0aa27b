"""A command line in the syntax of Go's package flag.

``-x value``, ``-x=value``, and both with two dashes; a boolean stands alone or takes ``=value``.
What Go lets pass in silence is refused here: a word that belongs to no flag ends Go's reading, and
every flag behind it is ignored there.
"""

from collections.abc import Mapping, Sequence
from enum import Enum, auto


class Kind(Enum):
    """What a flag takes."""

    TEXT = auto()
    NUMBER = auto()
    BOOL = auto()


class FlagError(ValueError):
    """The command line cannot be used; the text is for the user."""


# strconv.ParseBool
_TRUE = ("1", "t", "T", "true", "TRUE", "True")
_FALSE = ("0", "f", "F", "false", "FALSE", "False")


def read_flags(words: Sequence[str], known: Mapping[str, Kind]) -> dict[str, list[str]]:
    """Return the texts given to each flag, in order; those of booleans are true or false.

    Raises FlagError for a flag that is not known, a value that is none of its kind, and a word
    that belongs to no flag.
    """
    found: dict[str, list[str]] = {}
    left = list(reversed(words))
    while left:
        word = left.pop()
        name, equals, value = _split(word)
        kind = known.get(name)
        if kind is None:
            raise FlagError(f"there is no flag -{name}; -h lists them")
        if kind is Kind.BOOL:
            value = _bool(name, value if equals else "true")
            if left and not equals and left[-1] in _TRUE + _FALSE:
                word = left[-1]
                raise FlagError(f"-{name} {word}: of a boolean as -{name}={word}, with =")
        elif not equals:
            if not left:
                raise FlagError(f"-{name} needs a value")
            value = left.pop()
        if kind is Kind.NUMBER:
            number_of(name, value)
        found.setdefault(name, []).append(value)
    return found


def number_of(name: str, text: str) -> int:
    """Return a whole number as Go's flag reads it, decimal, 0x, 0o or 0b; raises FlagError."""
    try:
        return int(text, 0)
    except ValueError:
        raise FlagError(f"-{name} {text}: no whole number") from None


def _split(word: str) -> tuple[str, str, str]:
    bare = word.removeprefix("-")
    if bare == word or bare in ("", "-"):
        raise FlagError(f"{word!r} belongs to no flag; the flags behind it would count for nothing")
    name, equals, value = bare.removeprefix("-").partition("=")
    if not name or name.startswith("-"):
        raise FlagError(f"{word!r} is no flag")
    return name, equals, value


def _bool(name: str, text: str) -> str:
    if text not in _TRUE + _FALSE:
        raise FlagError(f"-{name}={text}: neither true nor false")
    return str(text in _TRUE).lower()
