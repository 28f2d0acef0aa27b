"""What was seen of RTP, since the start: plain ints, because they are counted packet by packet."""

from collections.abc import Iterable
from dataclasses import dataclass, fields


@dataclass(slots=True)
class RtpCounts:
    """Counts of packets unless the name says otherwise; of streams that are RTP beyond doubt."""

    streams: int = 0  # a sender (SSRC) from one address and port to another
    packets: int = 0  # shown, each time
    missing: int = 0  # their neighbours were shown, they never were
    late: int = 0  # behind a packet with a higher number
    duplicate: int = 0  # shown before
    restarts: int = 0  # new numbers of a stream, which are no loss
    one_way: int = 0  # streams that have ended, and nothing came back
    untracked: int = 0  # of streams that the full table had no room for

    def add(self, other: "RtpCounts") -> None:
        """Add what another one counted."""
        for one in fields(other):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


def together(counts: Iterable[RtpCounts]) -> RtpCounts:
    """Return the sums."""
    found = RtpCounts()
    for one in counts:
        found.add(one)
    return found
