"""Message ids: class, time and sequence of a row, so that one is found without an index.

17 bytes (kind u8, time i64 in microseconds since 1970, sequence i64, big-endian) as base64url,
23 characters. The kind names the partition by list, time the one by range; inside, BRIN leaves
a few blocks. Opaque to clients.
"""

import base64
import struct
from dataclasses import dataclass
from enum import IntEnum

LAYOUT = struct.Struct(">Bqq")
MAX_CLASS = 15


class Root(IntEnum):
    """The table that a message is stored in."""

    SIP = 0
    PACKET = 1


@dataclass(frozen=True, slots=True)
class MessageId:
    """Where a message lies: table, class, time and sequence."""

    root: Root
    class_: int
    time_us: int
    sequence: int

    def __str__(self) -> str:
        raw = LAYOUT.pack(self.root << 4 | self.class_, self.time_us, self.sequence)
        return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def parse_message_id(text: str) -> MessageId:
    """Return what an id names; raises ValueError when it is none of ours."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        kind, time_us, sequence = LAYOUT.unpack(raw)
        found = MessageId(Root(kind >> 4), kind & MAX_CLASS, time_us, sequence)
    # binascii.Error is one; so is what text beyond ASCII or an unknown root gives.
    except (ValueError, struct.error) as error:
        raise ValueError("not a message id") from error
    if str(found) != text:
        raise ValueError("not a message id")
    return found
