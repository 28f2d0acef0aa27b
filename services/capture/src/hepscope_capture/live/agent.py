"""The loop that captures: frames -> messages -> HEP -> whoever delivers, in one thread.

It never waits for a server, only for packets. What happens more rarely, once a second, is to look
after the sources, and to let go of what waited too long for its other half.
"""

import contextlib
import select
from collections.abc import Callable, Sequence

from hep import EncodeError
from hep.protocols import SIP
from hepscope_capture.clock import Clock
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.files.errors import NotACaptureError
from hepscope_capture.files.live_source import LiveSource
from hepscope_capture.frame import Frame
from hepscope_capture.frame_counts import FrameCounts
from hepscope_capture.live.fast import FastPath
from hepscope_capture.live.filter import NOTHING
from hepscope_capture.live.interface import Interface
from hepscope_capture.live.packet_socket import RETIRE_MS
from hepscope_capture.live.peers import Peers
from hepscope_capture.live.ring import Ring
from hepscope_capture.media.heard import Heard
from hepscope_capture.packer import Packer
from hepscope_capture.packets import Labels
from hepscope_capture.pipeline import Pipeline, Wanted
from hepscope_capture.senders.bell import Bell

LOOK_SECONDS = 1.0

# What is read yet of a pipe, once the capture is to end.
_LAST_SECONDS = 1.0

# Blocks of one interface, or batches of another source, in a row before the others' turn.
_BLOCKS_A_TURN = 8

Deliver = Callable[[Sequence[bytes], int], None]
"""Takes HEP packets of one type."""

Show = Callable[[Datagram], None]
"""Takes each message, to be shown."""


