"""A frame: one record of a capture, before anything in it is understood.

``data`` starts at the link layer that ``link_type`` names (a LINKTYPE number of the tcpdump
registry). ``wire_length`` is what was on the wire: more than ``len(data)`` means that the
capture cut the frame. ``time_us`` 0 means that the capture does not say when.
"""

from dataclasses import dataclass

# Seconds are 32 bits unsigned in HEP; a time that does not fit there is no time.
TIME_LIMIT_US = 2**32 * 1_000_000

# tcpdump's own bound. A frame of the loopback with segmentation offload is 64 KiB and a head.
MAX_FRAME_BYTES = 262_144


@dataclass(slots=True)
class Frame:
    """Bytes of one frame, with the time (microseconds since the epoch) of their capture."""

    time_us: int
    link_type: int
    data: bytes
    wire_length: int


def plausible_time(time_us: int) -> int:
    """Return the time, or 0 when HEP could not carry it."""
    return time_us if 0 <= time_us < TIME_LIMIT_US else 0
