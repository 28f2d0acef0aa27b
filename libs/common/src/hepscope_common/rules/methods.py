"""Discarded SIP methods: by the start line of requests, by CSeq of requests and answers.

Nothing is parsed beyond the two: keep-alives are most of the traffic of some sites.
"""

import re
from collections.abc import Collection
from typing import NamedTuple

from hep.sip.head import head_bounds, head_start

_TOKEN = rb"([A-Za-z0-9.!%*_+`'~-]{1,32})"
_BLANK = rb"(?:\r?\n[ \t]|[ \t])"
_START = re.compile(rb"(?:SIP/\d\.\d[ \t]+(\d)\d\d(?!\d)|" + _TOKEN + rb"[ \t])", re.IGNORECASE)
# The head holds the line end before the first header, so CSeq is found behind one.
_CSEQ = re.compile(
    rb"\ncseq" + _BLANK + rb"*:" + _BLANK + rb"*\d{1,20}" + _BLANK + rb"+" + _TOKEN, re.IGNORECASE
)


class Methods(NamedTuple):
    """What a message says of its method; "" where it does not."""

    request: str
    """That of the start line of a request."""
    cseq: str
    kind: str
    """``request``, ``1xx`` to ``9xx``, or ``unknown``."""


def methods_of(payload: bytes) -> Methods:
    """Return the methods of the first SIP message of a payload, in capitals; never raises."""
    at = head_start(payload)
    end, _ = head_bounds(payload, at)
    first = _START.match(payload, at, end)
    cseq = _CSEQ.search(payload, at, end)
    named = cseq[1].decode().upper() if cseq else ""
    if first is None:
        return Methods("", named, "unknown")
    if first[1]:
        return Methods("", named, f"{first[1].decode()}xx")
    return Methods(first[2].decode().upper(), named, "request")


def discarded(methods: Methods, unwanted: Collection[str]) -> str:
    """Return the unwanted method that a message has, "" when it has none."""
    if methods.request in unwanted:
        return methods.request
    return methods.cseq if methods.cseq in unwanted else ""
