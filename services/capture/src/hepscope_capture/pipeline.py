"""Frames to messages: each way that leads from the one to the other, and a count where none does.

    frame -> datagram -> UDP: SIP; RTCP, which needs the call; syslog, where it is asked for
                         TCP: a stream -> SIP, plain or by WebSocket
                         SCTP: chunks -> SIP
    every SIP message -> what it offers for media -> RTCP that waited for it
    all of them -> rules -> messages to send

SIP is told by its first line, on any port unless ports are given; RTCP by its form, on any port,
since its ports are agreed call by call.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from hepscope_capture.decode.datagrams import Datagram, Dissector
from hepscope_capture.decode.errors import FrameError, Reason
from hepscope_capture.decode.sctp import SctpTable
from hepscope_capture.decode.transport import TCP, UDP
from hepscope_capture.frame import Frame
from hepscope_capture.frame_counts import FrameCounts
from hepscope_capture.media.correlator import Correlator
from hepscope_capture.media.heard import Heard
from hepscope_capture.media.recognition import looks_like_rtcp
from hepscope_capture.mirror.streams import RtpStreams
from hepscope_capture.rules.rules import Rules
from hepscope_capture.sip_start import begins_sip
from hepscope_capture.streams.streams import Streams

# Tables forget by packet time; a step back of more than a minute is another capture.
_EXPIRE_US = 1_000_000
_STEP_BACK_US = 60_000_000

LogOf = Callable[[Datagram], Datagram | None]
"""Returns the log line that a datagram carries."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for, and what becomes of it; may change while it runs."""

    ports: frozenset[int] | None = None  # of SIP, any transport; None = any
    has_rtcp: bool = True
    log_ports: frozenset[int] = frozenset()  # UDP
    rules: Rules | None = None  # None = everything is sent as it is
    rtp_sample: int = 0  # RTP of one in so many pairs of ports is counted; 0 = none


