"""The literal texts of a module of the page, found as its own language reads it."""

import re
from collections.abc import Generator, Iterator
from typing import Final, NamedTuple

_TOKEN: Final = re.compile(
    r"(?P<comment>/\*.*?\*/|//[^\n]*)"
    r"|(?P<string>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')"
    r"|(?P<template>`)"
    r"|(?P<open>\{)|(?P<close>\})"
    # A slash where no value has ended begins a pattern.
    r"|(?P<pattern>(?:(?<=[(,=:\[!&|?{};\n>]) ?|(?<=return) )"
    r"/(?![*/])(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/)",
    re.DOTALL,
)
_PIECE: Final = re.compile(r"(?P<text>(?:[^`\\$]|\\.|\$(?!\{))*)(?P<end>`|\$\{)", re.DOTALL)


class Literal(NamedTuple):
    """A text, and the code before it on its line."""

    text: str
    before: str


def literals(source: str) -> Iterator[Literal]:
    """Yield strings and the pieces of templates between what is put into them, in order."""
    at = 0
    nested: list[int] = []  # braces that are open within each template that is being read
    while found := _TOKEN.search(source, at):
        at = found.end()
        before = source[source.rfind("\n", 0, found.start()) + 1 : found.start()]
        if found["string"]:
            yield Literal(found["string"][1:-1], before)
        elif found["template"]:
            at = yield from _pieces(source, at, before, nested)
        elif nested and found["open"]:
            nested[-1] += 1
        elif nested and found["close"]:
            nested[-1] -= 1
            if nested[-1] == 0:
                nested.pop()
                at = yield from _pieces(source, at, before, nested)


def _pieces(source: str, at: int, before: str, nested: list[int]) -> Generator[Literal, None, int]:
    piece = _PIECE.match(source, at)
    assert piece is not None, source[at : at + 40]
    if piece["text"]:
        yield Literal(piece["text"], before)
    if piece["end"] == "${":
        nested.append(1)
    return piece.end()
