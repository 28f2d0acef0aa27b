"""Causes of release: the Q.850 number of a Reason header (RFC 3326)."""

import re
from typing import Final

from hep.sip import SipMessage
from hepscope_common.metrics import OTHER

MAX_CAUSE: Final = 127

_Q850: Final = re.compile(r"Q\.?850[^,]*?;\s*cause\s*=\s*(\d{1,9})", re.IGNORECASE)


def cause_of(message: SipMessage) -> str | None:
    """Return the cause as text, ``other`` beyond 127, None where no Reason names Q.850."""
    for line in message.other_lines:
        if line[:6].lower() == "reason":
            found = _Q850.search(line)
            if found is not None:
                cause = int(found[1])
                return str(cause) if cause <= MAX_CAUSE else OTHER
    return None
