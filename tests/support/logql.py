r"""A small part of LogQL for tests: stream selector, line filters, label filters with or.

Strings are read as Loki's lexer does: between double quotes Go's escapes and no line end, between
backticks anything else. Whatever is not understood is a LogqlError, as Loki answers 400.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

MAX_QUERY_CHARS = 131_072
"""Loki's maxInputSize."""

NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
SPACE = re.compile(r"[ \t\r\n]*")
SIMPLE = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, '"': 34}
LENGTHS = {"x": 2, "u": 4, "U": 8}

Labels = Mapping[str, str]


class LogqlError(Exception):
    """A query that Loki would refuse."""


@dataclass
class Query:
    """A parsed query: matchers of streams, then filters of lines."""

    matchers: list[tuple[str, str, str]] = field(default_factory=list)
    filters: list[Callable[[str, Labels], bool]] = field(default_factory=list)
    strings: list[str] = field(default_factory=list)
    """Every string in it, as it is meant."""

    def takes(self, stream: Labels, line: str, metadata: Labels) -> bool:
        """Return whether a line of a stream is found."""
        labels = {**stream, **metadata}
        return all(_matches(stream, *matcher) for matcher in self.matchers) and all(
            accepts(line, labels) for accepts in self.filters
        )


def parse(text: str) -> Query:
    """Return a query; raises LogqlError."""
    if len(text) > MAX_QUERY_CHARS:
        raise LogqlError(f"input size too long ({len(text)} > {MAX_QUERY_CHARS})")
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found = Query()

    def query(self) -> Query:
        self.expect("{")
        while True:
            self.found.matchers.append(self.comparison())
            if self.take("}"):
                break
            self.expect(",")
        if all(_matches({}, *matcher) for matcher in self.found.matchers):
            raise self.error("queries require at least one matcher that is not empty-compatible")
        while not self.is_end():
            self.stage()
        return self.found

    def stage(self) -> None:
        if self.take("|="):
            wanted = self.string()
            self.found.filters.append(lambda line, _: wanted in line)
        elif self.take("!="):
            unwanted = self.string()
            self.found.filters.append(lambda line, _: unwanted not in line)
        elif self.take("|"):
            choices = [self.comparison()]
            while self.take("or"):
                choices.append(self.comparison())
            self.found.filters.append(
                lambda _, labels: any(_matches(labels, *choice) for choice in choices)
            )
        else:
            raise self.error(f"unexpected {self.text[self.at : self.at + 20]!r}")

    def comparison(self) -> tuple[str, str, str]:
        self.skip()
        name = NAME.match(self.text, self.at)
        if name is None:
            raise self.error("expected a label")
        self.at = name.end()
        for sign in ("=~", "!~", "!=", "="):
            if self.take(sign):
                return name[0], sign, self.string()
        raise self.error("expected an operator")

    def string(self) -> str:
        self.skip()
        quote = self.text[self.at : self.at + 1]
        if quote == "`":
            end = self.text.find("`", self.at + 1)
            if end < 0:
                raise self.error("literal not terminated")
            text = self.text[self.at + 1 : end]
            self.at = end + 1
        elif quote == '"':
            self.at += 1
            text = self.quoted()
        else:
            raise self.error("expected a string")
        self.found.strings.append(text)
        return text

    def quoted(self) -> str:
        raw = bytearray()
        while True:
            char = self.next()
            if char == '"':
                break
            if char == "\n":
                raise self.error("literal not terminated")
            if char != "\\":
                raw += char.encode()
                continue
            kind = self.next()
            if kind in SIMPLE:
                raw.append(SIMPLE[kind])
                continue
            if kind not in LENGTHS:
                raise self.error("unknown escape sequence")
            digits = "".join(self.next() for _ in range(LENGTHS[kind]))
            if not re.fullmatch("[0-9a-fA-F]+", digits):
                raise self.error("invalid syntax")
            raw += bytes([int(digits, 16)]) if kind == "x" else self.rune(int(digits, 16)).encode()
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise self.error("invalid UTF-8") from error

    def rune(self, number: int) -> str:
        if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
            raise self.error("escape is invalid Unicode code point")
        return chr(number)

    def next(self) -> str:
        if self.at >= len(self.text):
            raise self.error("literal not terminated")
        self.at += 1
        return self.text[self.at - 1]

    def take(self, token: str) -> bool:
        self.skip()
        if not self.text.startswith(token, self.at):
            return False
        self.at += len(token)
        return True

    def expect(self, token: str) -> None:
        if not self.take(token):
            raise self.error(f"expected {token}")

    def skip(self) -> None:
        found = SPACE.match(self.text, self.at)
        assert found is not None
        self.at = found.end()

    def is_end(self) -> bool:
        self.skip()
        return self.at == len(self.text)

    def error(self, what: str) -> LogqlError:
        return LogqlError(f"parse error at line 1, col {self.at + 1}: syntax error: {what}")


def _matches(labels: Labels, name: str, sign: str, value: str) -> bool:
    has = labels.get(name, "")
    if sign in ("=", "!="):
        return (has == value) == (sign == "=")
    # Loki's regular expressions are of the whole value.
    return (re.fullmatch(value, has, re.DOTALL) is not None) == (sign == "=~")
