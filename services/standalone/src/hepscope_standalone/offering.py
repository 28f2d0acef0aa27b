"""Offering packets again to a HEP server, as if their sender had sent them once more.

What ingest wrote into a packet (arrival, peer, routing key) and its number are left out: it is a
new packet to whoever takes it, and under its old number it would be skipped as stored already.
Bytes that are no HEP3 packet go as they are by UDP, and not at all by TCP, where they would spoil
the packets behind them.
"""

from dataclasses import dataclass
from types import TracebackType
from typing import Self

from hep import DecodeError, EncodeError, decode3, encode3
from hepscope_capture.clock import Clock, SystemClock
from hepscope_capture.delivery.direct import DirectDelivery, SendError
from hepscope_capture.senders.target import Scheme, Target, parse_target
from hepscope_common.runtime import StartupError

UDP_RATE = 5000.0
"""Packets a second by UDP, which loses what comes faster than it is read, without a word."""

PACE_SECONDS = 0.01
"""A pause shorter than this is not worth the call."""


@dataclass(slots=True)
class OfferCounts:
    """What became of the packets."""

    sent: int = 0
    skipped: int = 0
    """Not HEP3, and the target takes nothing else."""
    too_large: int = 0
    """Larger than a datagram."""


class Offering:
    """A connection to a HEP server that packets are offered to; StartupError when it fails."""

    def __init__(
        self, target: Target, *, rate: float | None = None, clock: Clock | None = None
    ) -> None:
        self.counts = OfferCounts()
        self._target = target
        self._clock = clock or SystemClock()
        self._rate = rate or (UDP_RATE if target.scheme is Scheme.UDP else None)
        self._delivery = DirectDelivery(target)
        self._offered = 0
        self._began = 0.0

    def __enter__(self) -> Self:
        """Connect."""
        try:
            self._delivery.__enter__()
        except SendError as error:
            raise StartupError(str(error)) from error
        self._began = self._clock.elapsed_seconds()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self._delivery.__exit__(kind, error, trace)

    def offer(self, data: bytes) -> None:
        """Send one packet."""
        packet = as_sent(data)
        if packet is None and self._target.scheme is not Scheme.UDP:
            self.counts.skipped += 1
            return
        try:
            self._delivery.send(data if packet is None else packet)
            self._offered += 1
            self._pace()
        except SendError as error:
            raise StartupError(str(error)) from error

    def finish(self) -> None:
        """Wait until the server has everything, as far as that can be told."""
        try:
            self._delivery.finish()
        except SendError as error:
            raise StartupError(str(error)) from error
        counts = self._delivery.counts
        self.counts.sent, self.counts.too_large = counts.delivered, counts.dropped["too_large"]

    def _pace(self) -> None:
        if self._rate is None:
            return
        due = self._began + self._offered / self._rate
        ahead = due - self._clock.elapsed_seconds()
        if ahead > PACE_SECONDS:
            self._delivery.flush()
            self._clock.sleep(ahead)


def target_of(text: str) -> Target:
    """Return where ``udp://`` or ``tcp://`` leads; raises StartupError."""
    try:
        return parse_target(text)
    except ValueError as error:
        raise StartupError(str(error)) from error


def as_sent(data: bytes) -> bytes | None:
    """Return a packet of the bus as its sender sent it, None for what is no HEP3 packet."""
    try:
        packet = decode3(data)
        packet.received_at_us, packet.peer, packet.routing_key = 0, b"", b""
        packet.origin, packet.seq, packet.ack = b"", None, None
        packet.version, packet.quirks = 3, 0
        return encode3(packet)
    except (DecodeError, EncodeError):
        return None
