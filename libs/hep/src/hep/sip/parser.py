"""The tolerant parser: any bytes give a SipMessage, and its faults say what is wrong.

RFC 3261 sections 7 and 20. It is the hot path of writer and exporter, hence its shape: the head is
decoded once, lines are split once, one dict look-up takes a header's name as written, and the
readers of single values remember what they read, because the messages of a call repeat most of
their start lines, From, To, Via and CSeq.

The first of a repeated header counts, the start line is believed before CSeq, and a Content-Length
that cannot be true lets the body go to the end of the payload.
"""

import re
from functools import lru_cache

from hep.sip.faults import Fault
from hep.sip.head import UNFOLD, head_bounds, head_start
from hep.sip.length import take_body
from hep.sip.media_type import media_type
from hep.sip.message import SipMessage
from hep.sip.numbers import read_cseq
from hep.sip.optional import note_repeated, take_contact, take_optional
from hep.sip.party import read_party
from hep.sip.places import CONTENT_LENGTH, PLACE_COUNT, PLACE_OF, REQUIRED, place_of_name
from hep.sip.startline import read_first_line
from hep.sip.via import read_top_via

# What is remembered of each kind: with the length below a few MB at most for all of them, and
# enough for the messages that cross on the wire within a few seconds.
_REMEMBERED = 2048
# Longer values are read anew each time, so that hostile ones cannot fill the memory.
_REMEMBERED_LENGTH = 160

_party = lru_cache(_REMEMBERED)(read_party)
_top_via = lru_cache(_REMEMBERED)(read_top_via)
_first_line = lru_cache(_REMEMBERED)(read_first_line)
_cseq = lru_cache(_REMEMBERED)(read_cseq)
_media_type = lru_cache(64)(media_type)

# An empty line, or one that continues the line before it.
_ODD_STARTS = ("", " ", "\t", "\r")
_NAME = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+")


def parse(payload: bytes) -> SipMessage:
    """Return what can be read of a SIP message; never raises, whatever the bytes.

    The time taken is linear in the length. Of several messages in one payload the first is read
    (fault trailing_data); `split` cuts them apart.
    """
    start = head_start(payload)
    end = payload.find(b"\r\n\r\n", start)
    if end >= 0:
        message = _read(payload[start:end], payload[end + 4 :], is_careful=False)
        if message is not None:
            return message
    if start == len(payload):
        return SipMessage(faults=(Fault.EMPTY,))
    end, body_start = head_bounds(payload, start)
    rest = payload[body_start:] if body_start >= 0 else None
    return _read(payload[start:end], rest, is_careful=True) or SipMessage()


def _read(head: bytes, rest: bytes | None, *, is_careful: bool) -> SipMessage | None:
    """Read a message of head and rest (None: no empty line came).

    Unless is_careful, None is returned as soon as a line shows that the head is folded, or that
    it ends before its first empty line in CRLF.
    """
    message = SipMessage()
    faults: list[Fault] = []
    text = head.decode("utf-8", "replace")
    if not text.isascii() or "\0" in text or "%" in text:
        text = _note_odd_text(head, text, faults)
    lines = (UNFOLD.sub(" ", text) if is_careful else text).split("\n")
    if _take_start_line(message, lines[0].rstrip("\r"), faults):
        del lines[0]
    message.header_lines = lines
    values: list[str | None] = [None] * PLACE_COUNT
    repeated = _sort_lines(lines, values, faults, is_careful=is_careful)
    if repeated is None:
        return None
    _take_values(message, values, faults)
    if repeated:
        note_repeated(message, repeated, values[CONTENT_LENGTH], faults)
    if rest is None:
        faults.append(Fault.CUT_HEAD)
    else:
        take_body(message, rest, values[CONTENT_LENGTH], faults)
    if faults:
        message.faults = tuple(dict.fromkeys(faults))
    return message


def _note_odd_text(head: bytes, text: str, faults: list[Fault]) -> str:
    if "\ufffd" in text and text.encode() != head:
        faults.append(Fault.BAD_UTF8)
    if "%00" in text:
        faults.append(Fault.ESCAPED_NUL)
    if "\0" in text:
        faults.append(Fault.NUL_BYTE)
        text = text.replace("\0", "\ufffd")
    return text


