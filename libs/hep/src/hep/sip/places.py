"""The headers that the parser reads, each with its place in the row of values of one message.

Places are plain integers in the order in which the parser unpacks the row: an enum's members are
fetched and compared more slowly, and this is done for every header of every message.
"""

from hep.sip.faults import Fault
from hep.sip.headers import SPELLINGS, header_row

# A known header that the parser does not read.
DULL = 0

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
PLACE_OF = {spelling: _PLACES.get(row.name, DULL) for spelling, row in SPELLINGS.items()}
"""Place by a header's name in its usual spellings."""

VIA = _PLACES["Via"]
CONTACT = _PLACES["Contact"]
CONTENT_LENGTH = _PLACES["Content-Length"]

REQUIRED = (
    (_PLACES["Call-ID"], Fault.MISSING_CALL_ID),
    (_PLACES["CSeq"], Fault.MISSING_CSEQ),
    (_PLACES["From"], Fault.MISSING_FROM),
    (_PLACES["To"], Fault.MISSING_TO),
    (VIA, Fault.MISSING_VIA),
)


def place_of_name(name: str) -> int | None:
    """Return the place of a header's name in any case; None when the table does not know it."""
    row = header_row(name)
    return None if row is None else _PLACES.get(row.name, DULL)
