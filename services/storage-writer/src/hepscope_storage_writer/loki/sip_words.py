"""The few words of a SIP message that a line is labelled with, read without parsing the rest.

The writer parses messages; this reads the start line, CSeq and, from ingest's routing key, the
Call-ID: a tenth of the cost. A message that is none has no words, and is a line like any other.
"""

import re
from typing import Final, NamedTuple

from hep.sip import find_call_id

MAX_WORD: Final = 32
"""Of a method; the longest registered one has nine letters."""

_CSEQ: Final = re.compile(
    rb"\n[Cc][Ss][Ee][Qq][ \t]*:[ \t]*[0-9]+[ \t]+([A-Za-z0-9.!%*_+`'~-]{1,32})"
)
_STATUS: Final = re.compile(rb"SIP/[0-9.]+[ \t]+([0-9]{3})(?![0-9])")
# Blanks are not given back ("++"), or a packet of nothing else would take seconds.
_REQUEST: Final = re.compile(rb"([A-Za-z0-9.!%*_+`'~-]{1,32})[ \t]++[^\r\n]*SIP/[0-9.]+[ \t]*\r?\n")


class Words(NamedTuple):
    """Method (of a response that of its request) and status, empty where there is none."""

    method: bytes = b""
    status: bytes = b""


def words_of(payload: bytes) -> Words:
    """Return the words of a message."""
    if payload[:1] in b"\r\n":
        payload = payload.lstrip(b"\r\n")
    if payload[:4] == b"SIP/":
        status = _STATUS.match(payload)
        cseq = _CSEQ.search(payload)
        return Words(cseq[1] if cseq else b"", status[1] if status else b"")
    request = _REQUEST.match(payload)
    return Words(request[1] if request else b"")


def call_id_of(payload: bytes, routing_key: bytes, correlation_id: bytes) -> bytes:
    """Return the Call-ID: ingest's routing key where that is what the message says."""
    if routing_key and routing_key in payload:
        return routing_key
    return find_call_id(payload) or correlation_id
