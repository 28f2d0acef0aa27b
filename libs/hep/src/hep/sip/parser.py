"""The tolerant parser: any bytes give a SipMessage, and its faults say what is wrong.

RFC 3261 sections 7 and 20. It is the hot path of writer and exporter, hence its shape: the head is
decoded once, lines are split once, one dict look-up takes a header's name as written, and the
usual form of a header is read by find and slice. Only what misses it pays for the readers of
`startline`, `address` and `via`.

The first of a repeated header counts, the start line is believed before CSeq, and a Content-Length
that cannot be true lets the body go to the end of the payload.
"""

import re

from hep.sip.address import split_address
from hep.sip.faults import Fault
from hep.sip.head import UNFOLD, head_bounds, head_start
from hep.sip.headers import SPELLINGS, header_row, split_list
from hep.sip.length import take_body
from hep.sip.media_type import media_type
from hep.sip.message import SipMessage
from hep.sip.numbers import (
    check_max_forwards,
    read_cseq,
    read_delta,
)
from hep.sip.party import read_party
from hep.sip.startline import KNOWN_METHODS, VERSION, read_start_line
from hep.sip.uri import user_and_host
from hep.sip.via import count_hops, top_hop

_NAME = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+")
_GMT_DATE = re.compile(r"\w{3}, ?\d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d GMT", re.ASCII)
_BROADCAST = "255.255.255.255"

# Places of the headers that the parser reads; 0 are the others of the table.
_DULL, _VIA, _FROM, _TO, _CALL_ID, _CSEQ, _CONTACT, _AGENT, _SERVER, _TYPE = range(10)
_LENGTH, _EXPIRES, _FORWARDS, _DATE, _RETRY = range(10, 15)
_PLACES = {
    "Via": _VIA,
    "From": _FROM,
    "To": _TO,
    "Call-ID": _CALL_ID,
    "CSeq": _CSEQ,
    "Contact": _CONTACT,
    "User-Agent": _AGENT,
    "Server": _SERVER,
    "Content-Type": _TYPE,
    "Content-Length": _LENGTH,
    "Expires": _EXPIRES,
    "Max-Forwards": _FORWARDS,
    "Date": _DATE,
    "Retry-After": _RETRY,
}
_PLACE_OF = {spelling: _PLACES.get(row.name, _DULL) for spelling, row in SPELLINGS.items()}
_REQUIRED = (
    (_CALL_ID, Fault.MISSING_CALL_ID),
    (_CSEQ, Fault.MISSING_CSEQ),
    (_FROM, Fault.MISSING_FROM),
    (_TO, Fault.MISSING_TO),
    (_VIA, Fault.MISSING_VIA),
)


def parse(payload: bytes) -> SipMessage:
    """Return what can be read of a SIP message; never raises, whatever the bytes.

    The time taken is linear in the length. Of several messages in one payload the first is read
    (fault trailing_data); `split` cuts them apart.
    """
    message = SipMessage()
    faults: list[Fault] = []
    start = head_start(payload)
    end, body_start = head_bounds(payload, start)
    text = payload[start:end].decode("utf-8", "replace")
    if not text.isascii() or "\0" in text or "%00" in text:
        text = _note_odd_text(payload[start:end], faults)
    if "\n " in text or "\n\t" in text:
        text = UNFOLD.sub(" ", text)
    if not text:
        message.faults = (Fault.EMPTY,)
        return message
    lines = text.split("\n")
    if _take_start_line(message, lines[0].rstrip("\r"), faults):
        del lines[0]
    message.header_lines = lines
    values, repeated = _sort_lines(lines, faults)
    _take_identity(message, values, faults)
    _take_rest(message, values, faults)
    if repeated:
        _note_repeated(message, values, repeated, faults)
    if body_start < 0:
        faults.append(Fault.CUT_HEAD)
    else:
        take_body(message, payload[body_start:], values[_LENGTH], faults)
    if faults:
        message.faults = tuple(dict.fromkeys(faults))
    return message


def _note_odd_text(head: bytes, faults: list[Fault]) -> str:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        faults.append(Fault.BAD_UTF8)
        text = head.decode("utf-8", "replace")
    if "%00" in text:
        faults.append(Fault.ESCAPED_NUL)
    if "\0" in text:
        faults.append(Fault.NUL_BYTE)
        text = text.replace("\0", "\ufffd")
    return text


def _take_start_line(message: SipMessage, line: str, faults: list[Fault]) -> bool:
    """Read the first line; False when it is a header, which then belongs to the header lines."""
    method, _, rest = line.partition(" ")
    if method in KNOWN_METHODS and rest.endswith(" SIP/2.0"):
        uri = rest[:-8]
        if " " not in uri and "<" not in uri and "?" not in uri and "\t" not in uri and uri:
            message.method = method
            message.version = VERSION
            message.request_uri = uri
            message.ruri_user, message.ruri_domain, _ = user_and_host(uri)
            return True
    elif method == VERSION and rest[3:4] == " " and rest[:3].isdigit() and rest.isascii():
        status = int(rest[:3])
        reason = rest[4:]
        if 100 <= status <= 699 and reason.strip() == reason:
            message.status = status
            message.version = VERSION
            message.reason = reason
            return True
    return _take_unusual_start(message, line, faults)


