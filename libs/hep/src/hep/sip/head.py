"""The header section of a SIP message: where it starts, where it ends, its Call-ID.

RFC 3261 section 7: a start line, header lines, an empty line, the body. Lines end in CRLF; a bare
LF is taken as well. Leading CRLFs (stream keep-alives, RFC 5626) are skipped. The section ends
before the first empty line; a line of spaces is no empty line but a continuation.

find_call_id and the parser must see the same Call-ID in any bytes, because one routes a message
and the other stores it: both take the bounds, the line ends and the unfolding from here.
"""

import re

# Folding (RFC 3261 section 7.3.1): a line end followed by blanks counts as one space.
UNFOLD = re.compile(r"\r?\n[ \t]+")
_UNFOLD_BYTES = re.compile(UNFOLD.pattern.encode())

_CALL_ID_LINE = rb"(?:[Cc][Aa][Ll][Ll]-[Ii][Dd]|[Ii])(?:\r?\n[ \t]|[ \t])*:([^\n]*)"
# One search answers which comes first, a Call-ID or the empty line that ends the section.
_search_call_id = re.compile(rb"\n" + _CALL_ID_LINE + rb"|\n\r?\n").search
# A payload that lost its start line may begin with the Call-ID.
_CALL_ID_FIRST = re.compile(_CALL_ID_LINE)
# Line ends to skip, or what may begin a Call-ID: all other messages need one search only.
_UNUSUAL_STARTS = frozenset({b"\r", b"\n", b"C", b"c", b"I", b"i"})
_BLANKS = frozenset({b" ", b"\t"})
_CONTINUATIONS = re.compile(rb"(?:\n[ \t][^\n]*)*")

_TOKEN = rb"[A-Za-z0-9.!%*_+`'~-]"
# Longer than any method in use; keeps the search for it short in foreign data.
_METHOD_LIMIT = b"64"
_SIP_START = re.compile(
    rb"[\r\n]*(?:"
    rb"SIP/\d\.\d[ \t]{1,8}\d{3}(?!\d)"
    rb"|" + _TOKEN + rb"{1," + _METHOD_LIMIT + rb"}[ \t][^\r\n]*[ \t]SIP/\d\.\d[ \t]*(?:[\r\n]|\Z)"
    rb")",
    re.IGNORECASE,
)


def head_start(payload: bytes) -> int:
    """Return the offset of the first byte behind leading CR and LF."""
    if payload[:1] not in (b"\r", b"\n"):
        return 0
    return len(payload) - len(payload.lstrip(b"\r\n"))


def head_bounds(payload: bytes, start: int = 0) -> tuple[int, int]:
    """Return (end of the header section, start of the body) of a message that begins at start.

    The section holds no line end of its last line's LF, but may end in that line's CR. Without an
    empty line the section is all the rest and the body start is -1.
    """
    end = payload.find(b"\n\r\n", start)
    bare = payload.find(b"\n\n", start, end if end >= 0 else len(payload))
    if bare >= 0:
        return bare, bare + 2
    if end >= 0:
        return end, end + 3
    return len(payload), -1


def find_call_id(payload: bytes) -> bytes:
    """Return the value of the first Call-ID header, b"" when there is none.

    Any bytes are accepted. The header's name may be in any case or the compact ``i``, with blanks
    before the colon; a folded value is joined by a space. `parse(payload).call_id` is this value as
    text.
    """
    if payload[:1] in _UNUSUAL_STARTS:
        start = head_start(payload)
        found = _CALL_ID_FIRST.match(payload, start) or _search_call_id(payload, start)
    else:
        found = _search_call_id(payload)
    if found is None or (value := found[1]) is None:
        return b""
    next_line = found.end() + 1
    if payload[next_line : next_line + 1] in _BLANKS:
        folds = _CONTINUATIONS.match(payload, found.end())
        if folds is not None:
            value = _UNFOLD_BYTES.sub(b" ", payload[found.start(1) : folds.end()])
    call_id: bytes = value.strip(b" \t\r")
    return call_id


def looks_like_sip(payload: bytes) -> bool:
    """Tell by its first line whether payload begins a SIP request or response.

    Any version is accepted (a SIP/7.0 request is still SIP); leading CRLFs are skipped.
    """
    return _SIP_START.match(payload) is not None
