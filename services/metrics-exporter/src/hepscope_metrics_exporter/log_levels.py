"""The level of a log line: a closed set, from JSON keys or from the words that lines begin with.

Syslog's numbers (RFC 5424 section 6.2.1) and names are known, and the names of the usual SIP
servers: Kamailio, OpenSIPS, Asterisk, FreeSWITCH, and programs that log JSON.
"""

import re
from typing import Final

UNKNOWN: Final = "unknown"
LEVELS: Final = ("debug", "info", "notice", "warning", "error", "critical", UNKNOWN)

_WORDS: Final = {
    "dbg": "debug", "debug": "debug", "debug1": "debug", "trace": "debug", "verbose": "debug",
    "info": "info", "information": "info", "informational": "info",
    "notice": "notice", "note": "notice",
    "warn": "warning", "warning": "warning",
    "err": "error", "error": "error", "bug": "error",
    "crit": "critical", "critical": "critical", "fatal": "critical", "alert": "critical",
    "emerg": "critical", "emergency": "critical", "panic": "critical",
}  # fmt: skip
_NUMBERS: Final = (
    "critical", "critical", "critical", "error", "warning", "notice", "info", "debug",
)  # fmt: skip
_HEAD_BYTES: Final = 400
_JSON: Final = re.compile(
    rb'"(?:level|severity|loglevel|log_level|lvl)"\s*:\s*"?(\w{1,16})', re.IGNORECASE
)
_WORD: Final = re.compile(
    r"(?<![\w.-])(" + "|".join(sorted(_WORDS, key=len, reverse=True)) + r")(?![\w-])", re.IGNORECASE
)


def level_of(payload: bytes) -> str:
    """Return the level that a log line says, ``unknown`` when it says none."""
    head = payload[:_HEAD_BYTES]
    said = _JSON.search(head)
    if said is not None:
        word = said[1].decode("ascii", "replace").lower()
        if word.isdigit() and len(word) == 1 and int(word) < len(_NUMBERS):
            return _NUMBERS[int(word)]
        return _WORDS.get(word, UNKNOWN)
    found = _WORD.search(head.decode("utf-8", "replace"))
    return _WORDS[found[1].lower()] if found else UNKNOWN
