"""Where a SIP message's body ends (RFC 3261 sections 18.3 and 20.14).

In a datagram Content-Length may be absent: the body goes to the end. Bytes behind the length that
it says are no part of the message; agents that read TCP put several messages into one payload.
"""

import re

from hep.sip.faults import Fault
from hep.sip.head import head_bounds, head_start, looks_like_sip
from hep.sip.memory import Memory
from hep.sip.message import SipMessage
from hep.sip.numbers import LENGTH_LIMIT, read_number
from hep.sip.places import BLANKS

_LENGTH_LINE = re.compile(
    rb"\n(?:content-length|l)(?:\r?\n[ \t]|[ \t])*:"
    rb"(?:\r?\n[ \t]|[ \t])*(\d{1,10})[ \t\r]*(?:\n|\Z)",
    re.IGNORECASE,
)

_said = Memory(lambda length: read_number(length.strip(BLANKS), LENGTH_LIMIT))

# More than a payload of 64 KiB holds in earnest; each cut copies the rest.
MAX_MESSAGES = 256


def take_body(message: SipMessage, rest: bytes, length: str | None, faults: list[Fault]) -> None:
    """Set body and content_length of a message from the bytes behind its header section."""
    message.body = rest
    if length is None:
        return
    said = _said[length]
    message.content_length = said
    if said is None:
        faults.append(Fault.BAD_CONTENT_LENGTH)
    elif said == len(rest) or Fault.CONFLICTING_CONTENT_LENGTH in faults:
        return
    elif said > len(rest):
        faults.append(Fault.CUT_BODY)
    else:
        faults.append(Fault.TRAILING_DATA)
        message.body = rest[:said]


def split(payload: bytes) -> list[bytes]:
    """Return the SIP messages of one payload, cut by Content-Length; joined they are the payload.

    A message without readable length takes all the rest. Bytes that do not begin another message
    stay with the one before, and so does what follows MAX_MESSAGES: nothing is lost or invented.
    """
    messages: list[bytes] = []
    rest = payload
    while rest and len(messages) < MAX_MESSAGES - 1:
        # Beyond the empty line, hence never 0.
        end = _message_end(rest)
        if not looks_like_sip(rest[end:]):
            break
        messages.append(rest[:end])
        rest = rest[end:]
    if rest:
        messages.append(rest)
    return messages


def _message_end(payload: bytes) -> int:
    start = head_start(payload)
    end, body = head_bounds(payload, start)
    found = _LENGTH_LINE.search(payload, start, end) if body >= 0 else None
    if found is None:
        return len(payload)
    return min(body + int(found[1]), len(payload))
