"""Reads Grafana Alloy's configuration language, as far as deploy/alloy uses it.

A body is attributes (``name = expression``) and blocks (``name.of.parts "label" { body }``).
Expressions are kept as text: strings, lists, objects, references and calls.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_TOKEN: Final = re.compile(
    r"""(?P<skip>[ \t\r]+|//[^\n]*)
      | (?P<line>\n)
      | (?P<string>"(?:[^"\\\n]|\\.)*")
      | (?P<word>[A-Za-z_][A-Za-z0-9_.]*)
      | (?P<number>[0-9]+(?:\.[0-9]+)?)
      | (?P<sign>[{}()\[\]=,+])""",
    re.VERBOSE,
)
_OPEN: Final = {"{": "}", "[": "]", "(": ")"}
_CLOSE: Final = frozenset(_OPEN.values())


class AlloyError(ValueError):
    """The text is no configuration; tells the line."""


@dataclass(slots=True)
class Block:
    """A block, or with an empty name the whole file."""

    name: str = ""
    label: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    """Expressions as text, tokens parted by blanks."""
    blocks: list["Block"] = field(default_factory=list)

    def walk(self) -> Iterator["Block"]:
        """Yield this block and all within."""
        yield self
        for block in self.blocks:
            yield from block.walk()

    def find(self, name: str, label: str = "") -> "Block":
        """Return the only block of a name, and of a label if one is given."""
        (found,) = (
            one for one in self.walk() if one.name == name and label in ("", one.label)
        )  # fmt: skip
        return found

    def strings(self) -> Iterator[str]:
        """Yield every string in the expressions of this block and all within."""
        for block in self.walk():
            for text in block.attributes.values():
                for found in re.findall(r'"(?:[^"\\]|\\.)*"', text):
                    yield json.loads(found)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int


def parse(text: str) -> Block:
    """Return a file's blocks; raises AlloyError."""
    return _Parser(list(_tokens(text))).body(Block(), end="")


def uncommented(text: str, first: str) -> str:
    """Return a text in which a commented part that begins with ``first`` is in force."""
    lines, is_on = [], False
    for line in text.splitlines():
        is_on = (is_on or line.startswith(f"// {first}")) and line.startswith("//")
        lines.append(line.removeprefix("//").removeprefix(" ") if is_on else line)
    return "\n".join(lines) + "\n"


def _tokens(text: str) -> Iterator[_Token]:
    at, line = 0, 1
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            message = f"line {line}: unexpected {text[at]!r}"
            raise AlloyError(message)
        at = found.end()
        if found.lastgroup == "line":
            line += 1
        if found.lastgroup != "skip":
            yield _Token(found.lastgroup or "", found[0], line)
    yield _Token("line", "\n", line)
    yield _Token("end", "", line)


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def body(self, block: Block, *, end: str) -> Block:
        """Read attributes and blocks up to a closing brace, or the end of the file."""
        while True:
            token = self._next(skip_lines=True)
            if token.text == end:
                return block
            if token.kind != "word":
                self._fail(token)
            following = self._next()
            if following.text == "=":
                if token.text in block.attributes:
                    self._fail(token)
                block.attributes[token.text] = self._expression()
                continue
            label = ""
            if following.kind == "string":
                label = json.loads(following.text)
                following = self._next()
            if following.text != "{":
                self._fail(following)
            block.blocks.append(self.body(Block(token.text, label), end="}"))

    def _expression(self) -> str:
        words: list[str] = []
        closing: list[str] = []
        while True:
            token = self._next(skip_lines=bool(closing))
            if token.kind == "line" and words:
                return " ".join(words)
            is_end = token.kind in {"end", "line"}
            is_wrong = token.text in _CLOSE and (not closing or closing.pop() != token.text)
            if is_end or is_wrong:
                self._fail(token)
            if token.text in _OPEN:
                closing.append(_OPEN[token.text])
            words.append(token.text)

    def _next(self, *, skip_lines: bool = False) -> _Token:
        token = self._tokens[self._at]
        self._at += token.kind != "end"
        return self._next(skip_lines=True) if skip_lines and token.kind == "line" else token

    def _fail(self, token: _Token) -> None:
        message = f"line {token.line}: unexpected {token.text!r}"
        raise AlloyError(message)
