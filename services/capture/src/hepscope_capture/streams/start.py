"""Where a SIP message starts and ends in a stream (RFC 3261 sections 7, 18.3 and 20.14)."""

import re

from hep.sip import find_call_id, looks_like_sip
from hep.sip.startline import KNOWN_METHODS
from hepscope_capture.sip_start import is_usual_sip
from hepscope_capture.streams.limits import HEAD_BYTES, LINE_BYTES

# RFC 3261 20.14: the name in any case or as "l", blanks and folds around the colon.
_FOLD = rb"(?:\r?\n[ \t]|[ \t])*"
_LENGTH = re.compile(
    rb"\n(?:content-length|l)" + _FOLD + rb":" + _FOLD + rb"0*(\d{1,10})[ \t\r]*(?:\n|\Z)",
    re.IGNORECASE,
)
_USUAL_LENGTH = b"\nContent-Length: "
_TYPE = re.compile(rb"\n(?:content-type|c)[ \t]*:", re.IGNORECASE)
_DIGITS = re.compile(rb"0*(\d{1,10})\r?(?:\n|\Z)")

_VERSION = b"SIP/2.0"
_STATUS = re.compile(rb"SIP/2\.0[ \t]{1,8}\d{3}(?!\d)")
_REQUEST_END = re.compile(rb"[ \t]SIP/2\.0[ \t]{0,8}\r?\n")
# From the version on, what is needed to tell which of the two it is.
DECIDING_BYTES = 20
# Before a start line, where the length of a value would stand.
_COUNT_BYTES = 8
# How far one kind of empty line is searched before the other one.
_WINDOW_BYTES = 4096

_TOKEN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.!%*_+`'~-")
_METHODS = frozenset(method.encode() for method in KNOWN_METHODS)
_HEADER_LINE = re.compile(rb"[^\n]*\n[A-Za-z0-9.!%*_+`'~-]+[ \t]*:")
_NO_HEADER_LINE = re.compile(rb"[^\n]*\n(?![A-Za-z0-9.!%*_+`'~-]+[ \t]*:)[^\n]*\n")
# Controls, and what is no character's first byte: the heads of frames between parts of a message.
_NO_TEXT = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|(?<![\x80-\xff])\x80")
_CSEQ = re.compile(
    rb"\ncseq" + _FOLD + rb":" + _FOLD + rb"\d+(?:\r?\n[ \t]|[ \t])+([^ \t\r\n]+)", re.IGNORECASE
)


def content_length(head: bytes) -> int:
    """Return the body's length that a header section states, -1 without a readable one."""
    at = head.find(_USUAL_LENGTH)
    found = _DIGITS.match(head, at + len(_USUAL_LENGTH)) if at >= 0 else None
    if found is None:
        found = _LENGTH.search(head)
    return int(found[1]) if found is not None else -1


def message_end(data: bytes | bytearray, head: bytes, body: int) -> int:
    """Return where the message with this header section ends, whose body starts here.

    Without a readable length, which RFC 3261 (section 18.3) demands of streams but not all send,
    it has no body; if it names the type of one, that is all up to the next start line of what has
    come until now.
    """
    length = content_length(head)
    if length >= 0:
        return body + length
    if not _TYPE.search(head):
        return body
    start, is_found = find_start(data, body, 0)
    return start if is_found else len(data)


def head_bounds(data: bytes | bytearray, start: int) -> tuple[int, int]:
    """Return (end of the header section, start of the body), (-1, -1) without an empty line.

    The first empty line counts, whether of CRLF or LF: what comes behind it may not have come yet.
    The section holds no line end of its last line's LF, but may end in that line's CR.
    """
    size, stop = len(data), start + _WINDOW_BYTES
    while start < size:
        end = data.find(b"\n\r\n", start, stop)
        bare = data.find(b"\n\n", start, end + 1 if end >= 0 else stop)
        if bare >= 0:
            return bare, bare + 2
        if end >= 0:
            return end, end + 3
        start, stop = stop - 2, stop + _WINDOW_BYTES
    return -1, -1


