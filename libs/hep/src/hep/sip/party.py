"""The two parties of a SIP message: what From and To say (RFC 3261 sections 20.20 and 20.39).

The usual forms are read here by find and slice, since the hot path meets two of them a message;
everything else goes through `address`, and must give the same result where both apply. From and To
hold one address, so a comma never separates (RFC 4475 section 3.1.2.15).
"""

from typing import NamedTuple

from hep.sip.address import split_address
from hep.sip.uri import user_and_host

_TAG = ";tag="


class Party(NamedTuple):
    """One side; is_sound tells whether the header was well formed and had a scheme."""

    user: str
    domain: str
    tag: str
    display: str
    is_sound: bool


def read_party(value: str) -> Party:
    """Return the parts of a From or To value without surrounding blanks; never raises."""
    left = value.find("<")
    right = value.find(">", left)
    if left < 0 or right < 0:
        return _read_unusual(value)
    display = value[:left].rstrip(" ")
    if display and not display.isalnum():
        inner = display[1:-1]
        if display[0] != '"' or display[-1] != '"' or '"' in inner or "\\" in inner:
            return _read_unusual(value)
        display = inner
    tail = value[right + 1 :]
    tag = tail[5:]
    if tail and (tail[:5] != _TAG or not tag or ";" in tag or " " in tag):
        return _read_unusual(value)
    uri = value[left + 1 : right]
    if " " in uri or "\t" in uri:
        return _read_unusual(value)
    user, domain, has_scheme = user_and_host(uri)
    return Party(user, domain, tag, display, has_scheme)


def _read_unusual(value: str) -> Party:
    address = split_address(value)
    user, domain, has_scheme = user_and_host(address.uri)
    tag = address.params.get("tag", "")
    return Party(user, domain, tag, address.display, address.is_sound and has_scheme)
