"""What became of a replay's packets at one destination, in lines for the user."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from hepscope_capture.counted import counted
from hepscope_capture.delivery.counts import DeliveryCounts
from hepscope_capture.senders.target import Scheme

Rows: TypeAlias = tuple[tuple[int, str, str], ...]
"""Counts, each with the words for one and for many."""

_DROPPED = {
    "memory_full": "that had to make room for newer ones",
    "spool_full": "that had to make room on disk for newer ones",
    "spool_damaged": "in a damaged file on disk",
    "too_large": "too large for a UDP datagram; tcp:// has room",
    "oversize": "that are no HEP",
}


@dataclass(frozen=True, slots=True)
class Delivered:
    """A destination at the end."""

    name: str
    counts: DeliveryCounts
    is_acknowledging: bool | None = None  # None = nobody was asked
    trouble: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether everything is there, and safe where that can be told."""
        counts = self.counts
        return not (
            counts.kept or counts.maybe_lost or counts.unnumbered or any(counts.dropped.values())
        )

    def rows(self, noun: str, seconds: float) -> list[tuple[str, str]]:
        """Return lines, each with its label; the packets are called by a noun."""
        counts = self.counts
        rate = counts.sent / seconds if seconds > 0 else 0.0
        packets = counted(counts.sent, noun)
        found = [("sent", f"{packets} to {self.name} in {seconds:.1f} s ({rate:,.0f}/s)")]
        if self.is_acknowledging is False:
            found.append(("", "the server gives no acknowledgements"))
        elif self.is_acknowledging:
            safe = counted(counts.acknowledged, "message")
            found.append(("", f"{safe} acknowledged: safe, or refused and counted by the server"))
        found += labelled("", self._oddly())
        found += labelled("not safe", self._not_safe())
        return [*found, *labelled("not sent", self._not_sent())]

    def _oddly(self) -> Rows:
        counts = self.counts
        reconnects = max(counts.connects - counts.failovers - 1, 0)
        is_udp = self.name.startswith(f"{Scheme.UDP}:")
        broken = "datagrams were refused" if is_udp else "the connection was lost and restored"
        known = ", which the server knows by its number" if self.is_acknowledging else ""
        return (
            row(reconnects, "time", broken),
            row(counts.failovers, "time", "another server of the group was used"),
            row(counts.resent, "message", f"sent again{known}"),
        )

    def _not_safe(self) -> Rows:
        counts = self.counts
        return (
            row(counts.unacknowledged, "message", "sent and not acknowledged"),
            row(counts.unnumbered, "message", "too large for a number, so never acknowledged"),
        )

    def _not_sent(self) -> Rows:
        counts = self.counts
        return (
            row(counts.maybe_lost, "message", "at most lost when the connection broke"),
            row(counts.kept - counts.unacknowledged, "message", "waiting when sending failed"),
            *(
                row(count, "message", _DROPPED.get(reason, reason))
                for reason, count in counts.dropped.items()
            ),
        )


def row(count: int, noun: str, what: str = "") -> tuple[int, str, str]:
    """Return a row whose words differ by the noun alone."""
    return count, f"{noun} {what}".rstrip(), f"{noun}s {what}".rstrip()


def labelled(label: str, rows: Sequence[tuple[int, str, str]]) -> list[tuple[str, str]]:
    """Return the rows that count anything; the label stands before the first."""
    texts = [counted(count, one, many) for count, one, many in rows if count]
    return [(label if at == 0 else "", text) for at, text in enumerate(texts)]