class Pipeline:
    """Frames in, messages out; what waits for more is held in bounded tables."""

    def __init__(
        self,
        wanted: Wanted,
        counts: FrameCounts,
        log_of: LogOf | None = None,
        *,
        shares_news: bool = False,
    ) -> None:
        """Make one that counts in ``counts``; shares_news: ``take_news`` is going to be called."""
        self.counts = counts
        self.wanted = wanted
        self.correlator = Correlator(shares_news=shares_news)
        self.rtp = RtpStreams(counts.rtp)
        self._dissector = Dissector()
        self._streams = Streams()
        self._sctp = SctpTable()
        counts.fragments, counts.streams = self._dissector.fragments, self._streams.counts
        counts.sctp, counts.media = self._sctp.counts, self.correlator.counts
        self._log_of = log_of
        self._expire_at = 0
        self._rules: Rules | None = None
        self.adopt(wanted)

    def adopt(self, wanted: Wanted) -> None:
        """Look for something else from now on; what is held stays."""
        if self._rules is not None:
            self.counts.rules.update(self._rules.counts)
            self.counts.masked += self._rules.masked
        self.wanted = wanted
        self.rtp.adopt(wanted.rtp_sample)
        rules = wanted.rules
        self._rules = rules if rules is not None and not rules.is_trivial else None

    def refused_by_rules(self) -> Counter[str]:
        """Return how many messages were refused, by rule."""
        found = Counter(self.counts.rules)
        if self._rules is not None:
            found.update(self._rules.counts)
        return found

    def masked(self) -> int:
        """Return how many messages a mask has changed."""
        return self.counts.masked + (self._rules.masked if self._rules is not None else 0)

    def waiting_bytes(self) -> dict[str, int]:
        """Return how much is held back until more comes, by table."""
        return {
            "fragments": self._dissector.waiting_bytes,
            "tcp": self._streams.held_bytes,
            "sctp": self._sctp.waiting_bytes,
            "rtcp": self.correlator.gauges.waiting_bytes(),
        }

    @property
    def takes_everything(self) -> bool:
        """Whether there are no rules: what is found is sent as it is."""
        return self._rules is None

    def feed(self, frame: Frame) -> Sequence[Datagram]:
        """Return the messages that a frame carries or completes."""
        counts, time_us = self.counts, frame.time_us
        counts.frames += 1
        try:
            datagram = self._dissector.dissect(frame)
        except FrameError as refusal:
            counts.refused[refusal.reason] += 1
            if refusal.reason is Reason.UNSUPPORTED_LINK:
                counts.unknown_links.add(frame.link_type)
            datagram = None
        if time_us >= self._expire_at or time_us < self._expire_at - _STEP_BACK_US:
            late = self.expire(time_us) if time_us else ()
            if late:
                return [*late, *self._sort(datagram)] if datagram is not None else late
        return self._sort(datagram) if datagram is not None else ()

    def expire(self, time_us: int) -> Sequence[Datagram]:
        """Let go of what waited for too long; to be called about once a second without frames."""
        self._expire_at = time_us + _EXPIRE_US
        self.rtp.expire(time_us)
        late = self._sip(self._streams.expire(time_us))
        # What waits is let go also when no more of it is wanted.
        late += self.correlator.expire(time_us)
        return self._ruled(late)

    def hear(self, heard: Sequence[Heard]) -> Sequence[Datagram]:
        """Learn of media from SIP messages that went another way; return RTCP that waited."""
        late = self.correlator.hear(heard)
        return self._ruled(late) if late else ()

    def take_news(self) -> Sequence[bytes]:
        """Return what was learned of media since this was asked last, for other processes."""
        return self.correlator.take_news()

    def all_news(self) -> Sequence[bytes]:
        """Return all that is known of media, for a process that has just started."""
        return self.correlator.all_news()

    def absorb(self, news: bytes) -> Sequence[Datagram]:
        """Learn what another process learned of media; return the RTCP that waited for it."""
        return self._ruled(self.correlator.absorb(news))

    def finish(self) -> Sequence[Datagram]:
        """Return what was held back, since nothing is to come; count what stays incomplete."""
        self._dissector.finish()
        self._sctp.finish()
        self.rtp.finish()
        late = self._sip(self._streams.finish())
        late += self.correlator.finish()
        return self._ruled(late)

    def _sort(self, datagram: Datagram) -> Sequence[Datagram]:
        """Return the messages in a datagram or completed by it."""
        ports, protocol = self.wanted.ports, datagram.protocol
        is_here = (
            ports is None or datagram.source_port in ports or datagram.destination_port in ports
        )
        if protocol != UDP:
            if not is_here:
                self.counts.other_ports += 1
                return ()
            table = self._streams if protocol == TCP else self._sctp
            return self._ruled(self._sip(table.feed(datagram)))
        if is_here and begins_sip(datagram.payload):
            return self._ruled(self._sip((datagram,)))
        return self._ruled(self._other(datagram, is_here=is_here))

    def _other(self, datagram: Datagram, *, is_here: bool) -> Sequence[Datagram]:
        """Return what a UDP datagram that is not SIP gives."""
        wanted, counts = self.wanted, self.counts
        if wanted.has_rtcp and looks_like_rtcp(datagram.payload):
            return self.correlator.correlate(datagram)
        if self._log_of is not None and datagram.destination_port in wanted.log_ports:
            line = self._log_of(datagram)
            counts.other_lines += line is None
            return () if line is None else (line,)
        if wanted.rtp_sample:
            self.rtp.feed(datagram)
        if is_here:
            counts.not_sip += 1
        else:
            counts.other_ports += 1
        return ()

    def _sip(self, messages: Sequence[Datagram]) -> list[Datagram]:
        """Return SIP messages, and behind each the RTCP that waited for what it tells."""
        for message in messages:
            self.counts.hosts.add(message.source, message.destination)
        if not self.wanted.has_rtcp:
            return list(messages)
        found: list[Datagram] = []
        for message in messages:
            found.append(message)
            found += self.correlator.learn(message)
        return found

    def _ruled(self, messages: Iterable[Datagram]) -> Sequence[Datagram]:
        rules = self._rules
        if rules is None:
            return list(messages)
        return [taken for one in messages if (taken := rules.apply(one)) is not None]
