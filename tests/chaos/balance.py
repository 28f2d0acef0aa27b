"""The balance of plain lanes: sent = accepted + refused + dropped, in spans of one ingest's life.

A span begins and ends at a reading taken while the lane is held and nothing is under way; it
covers no kill or stop of ingest and, for TCP, no cut of its connection (what lies in a broken
connection is nobody's). Sent is what the kernel took from the sender; accepted and refused are
ingest's counters of the lane's address; dropped is what the kernel counts at ingest's socket.
"""

from dataclasses import dataclass, field
from pathlib import Path

from chaos.numbers import LaneName
from support.service import Metrics

_UDP_TABLES = (Path("/proc/net/udp"), Path("/proc/net/udp6"))


@dataclass(frozen=True, slots=True)
class Counts:
    """What ingest and the kernel say about the packets of a lane, since ``life`` began."""

    life: int
    accepted: int
    refused: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Reading:
    """All counts of a lane at a moment, since the start of ``life`` of ingest."""

    life: int
    sent: int
    accepted: int
    refused: int
    dropped: int

    def settled_since(self, begin: "Reading") -> bool:
        """Whether nothing that was sent since ``begin`` is still under way or missing."""
        return self.life == begin.life and self.missing_since(begin) == 0

    def missing_since(self, begin: "Reading") -> int:
        """Packets sent since ``begin`` that nobody accounts for; negative when too many came."""
        return (
            self.sent
            - begin.sent
            - (self.accepted - begin.accepted)
            - (self.refused - begin.refused)
            - (self.dropped - begin.dropped)
        )


@dataclass(frozen=True, slots=True)
class Span:
    """Two readings of a lane and what lies between."""

    lane: LaneName
    begin: Reading
    end: Reading

    @property
    def sent(self) -> int:
        """Packets that it tells about."""
        return self.end.sent - self.begin.sent

    @property
    def is_void(self) -> bool:
        """Whether ingest ended by itself in between, so that nothing can be said."""
        return self.begin.life != self.end.life

    @property
    def holds(self) -> bool:
        """Whether everything sent is accounted for."""
        return self.is_void or self.end.settled_since(self.begin)

    def __str__(self) -> str:
        begin, end = self.begin, self.end
        text = (
            f"{self.lane}: sent {end.sent - begin.sent} = accepted {end.accepted - begin.accepted}"
            f" + refused {end.refused - begin.refused} + dropped {end.dropped - begin.dropped}"
        )
        if self.is_void:
            return f"{self.lane}: void, ingest ended by itself"
        return text if self.holds else f"{text}: {end.missing_since(begin):+d} MISSING"


@dataclass(slots=True)
class Balance:
    """The spans of one lane; at most one is open."""

    lane: LaneName
    spans: list[Span] = field(default_factory=list)
    opened: Reading | None = None

    def open(self, reading: Reading) -> None:
        """Begin a span."""
        self.opened = reading

    def close(self, reading: Reading) -> None:
        """End the open span, if any."""
        if self.opened is not None:
            self.spans.append(Span(self.lane, self.opened, reading))
            self.opened = None


def read_counters(metrics: Metrics, address: str) -> tuple[int, int]:
    """Return what ingest has accepted and refused from an address."""
    accepted = metrics.value("hepscope_ingest_peer_accepted_packets", peer=address)
    refused = metrics.value("hepscope_ingest_peer_refused_packets", peer=address)
    return int(accepted), int(refused)


def kernel_drops(port: int, *, tables: tuple[Path, ...] = _UDP_TABLES) -> int:
    """Return the datagrams that the kernel dropped at the sockets bound to a local port."""
    return sum(drops_in(table.read_text(), port) for table in tables if table.exists())


def drops_in(table: str, port: int) -> int:
    """Return the drops of a port in the text of /proc/net/udp."""
    dropped = 0
    for row in table.splitlines()[1:]:
        columns = row.split()
        if len(columns) > 12 and int(columns[1].rpartition(":")[2], 16) == port:
            dropped += int(columns[12])
    return dropped