def is_one_message(data: bytes) -> bool:
    """Tell whether this is exactly one message as nearly all are written, at half the price.

    False for whatever is odd about it: then the others decide.
    """
    end = data.find(b"\n\r\n")
    at = data.find(_USUAL_LENGTH, 0, end) if 0 < end < LINE_BYTES else -1
    if at < 0 or data.find(b"\n\n", 0, end + 1) >= 0:
        return False
    at += len(_USUAL_LENGTH)
    digits = data[at : data.find(b"\r", at)]
    if len(digits) > 10 or not digits.isdigit() or end + 3 + int(digits) != len(data):
        return False
    return is_usual_sip(data)


def start_in_step(head: bytes) -> int:
    """Return where the message starts in a header section that follows the message before it.

    0 nearly always; -1 when it begins with no start line. An unknown method may be a known one
    behind rubbish: then CSeq decides.
    """
    if len(head) > HEAD_BYTES:
        return -1
    if len(head) > LINE_BYTES and head.find(b"\n", 0, LINE_BYTES) < 0:
        return -1
    if is_usual_sip(head):
        return 0
    if not looks_like_sip(head):
        return -1
    if head[:4].upper() == b"SIP/" or head[: head.find(b" ")] in _METHODS:
        return 0
    return max(confirmed_start(head), 0)


def has_no_header(data: bytes | bytearray, at: int) -> bool:
    """Tell whether the line behind a start line is there and is no header."""
    return _NO_HEADER_LINE.match(data, at) is not None


def is_hopeless(data: bytes | bytearray, at: int, *, has_start: bool) -> bool:
    """Tell whether what has no empty line yet cannot become a header section, or a too long one."""
    size = len(data) - at
    if has_start or size > HEAD_BYTES:
        return size > HEAD_BYTES
    end = data.find(b"\n", at, at + LINE_BYTES) + 1
    if end:
        return not looks_like_sip(bytes(data[at:end]))
    return size >= LINE_BYTES or data[at] not in _TOKEN


def find_start(data: bytes | bytearray, floor: int, seen: int) -> tuple[int, bool]:
    """Return (place, True) of what may be a start line at or behind the floor.

    Without one it is (place, False) of the first byte that may still become part of one. A request
    line is taken from its line's start, since only the header section tells its method for sure.
    So many bytes behind the floor were searched before.
    """
    at, size = data.find(_VERSION, floor + seen), len(data)
    while at >= 0:
        if _STATUS.match(data, at):
            return at, True
        if at > floor and _REQUEST_END.match(data, at - 1):
            return max(data.rfind(b"\n", floor, at) + 1, floor, at - LINE_BYTES), True
        if size - at < DECIDING_BYTES and data.find(b"\n", at) < 0:
            break
        at = data.find(_VERSION, at + 1)
    line = data.rfind(b"\n", floor, at if at >= 0 else size) + 1
    return max(line - _COUNT_BYTES, floor, size - LINE_BYTES), False


def is_counted_value(data: bytes | bytearray, start: int) -> bool:
    """Tell whether a length of several bytes stands before this place.

    Then it is a value in another protocol: a message on its way in HEP, or into a database. Zeros
    only are the keep-alive of some phones.
    """
    before = data[max(start - _COUNT_BYTES, 0) : start]
    return b"\0" in before and not before.endswith(b"\0\0")


def refused_end(data: bytes | bytearray, start: int) -> int:
    """Return where the search goes on when what was found here was no start line.

    A request may stand in the line of a response, behind a body (message/sipfrag) without line end.
    """
    if data.startswith(_VERSION, start):
        return start + len(_VERSION)
    return data.find(b"\n", start) + 1


def confirmed_start(head: bytes) -> int:
    """Return where in a header section that was found by searching the message starts; -1 = none.

    Behind a gap, a body's end or half a line may stand before the method, and a line of a body
    (message/sipfrag) may look like a start line: so a header line must follow, with a Call-ID
    later, and CSeq must name the method. What is not text is a WebSocket's, joined late.
    """
    if len(head) > HEAD_BYTES or not _HEADER_LINE.match(head) or not find_call_id(head):
        return -1
    end = head.find(b"\n")
    start = head.rfind(_VERSION, 0, end)
    if not _STATUS.match(head, start):
        method = _CSEQ.search(head)
        if method is None:
            return -1
        begin = method[1] + b" "
        start = 0 if head.startswith(begin) else head.rfind(begin, 0, end)
    return start if start >= 0 and not _NO_TEXT.search(head, start) else -1
