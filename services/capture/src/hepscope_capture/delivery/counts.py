"""What became of the packets of one destination; every one of them is in one of these numbers."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class DeliveryCounts:
    """Counts since the start; the last five say what is now.

    taken + recovered = delivered + the sum of dropped + kept
    """

    taken: int = 0  # given to this destination
    recovered: int = 0  # left on disk by an earlier process, what is damaged of it among them
    delivered: int = 0  # done with, by the best evidence that the server gives
    acknowledged: int = 0  # of the delivered: by a server that acknowledges, so they are safe
    sent: int = 0  # handed to the network, each counted once
    resent: int = 0  # handed to it once more, after a connection broke
    maybe_lost: int = 0  # of the delivered: unread by a server without acknowledgements, at most
    spooled: int = 0  # written to disk
    unnumbered: int = 0  # of the delivered: without room for a number, so never acknowledged
    connects: int = 0
    failovers: int = 0  # changes from one server of the group to another
    spool_errors: int = 0  # what the disk refused
    spool_damaged: int = 0  # places in files that could not be read back, a torn end among them
    dropped: dict[str, int] = field(default_factory=dict)  # by reason, see DROP_REASONS
    kept: int = 0  # in memory or on disk, not delivered yet
    kept_on_disk: int = 0
    unacknowledged: int = 0  # of the kept: handed to the present connection
    memory_bytes: int = 0
    spool_bytes: int = 0

    def add_diverted(self, others: "DeliveryCounts") -> None:
        """Correct what counts as delivered since it was given to another, by what that did."""
        for reason, count in others.dropped.items():
            self.dropped[reason] = self.dropped.get(reason, 0) + count
        self.delivered -= others.kept + sum(others.dropped.values())
        self.memory_bytes += others.memory_bytes
        self.maybe_lost += others.maybe_lost
        self.resent += others.resent


DROP_REASONS = ("memory_full", "spool_full", "spool_damaged", "too_large", "oversize")
"""Why packets are not delivered: the bound of memory or disk was reached and they were the oldest
(of those on disk some may have been in flight, so that the server has them all the same);
their file was damaged; they do not fit a datagram and the group has no stream; they are no HEP3."""
