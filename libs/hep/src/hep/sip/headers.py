"""SIP header names: canonical spelling, compact form, and how a value may repeat.

RFC 3261 section 7.3 and the IANA registry of SIP header fields. The table decides what the parser
calls a header, where a comma separates values, and which headers may occur once only.

A header that is not listed as LIST is never split at commas: the challenges and credentials of
authentication, dates and free text hold commas of their own.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple


class Shape(StrEnum):
    """How often a header occurs, and whether a comma separates its values."""

    SINGLE = "single"
    """Once; a comma is part of the value."""
    LIST = "list"
    """Any number of values, joined by commas or in headers of their own (section 7.3.1)."""
    REPEAT = "repeat"
    """Any number of headers, each holding one value with commas of its own."""


class Header(NamedTuple):
    """A row of HEADERS."""

    name: str
    compact: str = ""
    shape: Shape = Shape.SINGLE


_LIST = Shape.LIST
_REPEAT = Shape.REPEAT

HEADERS = (
    Header("Accept", shape=_LIST),
    Header("Accept-Contact", "a", _LIST),
    Header("Accept-Encoding", shape=_LIST),
    Header("Accept-Language", shape=_LIST),
    Header("Accept-Resource-Priority", shape=_LIST),
    Header("Alert-Info", shape=_LIST),
    Header("Allow", shape=_LIST),
    Header("Allow-Events", "u", _LIST),
    Header("Authentication-Info", shape=_REPEAT),
    Header("Authorization", shape=_REPEAT),
    Header("Call-ID", "i"),
    Header("Call-Info", shape=_LIST),
    Header("Contact", "m", _LIST),
    Header("Content-Disposition"),
    Header("Content-Encoding", "e", _LIST),
    Header("Content-ID"),
    Header("Content-Language", shape=_LIST),
    Header("Content-Length", "l"),
    Header("Content-Transfer-Encoding"),
    Header("Content-Type", "c"),
    Header("CSeq"),
    Header("Date"),
    Header("Diversion", shape=_LIST),
    Header("Error-Info", shape=_LIST),
    Header("Event", "o"),
    Header("Expires"),
    Header("Feature-Caps", shape=_LIST),
    Header("Flow-Timer"),
    Header("From", "f"),
    Header("Geolocation", shape=_LIST),
    Header("History-Info", shape=_LIST),
    Header("Identity", "y", _LIST),
    Header("Identity-Info", "n"),
    Header("In-Reply-To", shape=_LIST),
    Header("Info-Package"),
    Header("Join"),
    Header("Max-Breadth"),
    Header("Max-Forwards"),
    Header("MIME-Version"),
    Header("Min-Expires"),
    Header("Min-SE"),
    Header("Organization"),
    Header("P-Access-Network-Info", shape=_REPEAT),
    Header("P-Asserted-Identity", shape=_LIST),
    Header("P-Associated-URI", shape=_LIST),
    Header("P-Called-Party-ID"),
    Header("P-Charging-Function-Addresses", shape=_REPEAT),
    Header("P-Charging-Vector"),
    Header("P-Early-Media", shape=_LIST),
    Header("P-Preferred-Identity", shape=_LIST),
    Header("P-RTP-Stat"),
    Header("P-Visited-Network-ID", shape=_LIST),
    Header("Path", shape=_LIST),
    Header("Priority"),
    Header("Privacy"),
    Header("Proxy-Authenticate", shape=_REPEAT),
    Header("Proxy-Authorization", shape=_REPEAT),
    Header("Proxy-Require", shape=_LIST),
    Header("RAck"),
    Header("Reason", shape=_LIST),
    Header("Record-Route", shape=_LIST),
    Header("Recv-Info", shape=_LIST),
    Header("Refer-Sub"),
    Header("Refer-To", "r"),
    Header("Referred-By", "b"),
    Header("Reject-Contact", "j", _LIST),
    Header("Remote-Party-ID", shape=_LIST),
    Header("Replaces"),
    Header("Reply-To"),
    Header("Request-Disposition", "d", _LIST),
    Header("Require", shape=_LIST),
    Header("Resource-Priority", shape=_LIST),
    Header("Retry-After"),
    Header("Route", shape=_LIST),
    Header("RSeq"),
    Header("RTP-RxStat"),
    Header("RTP-TxStat"),
    Header("Server"),
    Header("Service-Route", shape=_LIST),
    Header("Session-Expires", "x"),
    Header("Session-ID"),
    Header("SIP-ETag"),
    Header("SIP-If-Match"),
    Header("Subject", "s"),
    Header("Subscription-State"),
    Header("Supported", "k", _LIST),
    Header("Target-Dialog"),
    Header("Timestamp"),
    Header("To", "t"),
    Header("Unsupported", shape=_LIST),
    Header("User-Agent"),
    Header("User-to-User", shape=_LIST),
    Header("Via", "v", _LIST),
    Header("Warning", shape=_LIST),
    Header("WWW-Authenticate", shape=_REPEAT),
    Header("X-CID"),
    Header("X-RTP-Stat"),
)


def _spellings(row: Header) -> Iterator[str]:
    yield from (row.name, row.name.lower(), row.name.upper(), row.name.title())
    if row.compact:
        yield from (row.compact, row.compact.upper())


# Every usual spelling, so that the hot path finds a name as written, without lower().
SPELLINGS = {spelling: row for row in HEADERS for spelling in _spellings(row)}

ROUTINE = frozenset(
    {
        "Accept",
        "Accept-Encoding",
        "Accept-Language",
        "Allow",
        "Allow-Events",
        "Authentication-Info",
        "Authorization",
        "Call-ID",
        "Contact",
        "Content-Disposition",
        "Content-Length",
        "Content-Type",
        "CSeq",
        "Date",
        "Expires",
        "From",
        "Max-Forwards",
        "MIME-Version",
        "Min-SE",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "Record-Route",
        "Require",
        "Route",
        "Server",
        "Session-Expires",
        "Supported",
        "Timestamp",
        "To",
        "User-Agent",
        "Via",
        "WWW-Authenticate",
    }
)
"""Headers that nearly every message has, that have fields of their own, or that are secrets; any
other one tells something of its message."""

_OPENERS = {"<": ">", "(": ")"}


def header_row(name: str) -> Header | None:
    """Return the table's row for a name in any case or in compact form, None when unknown."""
    # Only ASCII letters have case in a name: a Kelvin sign must not become a compact `k`.
    return SPELLINGS.get(name) or (SPELLINGS.get(name.lower()) if name.isascii() else None)


