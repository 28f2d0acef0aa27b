"""RTP as bytes, and what a mirror that is not right makes of it."""

import random
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from support.frames import ethernet, ipv4, ipv6, udp

PTIME_US = 20_000
PCMA = 8


@dataclass(frozen=True, slots=True)
class Voice:
    """A stream of one sender, twenty milliseconds a packet."""

    hosts: tuple[str, str] = ("192.0.2.10", "198.51.100.20")
    ports: tuple[int, int] = (30_000, 40_000)
    ssrc: int = 0x1234ABCD
    first: int = 1
    start_us: int = 1_700_000_000_000_000

    def back(self, ssrc: int = 0x99) -> "Voice":
        """Return the other direction."""
        return Voice(self.hosts[::-1], self.ports[::-1], ssrc, self.first, self.start_us)

    def time_us(self, number: int) -> int:
        """Return when a packet is sent."""
        return self.start_us + number * PTIME_US

    def payload(self, number: int) -> bytes:
        """Return a packet, counted from 0."""
        return rtp(self.first + number, self.ssrc, 160 * number)

    def frame(self, number: int) -> bytes:
        """Return it in its wrapping."""
        packet = ipv6 if ":" in self.hosts[0] else ipv4
        return ethernet(packet(udp(self.payload(number), ports=self.ports), hosts=self.hosts))


def rtp(sequence: int, ssrc: int, timestamp: int = 0, payload_type: int = PCMA) -> bytes:
    """Return a packet (RFC 3550 section 5.1)."""
    head = struct.pack(
        "!BBHII", 0x80, payload_type, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc
    )
    return head + bytes(160)


@dataclass(frozen=True, slots=True)
class Fault:
    """What was done to the packets of a stream."""

    shown: Sequence[int]
    """Numbers, in the order in which the mirror showed them."""
    missing: int
    """Between the lowest and the highest that were shown."""
    duplicate: int


def shown(count: int, seed: int, *, loss: float, twice: float, late: float) -> Fault:
    """Lose some of so many packets, show some twice and some late, by these shares."""
    dice = random.Random(seed)
    kept = [number for number in range(count) if dice.random() >= loss] or [0]
    places = [(number + dice.uniform(0, 9) * (dice.random() < late), number) for number in kept]
    again = [number for number in kept if dice.random() < twice]
    places += [(number + dice.uniform(0, 9), number) for number in again]
    return Fault(
        [number for _, number in sorted(places)],
        kept[-1] - kept[0] + 1 - len(kept),
        len(again),
    )
