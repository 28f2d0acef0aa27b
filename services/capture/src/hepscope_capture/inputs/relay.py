"""The relay (HEP proxy): HEP of other agents in, the same HEP out, to every server of ours.

Each peer's packets keep their order. A stream that is garbage for 64 KiB is closed. Agents of ours
number their packets and are told when they are safe; what is numbered here has our own numbers.
"""

import math
from collections.abc import Callable, Sequence
from time import time_ns

from hep import DecodeError, StreamDecoder, encode_ack
from hepscope_capture.inputs.connection import Answer
from hepscope_capture.inputs.counts import RelayCounts, ServingCounts
from hepscope_capture.inputs.input import Position, Sink
from hepscope_capture.inputs.listen import Listen
from hepscope_capture.inputs.loop import ServingPlan
from hepscope_capture.inputs.passage import Passage, Ruling
from hepscope_capture.inputs.peers import Address
from hepscope_capture.inputs.plans import RelayPlan
from hepscope_capture.inputs.senders_of_ours import (
    LONGEST_HELLO,
    NumberingSender,
    NumberingSenders,
    origin_of_hello,
    without_number,
)
from hepscope_capture.inputs.server_tls import Identity
from hepscope_capture.inputs.serving import Server
from hepscope_common.logs import Throttle, get_logger

_ANSWER_SECONDS = 0.01
"""Between two looks whether packets are safe by now."""


class Relay:
    """Takes HEP at the addresses of its plan and hands it on."""

    name = "relay"

    def __init__(
        self,
        plan: RelayPlan,
        *,
        auth_key: bytes | None,
        rules: Callable[[], Ruling],
    ) -> None:
        """Make a relay; ``auth_key`` is ours, ``rules`` gives those in force for its thread."""
        self.counts = RelayCounts()
        self.serving = ServingCounts()
        self._server = Server(self.name, _serving_of(plan), self.serving)
        self._outlet = _Outlet(Passage(plan, self.counts, auth_key=auth_key, rules=rules))

    @property
    def addresses(self) -> tuple[Listen, ...]:
        """Where it listens, once it does."""
        return self._server.addresses

    def start(self, sink: Sink) -> None:
        """Begin to take in. Raises InputError."""
        self._outlet.sink = sink
        self._server.start(_Packets(self._outlet, self.counts, sink))

    def stop(self) -> None:
        """Take what has arrived, and end."""
        self._server.stop()

    def trouble(self) -> str:
        """Return what keeps it from taking in."""
        return self._server.trouble()


class _Outlet:
    """Collects packets that are passed on, and hands them over in runs of one type."""

    def __init__(self, passage: Passage) -> None:
        self.sink: Sink | None = None
        self._passage = passage
        self._run: list[bytes] = []
        self._kind = 0

    def put(self, data: bytes, received_at_us: int) -> None:
        passed = self._passage.take(data, received_at_us)
        if passed is None:
            return
        if passed.kind != self._kind:
            self.flush()
            self._kind = passed.kind
        self._run.append(passed.packet)

    def flush(self) -> None:
        if self._run and self.sink is not None:
            run, self._run = self._run, []
            self.sink.take_packets(run, self._kind)


class _Packets:
    """What arrives, as packets; agents of ours are told how far theirs are safe."""

    def __init__(self, outlet: _Outlet, counts: RelayCounts, sink: Sink) -> None:
        self.counts = counts
        self.outlet = outlet
        self.senders = NumberingSenders()
        self.throttle = Throttle(get_logger("capture.relay"))
        self._sink = sink
        self._waiting: set[_Stream] = set()

    def take_datagrams(self, datagrams: Sequence[tuple[bytes, Address]], local: Address) -> None:
        del local
        now_us, put = time_ns() // 1000, self.outlet.put
        for data, _ in datagrams:
            put(data, now_us)

    def open_stream(self, peer: Address, local: Address, answer: Answer) -> "_Stream":
        del local
        return _Stream(self, peer, answer)

    def await_safety(self, stream: "_Stream") -> None:
        """Have a stream told how far its packets are safe."""
        self._waiting.add(stream)

    def flush(self) -> None:
        self.outlet.flush()
        if self._waiting:
            position = self._sink.position()
            self._waiting = {
                stream for stream in self._waiting if not stream.tell(position, self._sink.is_safe)
            }

    @property
    def pause_seconds(self) -> float:
        return _ANSWER_SECONDS if self._waiting else math.inf


class _Stream:
    """One connection."""

    def __init__(self, packets: _Packets, peer: Address, answer: Answer) -> None:
        self._packets = packets
        self._peer = peer
        self._answer = answer
        self._decoder = StreamDecoder()
        self._sender: NumberingSender | None = None
        self._answered = -1
        self._has_ended = False

    def feed(self, data: bytes) -> bool:
        decoder, counts = self._decoder, self._packets.counts
        skipped = decoder.skipped_bytes
        try:
            packets = decoder.feed(data)
        except DecodeError:
            packets = []
        counts.skipped_bytes += decoder.skipped_bytes - skipped
        self._take(packets)
        failure = decoder.failure
        if failure is None:
            return True
        counts.refused[failure.reason] += 1
        self._packets.throttle.warning(
            failure.reason, "closed the stream of %s: %s", self._peer[0], failure.reason
        )
        return False

    def finish(self) -> None:
        self._has_ended = True
        self._packets.counts.cut_at_close += not self.is_between

    @property
    def is_between(self) -> bool:
        return not self._decoder.buffered

    def tell(self, position: Position, is_safe: Callable[[Position], bool]) -> bool:
        """Tell the agent what is safe by now; return whether there is nothing more to tell."""
        sender = self._sender
        if sender is None or self._has_ended:
            return True
        sender.mark(position)
        safe = sender.safe
        if sender.settle(is_safe):
            self._packets.counts.acknowledged += sender.safe - safe
        if self._answered != sender.safe and self._answer(encode_ack(sender.origin, sender.safe)):
            self._answered = sender.safe
        return sender.is_settled and self._answered == sender.safe

    def _take(self, packets: Sequence[bytes]) -> None:
        now_us, put, counts = time_ns() // 1000, self._packets.outlet.put, self._packets.counts
        for packet in packets:
            if len(packet) <= LONGEST_HELLO and (origin := origin_of_hello(packet)):
                counts.received += 1
                counts.greetings += 1
                self._sender, self._answered = self._packets.senders.of(origin), -1
                continue
            sender = self._sender
            numbered = without_number(packet, sender.origin) if sender else None
            if sender is None or numbered is None:
                put(packet, now_us)
            elif sender.take(numbered[0]):
                put(numbered[1], now_us)
            else:
                counts.received += 1
                counts.repeated += 1
        if self._sender is not None and packets:
            self._packets.await_safety(self)


def _serving_of(plan: RelayPlan) -> ServingPlan:
    return ServingPlan(
        plan.listen,
        plan.peers,
        plan.connections,
        plan.idle_seconds,
        Identity(plan.certificate, plan.key, plan.client_ca),
    )
