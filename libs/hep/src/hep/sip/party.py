"""The two parties of a SIP message: what From and To say (RFC 3261 sections 20.20 and 20.39).

The usual form is one pattern, since the hot path meets two of them a message; everything else goes
through `address` and `uri`, which must give the same result where both apply. From and To hold one
address, so a comma never separates (RFC 4475 section 3.1.2.15).
"""

import re

from hep.sip.address import split_address
from hep.sip.places import BLANKS
from hep.sip.uri import user_and_host

# "Display" <sip:user:password@host:port;parameters>;tag=x, and the blanks that stand around it on
# its line. Every repetition excludes the sign that ends it, so that a mismatch costs time linear
# in the length.
_USUAL = re.compile(
    r' ?(?:"([^"\\]*)" ?|([\w ]*))'
    r"<sip:(?:([^@:<> \t]*)(?::[^@<> \t]*)?@)?"
    r"([^@:;?<>\[ \t]+)(?::\d+)?(?:[;?][^@<> \t]*)?>"
    r"(?:;tag=([^; \t,\r]+))?\r?"
)


def read_party(value: str) -> tuple[str, str, str, str, bool] | None:
    """Return (user, domain, tag, display, is_sound) of a From or To value; None of a blank one.

    is_sound tells whether the header was well formed and had a scheme. Never raises.
    """
    usual = _USUAL.fullmatch(value)
    if usual is None:
        value = value.strip(BLANKS)
        return read_unusual_party(value) if value else None
    quoted, words, user, domain, tag = usual.groups()
    display = quoted if words is None else words.strip(" ")
    return user or "", domain, tag or "", display, True


def read_unusual_party(value: str) -> tuple[str, str, str, str, bool]:
    """Return what read_party does, of a value in any form without outer blanks."""
    address = split_address(value)
    user, domain, has_scheme = user_and_host(address.uri)
    tag = address.params.get("tag", "")
    return user, domain, tag, address.display, address.is_sound and has_scheme
