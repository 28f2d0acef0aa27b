"""What became of what came in: each unit ends as handed on or in exactly one count of the others.

Plain ints: one thread writes each object, others may read them at any time.
"""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class ServingCounts:
    """What the addresses we listen at saw."""

    accepted: int = 0  # connections
    closed: int = 0  # of those, by either side
    bytes: int = 0  # read
    kernel_drops: int = 0  # UDP datagrams that the kernel dropped since nobody read them in time
    refused: Counter[str] = field(default_factory=Counter)  # connections, by Refusal

    @property
    def connections(self) -> int:
        """Connections that are open now."""
        return self.accepted - self.closed


@dataclass(slots=True)
class RelayCounts:
    """HEP packets unless the name says otherwise."""

    received: int = 0
    passed: int = 0  # byte for byte
    changed: int = 0  # passed on with another payload, key or version
    other_kinds: int = 0  # of types that are not to be passed on
    ruled_out: int = 0  # refused by the rules, which count why
    greetings: int = 0  # pings and greetings of agents, which carry nothing
    repeated: int = 0  # sent again by an agent of ours though they were taken before
    acknowledged: int = 0  # that agents of ours were told to be safe
    repaired: int = 0  # of those changed: lengths were wrong, or HEP 1 or 2, or a gzipped frame
    skipped_bytes: int = 0  # between packets of a stream
    cut_at_close: int = 0  # packets whose end did not come before the connection closed
    refused: Counter[str] = field(default_factory=Counter)  # by hep.Reason; datagrams, streams


@dataclass(slots=True)
class LogCounts:
    """Log lines; of files, syslog and the wire together or apart, as their owner likes."""

    received: int = 0
    sent: int = 0  # handed on
    with_call_id: int = 0  # of those received
    without_call_id: int = 0  # of those received; sent or not, as the plan says
    cut: int = 0  # longer than the bound, so their end is missing
    empty: int = 0  # of those received: nothing but blanks
    not_syslog: int = 0  # datagrams off the wire that do not begin as syslog does
    slow_searches: int = 0  # of patterns of the user that took longer than they may
    rotations: int = 0  # files renamed or replaced
    truncations: int = 0  # files cut to nothing, as copytruncate does
    lost_rests: int = 0  # times that the unread rest of a file could not be found any more
    unreadable: int = 0  # times that a file was there and could not be read
