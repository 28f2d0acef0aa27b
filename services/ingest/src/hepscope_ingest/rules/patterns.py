"""Patterns for fields of packets: regular expressions that no text can make slow.

Fields come from the network, and Python's expressions try every way in which a text may match:
`(a+)+b` takes years over forty letters. So a pattern is priced when it is read, by the most ways
that it may try on a field of MAX_FIELD characters, and refused above MAX_COST. The price follows
from three rules: what stands in a row is multiplied, alternatives are added, a repetition counts
as often as it may stop. Groups are not repeated, and nothing looks back or around.
"""

import re
import warnings

MAX_FIELD = 128
"""Characters of a field that are looked at; no name, number or domain in use is longer."""

MAX_PATTERN = 500

MAX_COST = MAX_FIELD**2 * 16
"""Below a few milliseconds of one core, for text made for this pattern."""

_TOKEN = re.compile(
    r"(?P<group>\((?:\?:)?)(?!\?)|(?P<close>\))|(?P<bar>\|)"
    r"|(?P<repeat>[*+?]|\{(?:\d{1,3},?\d{0,3}|,\d{1,3})\})\??"
    r"|(?P<anchor>[\^$]|\\[AbBZ])"
    r"|(?P<atom>\\[dDsSwWnrt]|\\[^A-Za-z0-9]|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\()|*+?\[])",
    re.DOTALL,
)


def compile_pattern(text: str) -> re.Pattern[str]:
    """Return the pattern, blind to case; raises ValueError that says what is wrong with it."""
    if not text or len(text) > MAX_PATTERN:
        raise ValueError(f"a pattern has 1 to {MAX_PATTERN} characters")
    try:
        with warnings.catch_warnings(action="ignore"):
            compiled = re.compile(text, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"pattern {text!r}: {error}") from None
    starts = 1 if text.startswith("^") and "|" not in text else MAX_FIELD
    if starts * _Price(text).total > MAX_COST:
        raise ValueError(f"pattern {text!r}: too many repetitions, hostile text could make it slow")
    return compiled


def matches(pattern: re.Pattern[str], text: str) -> bool:
    """Tell whether the pattern is found in the first MAX_FIELD characters."""
    return pattern.search(text[:MAX_FIELD]) is not None


class _Price:
    """Adds up what a pattern may cost, token by token."""

    def __init__(self, text: str) -> None:
        self._sums = [0]
        self._rows = [1]
        self._last = 0
        """Price of the part before, which a repetition may change; 0 = none."""
        self._is_group = False
        at = 0
        while at < len(text):
            token = _TOKEN.match(text, at)
            if token is None:
                raise ValueError(f"pattern {text!r}: not supported from character {at}")
            self._take(token, text)
            at = token.end()
        self.total = self._sums[0] + self._rows[0]

    def _take(self, token: re.Match[str], text: str) -> None:
        kind = token.lastgroup
        if kind == "group":
            self._sums.append(0)
            self._rows.append(1)
            self._last = 0
        elif kind == "close":
            self._last, self._is_group = self._sums.pop() + self._rows.pop(), True
            self._rows[-1] *= self._last
        elif kind == "bar":
            self._sums[-1] += self._rows[-1]
            self._rows[-1], self._last = 1, 0
        elif kind == "repeat":
            self._repeat(token["repeat"], text)
        else:
            self._last, self._is_group = int(kind == "atom"), False

    def _repeat(self, sign: str, text: str) -> None:
        if self._is_group and sign != "?":
            raise ValueError(f"pattern {text!r}: a group cannot be repeated, only characters")
        if sign == "?":
            self._rows[-1] = self._rows[-1] // max(self._last, 1) * (self._last + 1)
        else:
            self._rows[-1] *= _ways(sign)
        self._last = 0


def _ways(sign: str) -> int:
    """Return after how many different counts a repetition may stop."""
    if sign in ("*", "+"):
        return MAX_FIELD
    low, comma, high = sign.strip("{}").partition(",")
    if not comma:
        return 1
    most = min(int(high), MAX_FIELD) if high else MAX_FIELD
    return max(most - int(low or 0) + 1, 1)
