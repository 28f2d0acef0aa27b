"""What reads the ordered bytes of one direction."""

from collections.abc import Sequence
from typing import Protocol

from hepscope_capture.decode.datagrams import Datagram


class Reader(Protocol):
    """The bytes of one direction in order, in pieces of any size; messages out."""

    held: int  # bytes that wait for others
    successor: "Reader | None"  # who reads on, once this one knows better
    is_foreign: bool  # the stream is not SIP: nobody need order its segments

    def read(self, data: bytes, segment: Datagram) -> Sequence[Datagram]:
        """Return the messages that these bytes complete; the segment tells time and place."""
        ...

    def miss(self, count: int) -> None:
        """Take note that this many bytes before the next ones are lost; -1 = nobody knows."""
        ...

    def cut(self, segment: Datagram) -> Sequence[Datagram]:
        """Take note that the capture lacks the end of the segment just read."""
        ...

    def give_up(self) -> None:
        """Drop what waits and count it: nothing more comes."""
        ...


def message(segment: Datagram, payload: bytes, time_us: int, *, is_cut: bool = False) -> Datagram:
    """Return a message that was found in this segment and those before it."""
    return Datagram(
        time_us, segment.protocol, segment.source, segment.source_port, segment.destination,
        segment.destination_port, payload, segment.vlan, is_cut, segment.tos, segment.macs,
        segment.sequence, segment.flags,
    )  # fmt: skip