def _take_unusual_start(message: SipMessage, line: str, faults: list[Fault]) -> bool:
    name, colon, _ = line.partition(":")
    name = name.rstrip(" \t")
    # Before the start line is tried: `Call-ID : x SIP/2.0` would pass for a request line.
    if colon and header_row(name) is not None:
        faults.append(Fault.MISSING_START_LINE)
        return False
    start = read_start_line(line, faults)
    if start is None:
        is_header = colon != "" and _NAME.fullmatch(name) is not None
        faults.append(Fault.MISSING_START_LINE if is_header else Fault.BAD_START_LINE)
        return not is_header
    message.method, message.request_uri, message.status, message.reason, message.version = start
    if start.request_uri:
        message.ruri_user, message.ruri_domain, _ = user_and_host(start.request_uri)
    return True


def _sort_lines(
    lines: list[str], faults: list[Fault]
) -> tuple[list[str | None], list[tuple[int, str]]]:
    """Return the first value of each place, and (place, value) of all that came again."""
    values: list[str | None] = [None] * 15
    repeated: list[tuple[int, str]] = []
    place_of = _PLACE_OF.get
    for line in lines:
        colon = line.find(":")
        place = place_of(line[:colon]) if colon > 0 else None
        if place is None:
            place = _unusual_place(line, colon, faults)
        if place:
            value = line[colon + 1 :].strip(" \t\r")
            if values[place] is None:
                values[place] = value
            else:
                repeated.append((place, value))
    return values, repeated


def _unusual_place(line: str, colon: int, faults: list[Fault]) -> int:
    if colon < 0 and not line:
        # What a last line end leaves of a message without body.
        return _DULL
    name = line[: max(colon, 0)].rstrip(" \t")
    row = header_row(name)
    if row is not None:
        return _PLACES.get(row.name, _DULL)
    if _NAME.fullmatch(name) is None:
        faults.append(Fault.BAD_HEADER)
    return _DULL


def _take_identity(message: SipMessage, values: list[str | None], faults: list[Fault]) -> None:
    """Take what pairs a message with others: Call-ID, CSeq, the parties, the top Via."""
    call_id, cseq, via = values[_CALL_ID], values[_CSEQ], values[_VIA]
    sender, receiver = values[_FROM], values[_TO]
    if not (call_id and cseq and via and sender and receiver):
        faults.extend(fault for place, fault in _REQUIRED if not values[place])
    message.call_id = call_id or ""
    if cseq:
        number, _, method = cseq.partition(" ")
        if method.isalpha() and number.isdigit() and number.isascii() and len(number) < 10:
            message.cseq, message.cseq_method = int(number), method
        else:
            message.cseq, message.cseq_method = read_cseq(cseq, faults)
        if message.method and message.cseq_method and message.cseq_method != message.method:
            faults.append(Fault.CSEQ_METHOD_MISMATCH)
    if sender:
        message.from_user, message.from_domain, message.from_tag, message.from_display, is_sound = (
            read_party(sender)
        )
        if not is_sound:
            faults.append(Fault.BAD_FROM)
    if receiver:
        message.to_user, message.to_domain, message.to_tag, message.to_display, is_sound = (
            read_party(receiver)
        )
        if not is_sound:
            faults.append(Fault.BAD_TO)
    if via:
        _take_via(message, via, faults)


def _take_via(message: SipMessage, via: str, faults: list[Fault]) -> None:
    transport, host, branch, is_sound = top_hop(via)
    message.via_transport = transport
    message.via_host = host
    message.via_branch = branch
    message.via_count = count_hops(via) if "," in via else 1
    if not is_sound:
        faults.append(Fault.BAD_VIA)
    if _BROADCAST in via:
        faults.append(Fault.BROADCAST_VIA)


def _take_rest(message: SipMessage, values: list[str | None], faults: list[Fault]) -> None:
    """Take the headers that a message may lack."""
    message.user_agent = values[_AGENT] or values[_SERVER] or ""
    kind = values[_TYPE]
    if kind:
        message.content_type = media_type(kind)
    forwards = values[_FORWARDS]
    if forwards is not None and not (forwards.isdigit() and len(forwards) < 3):
        check_max_forwards(forwards, faults)
    expires = values[_EXPIRES]
    if expires is not None:
        message.expires = read_delta(expires, faults)
    contact = values[_CONTACT]
    if contact:
        message.contact = contact
        if contact[0] != "<" or contact[-1] != ">" or "," in contact:
            _take_contact(message, contact, faults)
    date = values[_DATE]
    if date is not None and _GMT_DATE.fullmatch(date) is None:
        faults.append(Fault.BAD_DATE)
    retry = values[_RETRY]
    if retry is not None:
        read_delta(retry, faults)


def _take_contact(message: SipMessage, contact: str, faults: list[Fault]) -> None:
    """Look for the expiry of the first binding, which in a REGISTER goes before the header's."""
    bindings = split_list(contact)
    if not bindings:
        faults.append(Fault.BAD_CONTACT)
        return
    first = split_address(bindings[0])
    if not first.is_sound:
        faults.append(Fault.BAD_CONTACT)
    expires = first.params.get("expires")
    if expires is not None and (message.expires is None or message.cseq_method == "REGISTER"):
        seconds = read_delta(expires, faults)
        message.expires = message.expires if seconds is None else seconds


def _note_repeated(
    message: SipMessage,
    values: list[str | None],
    repeated: list[tuple[int, str]],
    faults: list[Fault],
) -> None:
    for place, value in repeated:
        if place == _VIA:
            message.via_count += count_hops(value)
            if _BROADCAST in value:
                faults.append(Fault.BROADCAST_VIA)
        elif place == _LENGTH and value != values[_LENGTH]:
            faults.append(Fault.CONFLICTING_CONTENT_LENGTH)
        elif place != _CONTACT:
            faults.append(Fault.REPEATED_HEADER)
