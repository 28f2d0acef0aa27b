"""The tolerant parser: any bytes give a SipMessage, and its faults say what is wrong.

RFC 3261 sections 7 and 20. It is the hot path of writer and exporter, hence its shape: the head is
decoded once, lines are split once, one dict look-up takes a header's name as written, and the
readers of single values remember what they read, because the messages of a call repeat most of
their start lines, From, To, Via and CSeq.

The first of a repeated header counts, the start line is believed before CSeq, and a Content-Length
that cannot be true lets the body go to the end of the payload.
"""

from hep.sip.faults import Fault
from hep.sip.head import UNFOLD, head_bounds, head_start
from hep.sip.length import take_body
from hep.sip.media_type import media_type
from hep.sip.memory import Memory, of_header
from hep.sip.message import SipMessage
from hep.sip.numbers import max_forwards_fault, read_cseq
from hep.sip.optional import note_repeated, take_contact, take_optional
from hep.sip.party import read_party
from hep.sip.places import (
    BLANKS,
    CONTENT_LENGTH,
    OTHER,
    PLACE_COUNT,
    PLACE_OF,
    REQUIRED,
    place_of_name,
)
from hep.sip.startline import read_first_line
from hep.sip.via import read_top_via

_place = Memory(place_of_name)
_place.update(PLACE_OF)
_first_line = Memory(read_first_line)
_top_via = Memory(read_top_via)
_party = Memory(read_party)
_cseq = of_header(read_cseq)
_media_type = of_header(media_type)
_max_forwards_fault = Memory(lambda value: max_forwards_fault(value.strip(BLANKS)))

# An empty line, or one that continues the line before it.
_ODD_STARTS = ("", " ", "\t", "\r")
_LINE_ENDS = (b"\r", b"\n")


def parse(payload: bytes) -> SipMessage:
    """Return what can be read of a SIP message; never raises, whatever the bytes.

    The time taken is linear in the length. Of several messages in one payload the first is read
    (fault trailing_data); `split` cuts them apart.
    """
    start = head_start(payload) if payload[:1] in _LINE_ENDS else 0
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
    repeated = _sort_lines(lines, values, message.other_lines, faults, is_careful=is_careful)
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
    ) = _first_line[line]
    if found:
        faults.extend(found)
    return not is_header


def _sort_lines(
    lines: list[str],
    values: list[str | None],
    others: list[str],
    faults: list[Fault],
    *,
    is_careful: bool,
) -> list[tuple[int, str]] | None:
    """Set the first value of each place; return (place, value) of all that came again.

    Lines of headers that have no place and are not routine go to others.

    Values keep their outer blanks. None tells that a line is empty or begins with a blank, unless
    is_careful.
    """
    repeated: list[tuple[int, str]] = []
    for line in lines:
        name, colon, value = line.partition(":")
        place = _place[name]
        if place > 0 and colon:
            if values[place] is None:
                values[place] = value
            else:
                repeated.append((place, value))
        elif place == OTHER and colon:
            others.append(line)
        elif place < 0 or not colon:
            if line[:1] in _ODD_STARTS and not is_careful:
                return None
            # What a last line end leaves of a message without body is no header at all.
            if line:
                faults.append(Fault.BAD_HEADER)
    return repeated


def _take_values(message: SipMessage, values: list[str | None], faults: list[Fault]) -> None:
    """Take what is read of a message's headers."""
    (
        _, via, sender, receiver, call_id, cseq, contact, agent, server,
        kind, _, expires, forwards, date, retry,
    ) = values  # fmt: skip
    top = None if via is None else _top_via[via]
    origin = None if sender is None else _party[sender]
    target = None if receiver is None else _party[receiver]
    number = None if cseq is None else _cseq[cseq]
    message.call_id = "" if call_id is None else call_id.strip(BLANKS)
    if top is None or origin is None or target is None or number is None or not message.call_id:
        present = (message.call_id, number, origin, target, top)
        faults += [fault for fault, found in zip(REQUIRED, present, strict=True) if not found]
    if agent is not None or server is not None:
        message.user_agent = (agent or "").strip(BLANKS) or (server or "").strip(BLANKS)
    if number is not None:
        _take_cseq(message, number, faults)
    if origin is not None:
        message.from_user, message.from_domain, message.from_tag, message.from_display, sound = (
            origin
        )
        if not sound:
            faults.append(Fault.BAD_FROM)
    if target is not None:
        message.to_user, message.to_domain, message.to_tag, message.to_display, sound = target
        if not sound:
            faults.append(Fault.BAD_TO)
    if top is not None:
        message.via_transport, message.via_host, message.via_branch, message.via_count, found = top
        faults += found
    if kind is not None:
        message.content_type = _media_type[kind] or ""
    if forwards is not None and (fault := _max_forwards_fault[forwards]) is not None:
        faults.append(fault)
    if expires is not None or date is not None or retry is not None:
        take_optional(message, (expires, date, retry), faults)
    if contact is not None:
        take_contact(message, contact.strip(BLANKS), faults)


def _take_cseq(
    message: SipMessage, read: tuple[int | None, str, Fault | None], faults: list[Fault]
) -> None:
    message.cseq, method, fault = read
    message.cseq_method = method
    if fault:
        faults.append(fault)
    if method != message.method and method and message.method:
        faults.append(Fault.CSEQ_METHOD_MISMATCH)
