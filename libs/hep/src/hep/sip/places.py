"""The headers that the parser reads, each with its place in the row of values of one message.

Places are plain integers in the order in which the parser unpacks the row: an enum's members are
fetched and compared more slowly, and this is done for every header of every message.
"""

import re

from hep.sip.faults import Fault
from hep.sip.headers import ROUTINE, SPELLINGS, header_row

# What may stand around a value; a line's CR is still there.
BLANKS = " \t\r"

# A header that the parser does not read and nobody looks for: ROUTINE.
DULL = 0
# What stands before the colon is no header's name.
BAD_NAME = -1
# A header that the parser does not read, but that tells something of its message.
OTHER = -2

READ_HEADERS = (
    "",
    "Via",
    "From",
    "To",
    "Call-ID",
    "CSeq",
    "Contact",
    "User-Agent",
    "Server",
    "Content-Type",
    "Content-Length",
    "Expires",
    "Max-Forwards",
    "Date",
    "Retry-After",
)
PLACE_COUNT = len(READ_HEADERS)

_PLACES = {name: place for place, name in enumerate(READ_HEADERS) if name}


def _place_of(name: str) -> int:
    return _PLACES.get(name, DULL if name in ROUTINE else OTHER)


PLACE_OF = {spelling: _place_of(row.name) for spelling, row in SPELLINGS.items()}
"""Place by a header's name in its usual spellings."""

TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+")

VIA = _PLACES["Via"]
CONTACT = _PLACES["Contact"]
CONTENT_LENGTH = _PLACES["Content-Length"]

REQUIRED = (
    Fault.MISSING_CALL_ID,
    Fault.MISSING_CSEQ,
    Fault.MISSING_FROM,
    Fault.MISSING_TO,
    Fault.MISSING_VIA,
)
"""Faults of headers that every message has, in the order in which the parser looks for them."""


def place_of_name(name: str) -> int:
    """Return the place of a header's name in any case, with blanks before its colon."""
    name = name.rstrip(" \t")
    row = header_row(name)
    if row is not None:
        return _place_of(row.name)
    return OTHER if TOKEN.fullmatch(name) else BAD_NAME
