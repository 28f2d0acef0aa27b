"""Headers that a SIP message may lack: Expires, Contact, Max-Forwards, Date, Retry-After.

And what it means when a header comes again. RFC 3261 sections 20.10, 20.17, 20.19, 20.22, 20.33.
"""

import re
from collections.abc import Sequence

from hep.sip.address import split_address
from hep.sip.faults import Fault
from hep.sip.headers import split_list
from hep.sip.message import SipMessage
from hep.sip.numbers import read_delta
from hep.sip.places import BLANKS, CONTACT, CONTENT_LENGTH, VIA
from hep.sip.via import count_hops, names_broadcast

_GMT_DATE = re.compile(r"\w{3}, ?\d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d GMT", re.ASCII)


def take_optional(message: SipMessage, rare: Sequence[str | None], faults: list[Fault]) -> None:
    """Take expires and check the rest of rare: Expires, Date, Retry-After."""
    expires, date, retry = (None if value is None else value.strip(BLANKS) for value in rare)
    if expires is not None:
        message.expires = read_delta(expires, faults)
    if date is not None and _GMT_DATE.fullmatch(date) is None:
        faults.append(Fault.BAD_DATE)
    if retry is not None:
        read_delta(retry, faults)


def take_contact(message: SipMessage, contact: str, faults: list[Fault]) -> None:
    """Take contact and the expiry of its first binding.

    In a REGISTER that expiry goes before the one of the Expires header (section 10.2.1.1).
    """
    message.contact = contact
    if not contact or (contact[0] == "<" and contact[-1] == ">" and "," not in contact):
        return
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


def note_repeated(
    message: SipMessage,
    repeated: list[tuple[int, str]],
    length: str | None,
    faults: list[Fault],
) -> None:
    """Count the hops of further Vias and note every header that may come once but came again."""
    for place, value in repeated:
        if place == VIA:
            message.via_count += count_hops(value)
            if names_broadcast(value):
                faults.append(Fault.BROADCAST_VIA)
        elif place == CONTENT_LENGTH and value.strip(BLANKS) != (length or "").strip(BLANKS):
            faults.append(Fault.CONFLICTING_CONTENT_LENGTH)
        elif place != CONTACT:
            faults.append(Fault.REPEATED_HEADER)