def _take_start_line(message: SipMessage, line: str, faults: list[Fault]) -> bool:
    """Take the first line; False when it is a header, which then belongs to the header lines."""
    start = (_first_line if len(line) <= _REMEMBERED_LENGTH else read_first_line)(line)
    (
        message.method,
        message.request_uri,
        message.ruri_user,
        message.ruri_domain,
        message.status,
        message.reason,
        message.version,
        is_header,
        found,
    ) = start
    if found:
        faults.extend(found)
    return not is_header


def _sort_lines(
    lines: list[str], values: list[str | None], faults: list[Fault], *, is_careful: bool
) -> list[tuple[int, str]] | None:
    """Set the first value of each place; return (place, value) of all that came again.

    None tells that a line is empty or begins with a blank, unless is_careful.
    """
    repeated: list[tuple[int, str]] = []
    place_of = PLACE_OF.get
    for line in lines:
        name, colon, value = line.partition(":")
        place = place_of(name) if colon else None
        if place is None:
            if line[:1] in _ODD_STARTS and not is_careful:
                return None
            place = _unusual_place(name, colon, faults)
        if place:
            value = value.strip(" \t\r")
            if values[place] is None:
                values[place] = value
            else:
                repeated.append((place, value))
    return repeated


def _unusual_place(name: str, colon: str, faults: list[Fault]) -> int:
    if not (name or colon):
        # What a last line end leaves of a message without body.
        return 0
    name = name.rstrip(" \t")
    place = place_of_name(name) if colon else None
    if place is not None:
        return place
    if not colon or _NAME.fullmatch(name) is None:
        faults.append(Fault.BAD_HEADER)
    return 0


def _take_values(message: SipMessage, values: list[str | None], faults: list[Fault]) -> None:
    """Take what is read of a message's headers."""
    _, via, sender, receiver, call_id, cseq, contact, agent, server, kind, _, *rare = values
    if not (call_id and cseq and via and sender and receiver):
        faults.extend(fault for place, fault in REQUIRED if not values[place])
    message.call_id = call_id or ""
    message.user_agent = agent or server or ""
    if cseq:
        _take_cseq(message, cseq, faults)
    if sender:
        _take_from(message, sender, faults)
    if receiver:
        _take_to(message, receiver, faults)
    if via:
        _take_via(message, via, faults)
    if kind:
        message.content_type = (_media_type if len(kind) <= _REMEMBERED_LENGTH else media_type)(
            kind
        )
    if any(rare):
        take_optional(message, rare, faults)
    if contact:
        take_contact(message, contact, faults)


def _take_cseq(message: SipMessage, cseq: str, faults: list[Fault]) -> None:
    read = _cseq if len(cseq) <= _REMEMBERED_LENGTH else read_cseq
    message.cseq, message.cseq_method, fault = read(cseq)
    if fault:
        faults.append(fault)
    if message.method and message.cseq_method and message.cseq_method != message.method:
        faults.append(Fault.CSEQ_METHOD_MISMATCH)


def _take_from(message: SipMessage, value: str, faults: list[Fault]) -> None:
    read = _party if len(value) <= _REMEMBERED_LENGTH else read_party
    party = read(value)
    message.from_user, message.from_domain, message.from_tag, message.from_display, sound = party
    if not sound:
        faults.append(Fault.BAD_FROM)


def _take_to(message: SipMessage, value: str, faults: list[Fault]) -> None:
    read = _party if len(value) <= _REMEMBERED_LENGTH else read_party
    message.to_user, message.to_domain, message.to_tag, message.to_display, sound = read(value)
    if not sound:
        faults.append(Fault.BAD_TO)


def _take_via(message: SipMessage, value: str, faults: list[Fault]) -> None:
    read = _top_via if len(value) <= _REMEMBERED_LENGTH else read_top_via
    top = read(value)
    message.via_transport, message.via_host, message.via_branch, message.via_count, found = top
    if found:
        faults.extend(found)
