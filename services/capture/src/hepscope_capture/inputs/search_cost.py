r"""How many steps a regular expression may take in the worst case, told before it is used.

``re`` backtracks: an expression like ``(a+)+b`` takes longer than anybody waits for a line that
its author did not think of, and nothing can interrupt it. So only a part of the language is
allowed (no repeated groups, no lookaround, no back references), of which the worst case is
known. What is variable multiplies only where it has a choice: ``\s*[a-z]+`` has none, since no
byte is both.
"""

import re
import warnings
from functools import lru_cache
from typing import NamedTuple

_EVERYTHING = (1 << 256) - 1
_ESCAPE = re.compile(rb"\\(?:x[0-9a-fA-F]{2}|[dDwWsStrnfv]|[^A-Za-z0-9])", re.DOTALL)
_CLASS = re.compile(rb"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_EDGES = (rb"\b", rb"\B")
_COUNTS = re.compile(rb"\{(\d{1,4})?(,)?(\d{1,4})?\}")
_GROUP = re.compile(rb"\((?:\?:|\?P<[A-Za-z_]\w{0,30}>)?(?!\?)")
_SPECIAL = b"*+?{}()|[]^$\\"


class _Rest(NamedTuple):
    """What comes behind a place in an expression."""

    steps: int  # in the worst case, from there to its end
    first: int  # the bytes it may begin with, as bits
    may_fail: bool


_END = _Rest(1, 0, may_fail=False)


class _Item(NamedTuple):
    """A byte of a set, so many times; width 0 is an edge, which takes none."""

    bytes: int
    low: int
    high: int


class _Group(NamedTuple):
    alternatives: "list[list[_Item | _Group]]"
    is_optional: bool


def steps_of(expression: bytes, text_bytes: int) -> int:
    """Return how many steps searching a text of so many bytes takes at most.

    Raises ValueError, with a line for the user, for what is no expression, and for what is not
    allowed in one.
    """
    flags = 0
    if expression.startswith(b"(?i)"):
        expression, flags = expression[4:], re.IGNORECASE
    try:
        # What a later Python will read in another way is told now, not by a warning.
        with warnings.catch_warnings(action="error", category=FutureWarning):
            re.compile(expression, flags)
    except (re.error, OverflowError, FutureWarning) as error:
        raise ValueError(f"no regular expression: {error}") from None
    is_anchored = expression.startswith(b"^")
    reader = _Reader(expression, flags)
    group = reader.read()
    starts = 1 if is_anchored and len(group.alternatives) == 1 else text_bytes + 1
    return starts * _before(group, _END, text_bytes).steps


def _before(node: "_Item | _Group", rest: _Rest, size: int) -> _Rest:
    """Return what is behind the place before a node."""
    if isinstance(node, _Group):
        ways = [_before_all(one, rest, size) for one in node.alternatives]
        if node.is_optional:
            ways.append(rest)
        first = 0
        for way in ways:
            first |= way.first
        return _Rest(sum(way.steps for way in ways), first, all(way.may_fail for way in ways))
    span = min(node.high, size) - node.low + 1
    has_choice = span > 1 and rest.may_fail and bool(node.bytes & rest.first)
    steps = node.low + span + (span if has_choice else 1) * rest.steps
    first = node.bytes | (0 if node.low else rest.first)
    return _Rest(steps, first, may_fail=rest.may_fail or node.low > 0)


def _before_all(nodes: "list[_Item | _Group]", rest: _Rest, size: int) -> _Rest:
    for node in reversed(nodes):
        rest = _before(node, rest, size)
    return rest


class _Reader:
    """Reads an expression that ``re`` has found to be one."""

    def __init__(self, expression: bytes, flags: int) -> None:
        self._text = expression
        self._flags = flags
        self._at = 0

    def read(self) -> _Group:
        alternatives: list[list[_Item | _Group]] = [[]]
        text = self._text
        while self._at < len(text) and text[self._at] != ord(")"):
            if text[self._at] == ord("|"):
                alternatives.append([])
                self._at += 1
            else:
                alternatives[-1].append(self._node())
        return _Group(alternatives, is_optional=False)

    def _node(self) -> "_Item | _Group":
        text, at = self._text, self._at
        if group := _GROUP.match(text, at):
            self._at = group.end()
            inner = self.read()
            self._at += 1
            low, high = self._times()
            if (low, high) not in ((0, 1), (1, 1)):
                raise ValueError("a group cannot be repeated here; only a byte or a set of bytes")
            return _Group(inner.alternatives, is_optional=low == 0)
        if text[at : at + 1] in (b"^", b"$") or text[at : at + 2] in _EDGES:
            self._at += 1 if text[at] != ord("\\") else 2
            if self._times() != (1, 1):
                raise ValueError("an edge cannot be repeated")
            # It may fail whatever comes next.
            return _Item(_EVERYTHING, 1, 1)
        atom = self._atom()
        self._at += len(atom)
        return _Item(_bytes_of(atom, self._flags), *self._times())

    def _atom(self) -> bytes:
        """Return the text of what stands for one byte."""
        text, at = self._text, self._at
        for form in (_ESCAPE, _CLASS):
            if found := form.match(text, at):
                return found[0]
        if text[at] in _SPECIAL:
            raise ValueError(f"{text[at : at + 3].decode(errors='replace')}... is not allowed here")
        return text[at : at + 1]

    def _times(self) -> tuple[int, int]:
        """Return how often at least and at most, from what may stand behind an atom."""
        text, at = self._text, self._at
        many = 1 << 30
        found = {b"*": (0, many), b"+": (1, many), b"?": (0, 1)}.get(text[at : at + 1])
        end = at + 1
        if found is None:
            counts = _COUNTS.match(text, at)
            if counts is None or not (counts[1] or counts[3]):
                return 1, 1
            low = int(counts[1] or 0)
            found = low, (int(counts[3]) if counts[3] else many) if counts[2] else low
            end = counts.end()
        if text[end : end + 1] == b"?":
            end += 1
        elif text[end : end + 1] == b"+":
            raise ValueError("*+, ++ and ?+ are not allowed here")
        self._at = end
        return found


@lru_cache(maxsize=256)
def _bytes_of(atom: bytes, flags: int) -> int:
    """Return which bytes an atom stands for; ``re`` itself is asked."""
    match = re.compile(atom, flags).fullmatch
    return sum(1 << one for one in range(256) if match(bytes((one,))))
