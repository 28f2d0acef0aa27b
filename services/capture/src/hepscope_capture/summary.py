"""What a replay did, in numbers and in lines for the user.

Nothing that was read disappears without a count: each frame ends as a packet that was sent or
in exactly one of the counts of what was not.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import TypeAlias

from hepscope_capture.counted import counted
from hepscope_capture.decode.errors import Reason
from hepscope_capture.decode.fragments import FragmentCounts
from hepscope_capture.files.errors import Gap, GapKind
from hepscope_capture.senders.sender import SendCounts

# A damaged file may have a gap at each byte; the first ones tell where to look.
_LISTED_GAPS = 10

_GAPS = {
    GapKind.CUT: "the file ends inside a record",
    GapKind.BAD_RECORD: "a damaged record",
    GapKind.BAD_COMPRESSION: "the gzip stream is damaged",
}

REASONS = {
    Reason.UNSUPPORTED_LINK: "link type that is not read",
    Reason.NOT_IP: "not IP",
    Reason.NOT_UDP_OR_TCP: "neither UDP nor TCP",
    Reason.TRUNCATED: "too short for a whole head",
    Reason.BAD_LENGTH: "lengths that contradict each other",
    Reason.BAD_VERSION: "IP of an unknown version",
    Reason.TOO_DEEP: "too many heads inside each other",
    Reason.BAD_FRAGMENT: "fragments that contradict each other",
}

Rows: TypeAlias = tuple[tuple[int, str, str], ...]
"""Counts, each with the words for one and for many."""


@dataclass(slots=True)
class Summary:
    """Counts of a replay; of frames unless the name says otherwise."""

    fragments: FragmentCounts
    delivery: SendCounts
    files: int = 0
    frames: int = 0
    cut_messages: int = 0  # SIP whose end the capture lacks; sent
    not_sip: int = 0  # UDP
    other_ports: int = 0  # UDP or TCP, excluded by --ports
    tcp_sip: int = 0  # segments that begin with SIP; not sent
    tcp_other: int = 0
    unencodable: int = 0  # SIP that HEP cannot carry
    refused: Counter[Reason] = field(default_factory=Counter)
    unknown_links: set[int] = field(default_factory=set)
    gaps: int = 0
    lost_bytes: int = 0
    seconds: float = 0.0
    _listed: list[str] = field(default_factory=list)

    def add_gap(self, name: str, gap: Gap) -> None:
        """Count a gap and remember the first ones by place."""
        self.gaps += 1
        self.lost_bytes += gap.lost_bytes
        if len(self._listed) < _LISTED_GAPS:
            place = f"{name}, after frame {self.frames}"
            self._listed.append(f"{place}: {_GAPS[gap.kind]}, {_lost(gap.lost_bytes)}")

    @property
    def is_complete(self) -> bool:
        """Whether every SIP message that was found is sent, and safe where that can be told."""
        delivery = self.delivery
        missing = (
            self.unencodable,
            delivery.too_large,
            delivery.unsent,
            delivery.maybe_lost,
            delivery.unacknowledged,
            delivery.unnumbered,
        )
        return not any(missing)

    def lines(self, target: str) -> list[str]:
        """Return the summary as lines of text, the most important first."""
        rows = [("read", self._read()), *(("", line) for line in self._listed)]
        rows += [("sent", self._sent(target)), *self._acknowledged()]
        rows += _counted("", self._sent_oddly())
        rows += _counted("not safe", self._not_safe())
        rows += _counted("not sent", self._not_sent())
        rows += _counted("skipped", self._skipped())
        return [f"{label:<10}{text}" for label, text in rows]

    def _read(self) -> str:
        text = f"{counted(self.files, 'file')}, {counted(self.frames, 'frame')}"
        if self.gaps:
            text += f", {counted(self.gaps, 'gap')} ({_lost(self.lost_bytes)})"
        return text

    def _sent(self, target: str) -> str:
        rate = self.delivery.sent / self.seconds if self.seconds > 0 else 0.0
        messages = counted(self.delivery.sent, "SIP message")
        return f"{messages} to {target} in {self.seconds:.1f} s ({rate:,.0f}/s)"

    def _acknowledged(self) -> list[tuple[str, str]]:
        delivery = self.delivery
        if delivery.is_acknowledged is None:
            return []
        if not delivery.is_acknowledged:
            return [("", "the server gives no acknowledgements")]
        messages = counted(delivery.acknowledged, "message")
        return [("", f"{messages} acknowledged: safe, or refused and counted by the server")]

    def _not_safe(self) -> Rows:
        delivery = self.delivery
        return (
            _of(delivery.unacknowledged, "message", "sent and not acknowledged"),
            _of(delivery.unnumbered, "message", "too large for a number, so never acknowledged"),
        )

    def _sent_oddly(self) -> Rows:
        return (
            _of(self.fragments.joined, "datagram", "put together from fragments"),
            _of(self.cut_messages, "message", "whose end the capture lacks"),
            _of(self.delivery.reconnects, "time", "the connection was lost and restored"),
            _of(self.delivery.resent, "message", "sent again: stored once, by its number"),
        )

    def _not_sent(self) -> Rows:
        delivery = self.delivery
        return (
            _of(delivery.maybe_lost, "message", "at most lost when the connection broke"),
            _of(delivery.unsent, "message", "waiting when sending failed"),
            _of(delivery.too_large, "message", "too large for a UDP datagram; tcp:// has room"),
            _of(self.unencodable, "message", "that HEP cannot carry (over 65,535 bytes)"),
        )

    def _skipped(self) -> Rows:
        fragments = self.fragments
        later = "with SIP: TCP is not put together yet"
        return (
            (self.tcp_sip, f"TCP segment that begins {later}", f"TCP segments that begin {later}"),
            _of(self.tcp_other, "other TCP segment"),
            (self.not_sip, "UDP datagram that is not SIP", "UDP datagrams that are not SIP"),
            (
                self.other_ports,
                "datagram or segment on another port",
                "datagrams and segments on other ports",
            ),
            _of(fragments.incomplete, "datagram", "with missing fragments"),
            _of(fragments.evicted, "datagram", "given up: too many fragments were waiting"),
            *(
                (count, f"frame: {self._text(reason)}", f"frames: {self._text(reason)}")
                for reason, count in self.refused.items()
            ),
        )

    def _text(self, reason: Reason) -> str:
        if reason is not Reason.UNSUPPORTED_LINK:
            return REASONS[reason]
        return f"{REASONS[reason]} ({', '.join(map(str, sorted(self.unknown_links)))})"


def _of(count: int, noun: str, what: str = "") -> tuple[int, str, str]:
    """Return a row whose words differ by the noun alone."""
    return count, f"{noun} {what}".rstrip(), f"{noun}s {what}".rstrip()


def _lost(count: int) -> str:
    return f"{counted(count, 'byte')} lost"


def _counted(label: str, rows: Rows) -> list[tuple[str, str]]:
    """Return the rows that count anything; the label stands before the first."""
    texts = [counted(count, one, many) for count, one, many in rows if count]
    return [(label if at == 0 else "", text) for at, text in enumerate(texts)]