class Agent:
    """Captures from sources that are open, until it is stopped or all of them have ended."""

    def __init__(
        self,
        interfaces: Sequence[Interface],
        pipeline: Pipeline,
        labels: Labels,
        clock: Clock,
        *,
        deliver: Deliver,
        sources: Sequence[LiveSource] = (),
        peers: Peers | None = None,
        show: Show | None = None,
        on_look: Callable[[], None] = lambda: None,
    ) -> None:
        """Make an agent; ``on_look`` is called once a second, by the thread that captures."""
        self.counts: FrameCounts = pipeline.counts
        self._interfaces = interfaces
        self._sources = list(sources)
        self._pipeline = pipeline
        self._packer = Packer(labels, pipeline.counts)
        self._clock = clock
        self._deliver = deliver
        self._peers = peers
        self._show = show
        self._on_look = on_look
        self._bell = Bell()
        self._is_stopped = False
        self._must_look = False
        self._sip: list[bytes] = []
        self._others: list[tuple[int, bytes]] = []
        self._heard: list[Heard] = []  # on the short way, and not learned from yet
        self._fast: FastPath | None = None
        self.adopt(pipeline.wanted)

    def adopt(self, wanted: Wanted) -> None:
        """Look for something else from now on; by the thread that captures, or before it runs."""
        self._pipeline.adopt(wanted)
        self._fast = None
        if self._show is None and self._pipeline.takes_everything:
            hear = self._heard.append if wanted.has_rtcp else None
            # With labels that HEP cannot carry each message is refused, one by one.
            with contextlib.suppress(EncodeError):
                self._fast = FastPath(self._packer.encoder, self.counts, wanted.ports, hear=hear)

    @property
    def is_stopped(self) -> bool:
        """Whether it is to end."""
        return self._is_stopped

    def stop(self) -> None:
        """Have ``run`` return soon; from any thread, and from a signal's handler."""
        self._is_stopped = True
        self._bell.ring()

    def wake(self) -> None:
        """Have ``on_look`` called soon; from any thread, and from a signal's handler."""
        self._must_look = True
        self._bell.ring()

    def run(self) -> None:
        """Capture until stopped; then take what is in rings and pipes, and close the interfaces.

        Sources are left open, since what they gave is not delivered yet.

        Raises NotACaptureError, after that, for a pipe that brings no capture.
        """
        try:
            self._capture()
        except NotACaptureError:
            self._finish()
            raise
        self._finish()

    def _capture(self) -> None:
        look_at = 0.0
        while not self._is_stopped:
            now = self._clock.elapsed_seconds()
            if now >= look_at or self._must_look:
                self._look()
                look_at = now + LOOK_SECONDS
            if not self._read(self._sources):
                if self._has_ended():
                    break
                self._wait(max(look_at - now, 0.0))

    def _has_ended(self) -> bool:
        """Say whether nothing more can come; without sources, inputs are what the agent is for."""
        has_sources = bool(self._sources) and not self._interfaces
        return has_sources and all(one.has_ended for one in self._sources)

    def _wait(self, seconds: float) -> None:
        """Return when there is something to read, an error, or after this time."""
        poll = select.poll()
        poll.register(self._bell.socket, select.POLLIN)
        if self._peers is not None:
            poll.register(self._peers, self._peers.events)
        for interface in self._interfaces:
            if interface.is_open:
                poll.register(interface, select.POLLIN | select.POLLERR)
        for source in self._sources:
            number = source.fileno()
            if number is not None and not source.has_ended:
                poll.register(number, select.POLLIN)
        events = poll.poll(seconds * 1000)
        self._bell.silence()
        self._must_look |= any(event & select.POLLERR for _, event in events)
        self._hear()

    def _read(self, sources: Sequence[LiveSource]) -> bool:
        """Work off what is ready, a turn for each source; return whether there was anything."""
        found = False
        for interface in self._interfaces:
            self._pipeline.rtp.place = interface.name
            for _ in range(_BLOCKS_A_TURN):
                if not interface.work_off(self._work_off):
                    break
                found = True
                self._hand_over()
        for source in sources:
            for _ in range(_BLOCKS_A_TURN):
                frames = source.read()
                if frames is None:
                    break
                found = True
                for frame in frames:
                    self._take(frame)
                self._hand_over()
        return found

    def _work_off(self, ring: Ring, at: int, count: int) -> None:
        if self._fast is not None:
            self._fast.work_off(ring, at, count, self._sip, self._take)
            if self._heard:
                self._learn()
            return
        for _ in range(count):
            self._take(ring.frame(at))
            at = ring.next_place(at)

    def _take(self, frame: Frame) -> None:
        if self._heard:
            # It came before this, which may be RTCP.
            self._learn()
        messages = self._pipeline.feed(frame)
        if messages:
            self._add(messages)

    def _learn(self) -> None:
        """Learn what messages that are sent already tell of media."""
        late = self._pipeline.hear(self._heard)
        self._heard.clear()
        if late:
            self._add(late)

    def _add(self, messages: Sequence[Datagram]) -> None:
        for message in messages:
            if self._show is not None:
                self._show(message)
            packet = self._packer.pack(message, message.time_us)
            if packet is None:
                continue
            if message.kind == SIP:
                self._sip.append(packet)
            else:
                self._others.append((message.kind, packet))

    def _hand_over(self) -> None:
        """Deliver what there is, by kind; tell the other processes what is new."""
        if self._sip:
            packets, self._sip = self._sip, []
            self._deliver(packets, SIP)
        if self._others:
            others, self._others = self._others, []
            for kind in dict.fromkeys(kind for kind, _ in others):
                self._deliver([packet for found, packet in others if found == kind], kind)
        if self._peers is not None:
            news = self._pipeline.take_news()
            if news:
                self.counts.media.untold += self._peers.tell(news)

    def _hear(self) -> None:
        if self._peers is None:
            return
        for news in self._peers.hear():
            self._add(self._pipeline.absorb(news))
        if self._peers.take_question():
            self.counts.media.untold += self._peers.tell(self._pipeline.all_news())
        self._hand_over()

    def _look(self) -> None:
        self._must_look = False
        for interface in self._interfaces:
            interface.look_after()
        for source in self._sources:
            source.look_after()
        if self._interfaces:
            # Files have times of their own.
            self._add(self._pipeline.expire(self._clock.now_us()))
        # Under load there is no waiting in which the others could be heard.
        self._hear()
        self._hand_over()
        self._on_look()

    def _finish(self) -> None:
        """Let nothing more in and read what is there; a block that is not full needs a moment."""
        if self._interfaces:
            for interface in self._interfaces:
                interface.attach(NOTHING)
            self._clock.sleep(3 * RETIRE_MS / 1000)
        # Files are read on by the next process; what writes to a pipe may never pause.
        pipes = [one for one in self._sources if one.fileno() is not None]
        end = self._clock.elapsed_seconds() + _LAST_SECONDS
        while self._read(pipes) and self._clock.elapsed_seconds() < end:
            pass
        self._hear()
        self._add(self._pipeline.finish())
        self._hand_over()
        for interface in self._interfaces:
            interface.look_after()
            interface.close()
        self._bell.close()
