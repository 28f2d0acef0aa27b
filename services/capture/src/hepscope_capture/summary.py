"""What a replay did, in numbers and in lines for the user.

Nothing that was read disappears without a count: each frame ends as a packet that was sent or
in exactly one of the counts of what was not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hepscope_capture.counted import counted
from hepscope_capture.decode.errors import Reason
from hepscope_capture.delivered import Delivered, Rows, labelled, row
from hepscope_capture.files.errors import Gap, GapKind
from hepscope_capture.frame_counts import FrameCounts
from hepscope_capture.mirror.stream import RtpStream
from hepscope_capture.mirror.text import line_of_stream, seen_of

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
    Reason.OTHER_TRANSPORT: "neither UDP, TCP nor SCTP",
    Reason.OTHER_TUNNEL: "a tunnel of a form that is not read",
    Reason.TRUNCATED: "too short for a whole head",
    Reason.BAD_LENGTH: "lengths that contradict each other",
    Reason.BAD_VERSION: "IP of an unknown version",
    Reason.TOO_DEEP: "too many heads inside each other",
    Reason.BAD_FRAGMENT: "fragments that contradict each other",
}


@dataclass(slots=True)
class Summary(FrameCounts):
    """Counts of a replay; of frames unless the name says otherwise."""

    files: int = 0
    gaps: int = 0
    lost_bytes: int = 0
    seconds: float = 0.0
    worst_streams: Sequence[RtpStream] = ()  # of RTP, that lack most
    _listed: list[str] = field(default_factory=list)

    def add_gap(self, name: str, gap: Gap) -> None:
        """Count a gap and remember the first ones by place."""
        self.gaps += 1
        self.lost_bytes += gap.lost_bytes
        if len(self._listed) < _LISTED_GAPS:
            place = f"{name}, after frame {self.frames}"
            self._listed.append(f"{place}: {_GAPS[gap.kind]}, {_lost(gap.lost_bytes)}")

    def lines(self, deliveries: Sequence[Delivered]) -> list[str]:
        """Return the summary as lines of text, the most important first."""
        rows = [("read", self._read()), *(("", line) for line in self._listed)]
        noun = "packet" if self.reports or self.log_lines else "SIP message"
        for one in deliveries:
            rows += one.rows(noun, self.seconds)
        rows += labelled("", self._kinds())
        rows += labelled("", self._oddly())
        rows += labelled("missing", self._missing())
        if seen := seen_of(self):
            rows += [("seen", f"by the capture: {seen}")]
            rows += [("", line_of_stream(one)) for one in self.worst_streams]
        rows += labelled("skipped", self._skipped())
        return [f"{label:<10}{text}" for label, text in rows]

    def _read(self) -> str:
        text = f"{counted(self.files, 'file')}, {counted(self.frames, 'frame')}"
        if self.gaps:
            text += f", {counted(self.gaps, 'gap')} ({_lost(self.lost_bytes)})"
        return text

    def _kinds(self) -> Rows:
        """Return what the packets are, unless all of them are SIP."""
        if not (self.reports or self.log_lines):
            return ()
        return (
            row(self.messages, "SIP message"),
            row(self.reports, "RTCP report"),
            row(self.log_lines, "log line"),
        )

    def _oddly(self) -> Rows:
        return (
            row(self.fragments.joined, "datagram", "put together from fragments"),
            row(self.streams.reordered, "TCP segment", "put back in order"),
            row(self.sctp.joined, "message", "put together from chunks of SCTP"),
            row(self.media.uncorrelated, "RTCP datagram", "whose call is not known"),
            row(self.media.srtcp, "RTCP datagram", "that is encrypted: only its sender is told"),
            row(self.cut_messages, "message", "whose end the capture lacks"),
            row(self.masked, "message", "in which something is masked"),
        )

    def _missing(self) -> Rows:
        """Return what SIP the capture itself lacks, or that nobody could read."""
        streams, sctp = self.streams, self.sctp
        return (
            row(self.unencodable, "message", "that HEP cannot carry (over 65,535 bytes)"),
            (
                streams.gaps,
                f"gap in a TCP stream: {counted(streams.missing_bytes, 'byte')} were not captured",
                f"gaps in TCP streams: {counted(streams.missing_bytes, 'byte')} were not captured",
            ),
            row(streams.incomplete, "message", "over TCP that began and never ended"),
            row(streams.too_long, "message", "over TCP that is too long to be SIP"),
            row(streams.evicted_directions, "direction", "of TCP given up: too many at a time"),
            row(streams.evicted_bytes, "byte", "of TCP given up: too many were held"),
            row(
                streams.websocket_undeflatable,
                "WebSocket message",
                "compressed with a history that was not captured",
            ),
            row(sctp.incomplete, "SCTP message", "with missing chunks"),
            row(sctp.cut, "SCTP chunk", "whose end the capture lacks"),
            row(sctp.evicted, "SCTP message", "given up: too many chunks were waiting"),
            row(self.media.dropped, "RTCP datagram", "damaged from its first packet on"),
        )

    def _skipped(self) -> Rows:
        fragments, streams, sctp = self.fragments, self.streams, self.sctp
        return (
            row(streams.skipped_bytes, "byte", "of TCP between messages"),
            row(streams.tls_streams, "direction", "of TCP that is TLS"),
            row(streams.http_streams, "direction", "of TCP that is HTTP"),
            row(streams.json_streams, "direction", "of TCP that is JSON-RPC"),
            row(streams.other_streams, "direction", "of TCP without SIP"),
            row(streams.websocket_other, "WebSocket message", "that is not SIP"),
            row(self.other_lines, "log line", "without a Call-ID, or no syslog"),
            row(sctp.not_sip, "SCTP message", "that is not SIP"),
            row(sctp.malformed, "SCTP packet", "with a chunk that cannot be"),
            (self.not_sip, "UDP datagram that is not SIP", "UDP datagrams that are not SIP"),
            (
                self.other_ports,
                "datagram or segment on another port",
                "datagrams and segments on other ports",
            ),
            row(fragments.incomplete, "datagram", "with missing fragments"),
            row(fragments.evicted, "datagram", "given up: too many fragments were waiting"),
            *(
                row(count, "message", f"refused by a rule: {rule.replace('_', ' ')}")
                for rule, count in self.rules.items()
            ),
            *(
                (count, f"frame: {self._text(reason)}", f"frames: {self._text(reason)}")
                for reason, count in self.refused.items()
            ),
        )

    def _text(self, reason: Reason) -> str:
        if reason is not Reason.UNSUPPORTED_LINK:
            return REASONS[reason]
        return f"{REASONS[reason]} ({', '.join(map(str, sorted(self.unknown_links)))})"


def _lost(count: int) -> str:
    return f"{counted(count, 'byte')} lost"
