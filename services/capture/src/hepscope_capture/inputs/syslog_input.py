"""A syslog server: lines over UDP (RFC 5426, or as RFC 3164 has it), TCP (RFC 6587) and TLS."""

import math
from collections.abc import Sequence
from time import time_ns

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.decode.transport import TCP, UDP
from hepscope_capture.inputs.connection import Answer
from hepscope_capture.inputs.counts import LogCounts, ServingCounts
from hepscope_capture.inputs.input import Sink
from hepscope_capture.inputs.listen import Listen
from hepscope_capture.inputs.log_lines import Ends, LogLines
from hepscope_capture.inputs.loop import ServingPlan
from hepscope_capture.inputs.peers import Address, packed
from hepscope_capture.inputs.plans import LogPlan
from hepscope_capture.inputs.server_tls import Identity
from hepscope_capture.inputs.serving import Server
from hepscope_capture.inputs.syslog_frames import Frame, SyslogFrames


class SyslogInput:
    """Takes syslog at the addresses of its plan."""

    name = "syslog"

    def __init__(self, plan: LogPlan) -> None:
        self.counts = LogCounts()
        self.serving = ServingCounts()
        self._plan = plan
        self._server = Server(
            self.name,
            ServingPlan(
                plan.listen,
                plan.peers,
                plan.connections,
                plan.idle_seconds,
                Identity(plan.certificate, plan.key, plan.client_ca),
            ),
            self.serving,
        )

    @property
    def addresses(self) -> tuple[Listen, ...]:
        """Where it listens, once it does."""
        return self._server.addresses

    def start(self, sink: Sink) -> None:
        """Begin to take in. Raises InputError."""
        lines = LogLines(self._plan, self.counts)
        self._server.start(_Lines(lines, self._plan.line_bytes, sink))

    def stop(self) -> None:
        """Take what has arrived, and end."""
        self._server.stop()

    def trouble(self) -> str:
        """Return what keeps it from taking in."""
        return self._server.trouble()


class _Lines:
    """What arrives, as lines; the messages of a turn are handed on together."""

    pause_seconds = math.inf

    def __init__(self, lines: LogLines, line_bytes: int, sink: Sink) -> None:
        self._lines = lines
        self._line_bytes = line_bytes
        self._sink = sink
        self._messages: list[Datagram] = []

    def put(self, line: bytes, ends: Ends, *, is_cut: bool) -> None:
        message = self._lines.message_of(line, time_ns() // 1000, ends, is_cut=is_cut)
        if message is not None:
            self._messages.append(message)

    def take_datagrams(self, datagrams: Sequence[tuple[bytes, Address]], local: Address) -> None:
        for data, peer in datagrams:
            # A datagram is one message, whatever line ends are in it.
            self.put(data, _ends(UDP, peer, local), is_cut=False)

    def open_stream(self, peer: Address, local: Address, answer: Answer) -> "_Stream":
        del answer
        return _Stream(self, SyslogFrames(self._line_bytes), _ends(TCP, peer, local))

    def flush(self) -> None:
        if self._messages:
            messages, self._messages = self._messages, []
            self._sink.take_messages(messages)


class _Stream:
    """One connection."""

    def __init__(self, lines: _Lines, frames: SyslogFrames, ends: Ends) -> None:
        self._lines = lines
        self._frames = frames
        self._ends = ends

    def feed(self, data: bytes) -> bool:
        self._put(self._frames.feed(data))
        return True

    def finish(self) -> None:
        self._put(self._frames.finish())

    @property
    def is_between(self) -> bool:
        return not self._frames.buffered

    def _put(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            self._lines.put(frame.text, self._ends, is_cut=frame.is_cut)


def _ends(protocol: int, peer: Address, local: Address) -> Ends:
    """Return who sent and who received, in one family even where one socket takes both."""
    source, destination = packed(peer[0]), packed(local[0])
    if len(source) != len(destination):
        # Bound to every address of both families: which of ours it was nobody says.
        destination = bytes(len(source))
    return protocol, source, peer[1], destination, local[1]
