"""Packets that travel together through memory, spool and network: neighbours by their numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from hep.chunks import MAX_PACKET_BYTES
from hepscope_capture.senders.numbering import NUMBER_BYTES, compress

BATCH_PACKETS = 256
BATCH_BYTES = 128 * 1024
"""A batch is closed at these; one packet may pass the second."""

LONGEST_NUMBERED = MAX_PACKET_BYTES - NUMBER_BYTES


class Place(NamedTuple):
    """Where a batch lies on disk; places of later batches are greater."""

    segment: int
    offset: int
    end: int


@dataclass(slots=True, eq=False)
class Batch:
    """Packets of one origin with rising numbers, one each from ``first_seq``."""

    origin: bytes
    first_seq: int
    packets: list[bytes]
    size: int  # bytes of the packets
    since: float  # when the first of them came, seconds of the monotonic clock
    place: Place | None = None  # on disk; None = in memory only
    skip: int = 0  # so many of the first have arrived already and need not be sent again
    stream_end: int = 0  # offset behind it in the present connection's stream
    times_out: float = 0.0  # over UDP: when no refusal can come any more
    too_large: list[bytes] = field(default_factory=list)  # for a datagram

    def __len__(self) -> int:
        return len(self.packets)

    @property
    def last_seq(self) -> int:
        """The number of the last packet."""
        return self.first_seq + len(self.packets) - 1

    @property
    def is_unnumbered(self) -> bool:
        """Whether it is one packet without room for its number: nobody acknowledges it."""
        return len(self.packets) == 1 and self.size > LONGEST_NUMBERED


def cut(packets: Sequence[bytes], origin: bytes, first_seq: int, since: float) -> list[Batch]:
    """Return packets in batches, numbered from ``first_seq``.

    One that is too long for a number is compressed, or has a batch of its own.
    """
    if max(map(len, packets)) > LONGEST_NUMBERED:
        pieces = _around_long(packets)
    else:
        pieces = [packets[at : at + BATCH_PACKETS] for at in range(0, len(packets), BATCH_PACKETS)]
    batches = []
    while pieces:
        piece = pieces.pop(0)
        size = sum(map(len, piece))
        if size > BATCH_BYTES and len(piece) > 1:
            middle = len(piece) // 2
            pieces[:0] = [piece[:middle], piece[middle:]]
            continue
        batches.append(Batch(origin, first_seq, list(piece), size, since))
        first_seq += len(piece)
    return batches


def _around_long(packets: Sequence[bytes]) -> list[Sequence[bytes]]:
    """Return the packets in pieces, those without room for a number alone."""
    pieces: list[Sequence[bytes]] = []
    some: list[bytes] = []
    for given in packets:
        packet = given if len(given) <= LONGEST_NUMBERED else compress(given)
        is_alone = len(packet) > LONGEST_NUMBERED
        if some and (is_alone or len(some) == BATCH_PACKETS):
            pieces.append(some)
            some = []
        if is_alone:
            pieces.append([packet])
        else:
            some.append(packet)
    return [*pieces, some] if some else pieces
