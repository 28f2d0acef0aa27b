"""The replay: capture files to a HEP server, each file in the order given.

    file -> frame -> datagram -> is it SIP -> HEP packet -> when is it due -> sender

Files are not merged by time: a rotated capture is already in order, and captures of several
machines can be merged by tools that know more about their clocks. Original timestamps are kept,
or all shifted by one amount: at original speed the first message is at the present, and a faster
replay ends at the present.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hep import EncodeError, encode3
from hep.sip import looks_like_sip
from hepscope_capture.clock import Clock
from hepscope_capture.decode.datagrams import Datagram, Dissector
from hepscope_capture.decode.errors import FrameError, Reason
from hepscope_capture.decode.transport import TCP
from hepscope_capture.files.errors import Gap, NotACaptureError
from hepscope_capture.files.source import open_capture
from hepscope_capture.frame import Frame, plausible_time
from hepscope_capture.pace import Pace, RateLimit
from hepscope_capture.packets import Labels, packet_of
from hepscope_capture.senders.sender import Sender
from hepscope_capture.span import gained_us
from hepscope_capture.summary import Summary

# Packets sent in a row under a rate limit: a receive buffer of Linux's default size holds about
# a hundred.
BURST = 16

# A sleep is late by about a tenth of this; shorter waits are not worth one.
_SHORTEST_SLEEP_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class Plan:
    """How to replay."""

    labels: Labels
    speed: float = 1.0  # MAX_SPEED = at once
    is_now: bool = False  # shift timestamps to the present
    ports: frozenset[int] | None = None  # None = any
    rate: float | None = None  # packets a second at most; None = no limit


class Replay:
    """One replay to one sender, which the caller opens and closes."""

    def __init__(self, plan: Plan, sender: Sender, clock: Clock) -> None:
        self._plan = plan
        self._sender = sender
        self._clock = clock
        self._dissector = Dissector()
        self._pace = Pace(plan.speed)
        self._limit = RateLimit(plan.rate, BURST) if plan.rate else None
        self._shift_us: int | None = None if plan.is_now else 0
        self._gained_us = 0  # of --now: how far the replay would overtake the clock
        self._started_at: float | None = None
        self.reading = ""  # the file that is being read, for error messages
        self.summary = Summary(self._dissector.fragments, sender.counts)

    def run(self, names: Sequence[str]) -> None:
        """Replay the files; return when the server has everything, as far as can be told.

        Raises SendError, and of the files OSError and NotACaptureError; ``summary`` is right
        in any case.
        """
        begun = self._clock.elapsed_seconds()
        try:
            if self._plan.is_now:
                self._gained_us = gained_us(names, self._plan.speed)
            self._replay_files(names)
            self._sender.finish()
        finally:
            self._dissector.finish()
            self.summary.delivery = self._sender.counts
            self.summary.seconds = self._clock.elapsed_seconds() - begun

    def _replay_files(self, names: Sequence[str]) -> None:
        try:
            for name in names:
                self._replay_file(name)
        except (OSError, NotACaptureError):
            # What was read before is as good as ever.
            self._sender.finish()
            raise

    def _replay_file(self, name: str) -> None:
        self.reading = name
        self._pace.start_file()
        with open_capture(name, self._sender.flush) as items:
            self.summary.files += 1
            for item in items:
                if isinstance(item, Gap):
                    self.summary.add_gap(name, item)
                else:
                    self._replay_frame(item)

    def _replay_frame(self, frame: Frame) -> None:
        summary = self.summary
        summary.frames += 1
        try:
            datagram = self._dissector.dissect(frame)
        except FrameError as refusal:
            summary.refused[refusal.reason] += 1
            if refusal.reason is Reason.UNSUPPORTED_LINK:
                summary.unknown_links.add(frame.link_type)
            return
        if datagram is not None and self._is_wanted(datagram):
            self._send(datagram)

    def _is_wanted(self, datagram: Datagram) -> bool:
        """Say whether this is a message to send; if not, count why."""
        summary, ports = self.summary, self._plan.ports
        if ports and not (datagram.source_port in ports or datagram.destination_port in ports):
            summary.other_ports += 1
            return False
        is_sip = looks_like_sip(datagram.payload)
        if datagram.protocol == TCP:
            summary.tcp_sip += is_sip
            summary.tcp_other += not is_sip
            return False
        summary.not_sip += not is_sip
        return is_sip

    def _send(self, datagram: Datagram) -> None:
        packet = packet_of(datagram, self._plan.labels, self._time_us(datagram.time_us))
        try:
            encoded = encode3(packet)
        except EncodeError:
            self.summary.unencodable += 1
            return
        self._wait_for(datagram.time_us)
        self.summary.cut_messages += datagram.is_cut
        self._sender.send(encoded)

    def _time_us(self, time_us: int) -> int:
        """Return the time that the packet tells; 0 stays "not known" unless all are shifted."""
        if self._shift_us is None:
            begin_us = self._clock.now_us() - self._gained_us
            self._shift_us = begin_us - time_us if time_us else None
        if not time_us:
            return self._clock.now_us() if self._plan.is_now else 0
        return plausible_time(time_us + (self._shift_us or 0))

    def _wait_for(self, time_us: int) -> None:
        now = self._clock.elapsed_seconds()
        if self._started_at is None:
            self._started_at = now
        due = self._started_at + self._pace.due_seconds(time_us)
        delay = max(due - now, 0.0)
        if self._limit:
            delay += self._limit.delay_seconds(now + delay)
        if delay >= _SHORTEST_SLEEP_SECONDS:
            self._sender.flush()
            self._clock.sleep(delay)
