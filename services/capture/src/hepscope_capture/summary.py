"""What a replay did, in numbers and in lines for the user.

Nothing that was read disappears without a count: each frame ends as a packet that was sent or
in exactly one of the counts of what was not.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import TypeAlias

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
    Reason.TRUNCATED: "too short for their own heads",
    Reason.BAD_LENGTH: "lengths that contradict each other",
    Reason.BAD_VERSION: "IP of an unknown version",
    Reason.TOO_DEEP: "too many heads inside each other",
    Reason.BAD_FRAGMENT: "fragments that contradict each other",
}

Rows: TypeAlias = tuple[tuple[int, str], ...]


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
            self._listed.append(f"{place}: {_GAPS[gap.kind]}, {gap.lost_bytes} bytes lost")

    @property
    def is_complete(self) -> bool:
        """Whether every SIP message that was found has been sent."""
        delivery = self.delivery
        missing = (self.unencodable, delivery.too_large, delivery.unsent, delivery.maybe_lost)
        return not any(missing)

    def lines(self, target: str) -> list[str]:
        """Return the summary as lines of text, the most important first."""
        rows = [("read", self._read()), *(("", line) for line in self._listed)]
        rows += [("sent", self._sent(target)), *_counted("", self._sent_oddly())]
        rows += _counted("not sent", self._not_sent())
        rows += _counted("skipped", self._skipped())
        return [f"{label:<10}{text}" for label, text in rows]

    def _read(self) -> str:
        text = f"{_many(self.files, 'file')}, {_many(self.frames, 'frame')}"
        if self.gaps:
            text += f", {_many(self.gaps, 'gap')} ({self.lost_bytes:,} bytes lost)"
        return text

    def _sent(self, target: str) -> str:
        rate = self.delivery.sent / self.seconds if self.seconds > 0 else 0.0
        messages = _many(self.delivery.sent, "SIP message")
        return f"{messages} to {target} in {self.seconds:.1f} s ({rate:,.0f}/s)"

    def _sent_oddly(self) -> Rows:
        return (
            (self.fragments.joined, "datagrams put together from fragments"),
            (self.cut_messages, "messages whose end the capture lacks"),
            (self.delivery.reconnects, "times the connection was lost and restored"),
        )

    def _not_sent(self) -> Rows:
        delivery = self.delivery
        return (
            (delivery.maybe_lost, "messages at most were lost when the connection broke"),
            (delivery.unsent, "messages were waiting when sending failed"),
            (delivery.too_large, "messages too large for a UDP datagram; tcp:// takes them"),
            (self.unencodable, "messages that HEP cannot carry (over 65,535 bytes)"),
        )

    def _skipped(self) -> Rows:
        fragments = self.fragments
        return (
            (self.tcp_sip, "TCP segments that begin with SIP: TCP is not put together yet"),
            (self.tcp_other, "other TCP segments"),
            (self.not_sip, "UDP datagrams that are not SIP"),
            (self.other_ports, "datagrams and segments on other ports"),
            (fragments.incomplete, "datagrams with missing fragments"),
            (fragments.evicted, "datagrams given up because too many fragments were waiting"),
            *((count, f"frames: {self._text(reason)}") for reason, count in self.refused.items()),
        )

    def _text(self, reason: Reason) -> str:
        if reason is not Reason.UNSUPPORTED_LINK:
            return REASONS[reason]
        return f"{REASONS[reason]} ({', '.join(map(str, sorted(self.unknown_links)))})"


def _counted(label: str, rows: Rows) -> list[tuple[str, str]]:
    """Return the rows that count anything; the label stands before the first."""
    texts = [f"{count:,} {text}" for count, text in rows if count]
    return [(label if at == 0 else "", text) for at, text in enumerate(texts)]


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
