r"""LogQL: strings that hold foreign text, stream selectors, and the queries of a call's logs.

A Call-ID is whatever a stranger sent. It gets into a query in one way only, ``quoted``: between
double quotes, everything but plain ASCII as an escape of Go, which is what Loki reads. Backticks
would need no escapes, but there is none for a backtick.
"""

import re
from collections.abc import Sequence
from typing import Final

MATCHER: Final = re.compile(
    r"""\s*[A-Za-z_][A-Za-z0-9_]*\s*(?:=~|!~|!=|=)\s*(?:"(?:[^"\\\n]|\\.)*"|`[^`]*`)\s*"""
)
# Of these only the dot means something else in a regular expression.
JOB: Final = re.compile(r"[\w.:/-]{1,100}", re.ASCII)
EXAMPLE: Final = '{job=~".+"}'

MESSAGES: Final = "sip|rtp.*|rtcp.*|horaclifix.*|mos_report|qos_json|quality_report|webrtc_json"
"""Label ``type`` of copies that are the call's messages or media already, as the writer and
heplify-server name them."""


_BROKEN: Final = "\ufffd"


def spellings(keys: Sequence[str]) -> list[str]:
    """Return ids as structured metadata may have them.

    In its labels Loki reads the character that stands for broken UTF-8 as a blank.
    """
    return [*keys, *(key.replace(_BROKEN, " ") for key in keys if _BROKEN in key)]


def quoted(text: str) -> str:
    """Return a LogQL string that means this text."""
    return f'"{"".join(_escaped(char) for char in text)}"'


def parse_selector(text: str) -> str:
    """Return the matchers between the braces of a stream selector; raises ValueError."""
    inner = text.strip()
    if not inner.startswith("{") or not inner.endswith("}"):
        raise ValueError(f"expected a stream selector as {EXAMPLE}")
    inner = inner[1:-1]
    at = 0
    while True:
        found = MATCHER.match(inner, at)
        if found is None:
            raise ValueError(f"expected a stream selector as {EXAMPLE}; wrong from {inner[at:]!r}")
        at = found.end()
        if at == len(inner):
            return inner.strip()
        if inner[at] != ",":
            raise ValueError(f"expected a comma in the stream selector before {inner[at:]!r}")
        at += 1


def checked_selector(text: str) -> str:
    """Return a stream selector unchanged; raises ValueError unless it is one."""
    parse_selector(text)
    return text


def checked_job(text: str) -> str:
    """Return a value of the label job; raises ValueError."""
    if not JOB.fullmatch(text):
        raise ValueError(f"expected a job as hepscope, not {text!r}")
    return text


def queries(keys: Sequence[str], word: str, *, selector: str, jobs: Sequence[str]) -> list[str]:
    """Return the queries that together find the logs of a call.

    ``keys`` are what structured metadata ``call_id`` may be, ``word`` what a line may contain, ""
    for anything, which is not asked for. Lines of the jobs that copy HEP to Loki are found by
    both, unless they are messages or media; all others, those of the selector, by their text.
    """
    found = []
    contains = f"|= {quoted(word)}"
    if jobs:
        copied = quoted("|".join(job.replace(".", r"\.") for job in jobs))
        ours = f'{{job=~{copied}, type!~"{MESSAGES}"}}'
        found.append(f"{ours} | {' or '.join(f'call_id={quoted(key)}' for key in spellings(keys))}")
        if word:
            found.append(f"{ours} {contains}")
        selector = f"{selector}, job!~{copied}"
    if word:
        found.append(f"{{{selector}}} {contains}")
    return found


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if " " <= char <= "~":
        return char
    number = ord(char)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
