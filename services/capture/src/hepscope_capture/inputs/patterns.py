"""Finds the Call-ID in a log line: by patterns of the user, then by those of usual software.

| software | line |
|---|---|
| any | ``... Call-ID: ID``, ``callid=ID``, ``"call_id":"ID"``, ``sip_call_id: [ID]`` |
| Kamailio | ``{1 102 INVITE ID} ...``, its usual ``log_prefix`` |
| Kamailio, OpenSIPS | ``ci=ID``, as in ``$ci`` of xlog |
| rtpengine | ``INFO: [ID]: ...``, ``[ID port 30000]: ``, ``[ID/TAG/1]: ``; ``ID="ID"`` |
| Asterisk | ``... SIP dialog 'ID' ...``, ``(callid: ID)`` |
| FreeSWITCH | ``UUID 2026-11-30 10:00:00.000000 [...`` |

FreeSWITCH's UUID is the Call-ID when inbound-use-callid-as-uuid is set, else a key of its own.
"""

import re
import time
from collections.abc import Callable, Sequence

from hepscope_capture.inputs.counts import LogCounts
from hepscope_capture.inputs.search_cost import steps_of
from hepscope_common.logs import Throttle, get_logger

SEARCHED_BYTES = 2048
"""Of a line, by patterns of the user; whoever writes a Call-ID does so near its beginning."""

_SEARCHED_BY_DEFAULTS = 8192

MAX_STEPS = 25_000_000
"""Of one search at worst: a quarter of a second. Usual lines take a thousandth of that."""

_SLOW_SECONDS = 0.02
_SLOW_SEARCHES = 10
_MAX_PATTERN_BYTES = 500
_MAX_ID_BYTES = 255
_GROUP_NAME = "call_id"

_ID = rb"""[^\s"'<>,;()\[\]{}\x00-\x20\x7f]{2,256}"""
DEFAULTS = tuple(
    re.compile(pattern)
    for pattern in (
        rb"""(?i)call[-_ ]?id["']?[ \t]{0,4}[:=][ \t]{0,4}["'\[]?(""" + _ID + rb")",
        rb"\{[12] \d{1,10} [A-Z]{2,12} (" + _ID + rb")\}",
        rb"""\b(?:ID=["]?|ci[=:] ?)(""" + _ID + rb")",
        rb": \[([^\s\]]{2,256}?)(?:/[^\s\]/]{1,128}/\d{1,4})?(?: port {1,5}\d{1,5})?\]: ",
        rb"(?i)\bdialog '(" + _ID + rb")'",
        rb"\b([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}) \d{4}-\d\d-\d\d \d\d:",
    )
)

# ``[core/tcp_main.c:123]: `` stands where rtpengine writes a Call-ID; ``null`` is none.
_NO_ID = re.compile(rb"[\w./-]*\.[ch](?:pp)?:\d+|\(?null\)?|none|unknown", re.IGNORECASE)

_log = get_logger("capture.logs")


def parse_pattern(text: str) -> re.Pattern[bytes]:
    """Return a pattern of the user: the group ``(?P<call_id>...)``, or the first, is the Call-ID.

    Raises ValueError, with a line for the user, also when a line could keep it busy for long.
    """
    expression = text.encode()
    if not 0 < len(expression) <= _MAX_PATTERN_BYTES:
        raise ValueError(f"a pattern of 1 to {_MAX_PATTERN_BYTES} bytes is wanted")
    try:
        steps = steps_of(expression, SEARCHED_BYTES)
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from None
    if steps > MAX_STEPS:
        raise ValueError(
            f"{text!r} could take {steps:,} steps for one line; fewer * and +, or {{1,64}}"
            " instead of them, or sets that share no byte with what follows, make it faster"
        )
    pattern = re.compile(expression)
    if not pattern.groups:
        raise ValueError(f"{text!r} needs a group in parentheses: the Call-ID")
    return pattern


class CallIds:
    """Searches lines."""

    def __init__(
        self,
        patterns: Sequence[re.Pattern[bytes]],
        counts: LogCounts,
        *,
        has_defaults: bool = True,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Make a search by patterns of the user and, unless not wanted, by our own."""
        self._patterns = list(patterns)
        self._defaults = DEFAULTS if has_defaults else ()
        self._counts = counts
        self._clock = clock
        self._slow = dict.fromkeys(patterns, 0)
        self._throttle = Throttle(_log)

    def find(self, line: bytes) -> bytes:
        """Return the Call-ID of a line, empty when none is found."""
        text = line[:SEARCHED_BYTES]
        for pattern in tuple(self._patterns):
            if found := self._search(pattern, text):
                return found
        text = line[:_SEARCHED_BY_DEFAULTS]
        for pattern in self._defaults:
            match = pattern.search(text)
            if match and (found := _checked(match[1])):
                return found
        return b""

    def _search(self, pattern: re.Pattern[bytes], text: bytes) -> bytes:
        begun = self._clock()
        match = pattern.search(text)
        if self._clock() - begun > _SLOW_SECONDS:
            self._note_slow(pattern)
        if match is None:
            return b""
        name: str | int = _GROUP_NAME if _GROUP_NAME in pattern.groupindex else 1
        return _checked(match[name] or b"")

    def _note_slow(self, pattern: re.Pattern[bytes]) -> None:
        """Count a search that took too long; a pattern of many such is used no more."""
        self._counts.slow_searches += 1
        self._slow[pattern] += 1
        if self._slow[pattern] >= _SLOW_SEARCHES and pattern in self._patterns:
            self._patterns.remove(pattern)
            self._throttle.warning(
                "slow", "the pattern %r is too slow and not used any more", pattern.pattern
            )


def _checked(found: bytes) -> bytes:
    if not 2 <= len(found) <= _MAX_ID_BYTES or _NO_ID.fullmatch(found):
        return b""
    return found
