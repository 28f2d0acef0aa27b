"""RTCP that came before the SIP that tells its call: held for some seconds, within bounds."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.media.calls import Flow

HOLD_US = 10_000_000
MAX_OF_KEY = 64


class Held(NamedTuple):
    """A datagram that waits; number is its place in the order of arrival."""

    number: int
    datagram: Datagram
    flow: Flow


class Waiting:
    """What waits, in the order of arrival."""

    def __init__(self, max_datagrams: int, max_bytes: int) -> None:
        self._max_datagrams = max_datagrams
        self._max_bytes = max_bytes
        self._held: dict[int, Held] = {}
        self._by_key: dict[bytes | int, dict[int, None]] = {}
        self._next = 0
        self.bytes = 0

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._held)

    def hold(self, datagram: Datagram, flow: Flow) -> Iterator[Held]:
        """Hold one; what had to give way for it comes out, the oldest first."""
        held = Held(self._next, datagram, flow)
        self._next += 1
        self._held[held.number] = held
        self.bytes += len(datagram.payload)
        for key in _keys(flow):
            self._by_key.setdefault(key, {})[held.number] = None
        while len(self._held) > self._max_datagrams or self.bytes > self._max_bytes:
            yield self.release(next(iter(self._held)))

    def of(self, keys: Iterable[bytes | int]) -> list[Held]:
        """Return what waits for one of these keys, in the order of arrival.

        Of each key the newest MAX_OF_KEY only: what waits at a bridge's one port is not looked at
        again for each call of the bridge. The others are when they are due.
        """
        numbers: set[int] = set()
        for key in keys:
            waiting = self._by_key.get(key)
            if waiting is not None:
                numbers.update(islice(reversed(waiting), MAX_OF_KEY))
        return [self._held[number] for number in sorted(numbers)]

    def release(self, number: int) -> Held:
        """Let one go."""
        held = self._held.pop(number)
        self.bytes -= len(held.datagram.payload)
        for key in _keys(held.flow):
            waiting = self._by_key.get(key)
            if waiting is not None:
                waiting.pop(number, None)
                if not waiting:
                    del self._by_key[key]
        return held

    def due(self, time_us: int) -> Iterator[Held]:
        """Let go what has waited for long enough, or is of another time altogether."""
        while self._held:
            first = next(iter(self._held.values()))
            if abs(time_us - first.datagram.time_us) < HOLD_US:
                return
            yield self.release(first.number)

    def all(self) -> Iterator[Held]:
        """Let go everything."""
        while self._held:
            yield self.release(next(iter(self._held)))


def _keys(flow: Flow) -> tuple[bytes | int, ...]:
    return flow.source, flow.destination, flow.ssrc, flow.about
