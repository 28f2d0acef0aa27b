"""Why a capture file cannot be read, or not all of it.

Two ranks. ``NotACaptureError`` is about the file: nothing in it can be used, the user named the
wrong one. A ``Gap`` is about a place in it: readers give it among the frames and go on, since a
capture is cut whenever its writer is killed, and what came before is as good as ever.
"""

from dataclasses import dataclass
from enum import StrEnum


class NotACaptureError(ValueError):
    """The file is not a capture; the text is one line for the user, without the file's name."""


class GapKind(StrEnum):
    """What is wrong where a capture stops making sense."""

    CUT = "cut"  # the file ends inside a record
    BAD_RECORD = "bad_record"  # a record whose lengths cannot be, or belong to no interface
    BAD_COMPRESSION = "bad_compression"  # the gzip stream is damaged
    NOT_YET = "not_yet"  # the file may grow: nothing is missing so far, to be asked again


@dataclass(frozen=True, slots=True)
class Gap:
    """A place where frames are missing; ``lost_bytes`` of the file belong to no frame."""

    kind: GapKind
    lost_bytes: int


NOT_YET = Gap(GapKind.NOT_YET, 0)
"""Given by sources that never wait, as often as they are asked before more is there."""