def canonical_name(name: str) -> str:
    """Return the registered spelling of a header's name, or the name as it is when unknown."""
    row = header_row(name)
    return name if row is None else row.name


def split_list(value: str, separator: str = ",") -> list[str]:
    """Return the values of a list header, stripped, empty ones left out.

    A separator inside quotes, `<>` or parentheses is part of a value. A sign that is never
    closed hides the separators after it, which then stay in the last value.
    """
    if separator not in value:
        stripped = value.strip(" \t\r\n")
        return [stripped] if stripped else []
    if not any(sign in value for sign in '"<('):
        return [
            stripped for piece in value.split(separator) if (stripped := piece.strip(" \t\r\n"))
        ]
    pieces: list[str] = []
    start = at = 0
    while at < len(value):
        sign = value[at]
        if sign == separator:
            pieces.append(value[start:at])
            start = at + 1
        elif sign == '"':
            at = quoted_end(value, at)
            continue
        elif sign in _OPENERS:
            close = value.find(_OPENERS[sign], at)
            at = len(value) if close < 0 else close
        at += 1
    pieces.append(value[start:])
    return [piece.strip(" \t\r\n") for piece in pieces if piece.strip(" \t\r\n")]


def quoted_end(value: str, start: int) -> int:
    """Return the offset behind the quoted string that opens at start; the end when it never closes.

    A backslash takes the sign after it along (RFC 3261 section 25.1, quoted-pair).
    """
    at = start + 1
    while True:
        quote = value.find('"', at)
        if quote < 0:
            return len(value)
        escape = value.find("\\", at, quote)
        if escape < 0:
            return quote + 1
        at = escape + 2
