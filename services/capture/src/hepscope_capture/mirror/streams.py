"""The streams of RTP that are known now, in a bounded table, and what has become of others."""

import heapq
from collections.abc import Sequence

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.mirror.counts import RtpCounts
from hepscope_capture.mirror.sample import (
    HEAD,
    HEAD_BYTES,
    TYPE_MASK,
    TYPE_OF_RTCP,
    VERSION,
    VERSION_MASK,
    is_sampled,
)
from hepscope_capture.mirror.stream import Flow, Key, RtpStream

# Much that is not RTP looks like it, but not three times with the same SSRC.
_CERTAIN_AFTER = 3
_MOST_UNCERTAIN = 4096
_SWEEP_US = 10_000_000
# What is missing of a stream that pauses so long was not late.
_PAUSE_US = 10_000_000
_IDLE_US = 300_000_000
_LISTED = 10


class RtpStreams:
    """Datagrams in, counts out."""

    def __init__(
        self, counts: dict[str, RtpCounts], sample: int = 1, *, most: int = 20_000
    ) -> None:
        """Make a table that counts by place in ``counts``; ``most`` streams are known at a time."""
        self.place = ""
        """Where what comes next was seen: the name of an interface."""
        self._counts = counts
        self._sample = sample
        self._most = most
        self._table: dict[Key, RtpStream] = {}
        self._uncertain: dict[Key, RtpStream] = {}
        self._flows: dict[Flow, list[RtpStream]] = {}
        self._worst: list[RtpStream] = []  # of those that have ended
        self._swept_us = 0
        self._has_room = True

    def __len__(self) -> int:
        """Return how many streams are known."""
        return len(self._table)

    def adopt(self, sample: int) -> None:
        """Look at one in so many pairs of ports from now on; 0 = at none."""
        if sample != self._sample:
            self.finish()
        self._sample = sample

    def feed(self, datagram: Datagram) -> None:
        """Count a UDP datagram if it is RTP."""
        payload = datagram.payload
        if len(payload) < HEAD_BYTES:
            return
        first, kind, sequence, ssrc = HEAD(payload)
        if first & VERSION_MASK != VERSION or kind & TYPE_MASK == TYPE_OF_RTCP:
            return
        key = (
            datagram.source, datagram.source_port, datagram.destination, datagram.destination_port,
            ssrc,
        )  # fmt: skip
        stream = self._table.get(key)
        if stream is not None:
            stream.take(sequence, datagram.time_us)
        else:
            self._meet(key, kind & 0x7F, sequence, datagram.time_us)

    def expire(self, time_us: int) -> None:
        """Forget who is silent; to be called about once a second."""
        if 0 <= time_us - self._swept_us < _SWEEP_US:
            return
        self._swept_us = time_us
        self._has_room = True
        for stream in list(self._table.values()):
            silent_us = abs(time_us - stream.last_us)
            if silent_us >= _IDLE_US:
                self._forget(stream)
            elif silent_us >= _PAUSE_US:
                stream.settle()
        for stream in list(self._uncertain.values()):
            if abs(time_us - stream.last_us) >= _PAUSE_US:
                del self._uncertain[stream.key]

    def finish(self) -> None:
        """Count what is missing for good, and forget everything."""
        for stream in list(self._table.values()):
            self._forget(stream)
        self._uncertain.clear()

    def take_worst(self) -> Sequence[RtpStream]:
        """Return streams of which something is missing, or came twice, the worst first.

        Those that have ended are returned once.
        """
        ended, self._worst = self._worst, []
        return _worst([*ended, *self._table.values()])

    def one_way(self) -> int:
        """Return how many of the streams known now nothing comes back to; from any thread."""
        return sum(not one.has_return for one in list(self._table.values()))

    def _meet(self, key: Key, payload_type: int, sequence: int, time_us: int) -> None:
        """Count a packet of a stream that is new, or not certain yet."""
        stream = self._uncertain.get(key)
        if stream is None:
            if not is_sampled(key[1], key[3], self._sample):
                return
            if len(self._uncertain) >= _MOST_UNCERTAIN:
                del self._uncertain[next(iter(self._uncertain))]
            stream = RtpStream(key, self.place, payload_type, sequence, sequence, time_us, time_us)
            self._uncertain[key] = stream
        stream.take(sequence, time_us)
        if stream.packets >= _CERTAIN_AFTER:
            self._admit(stream)

    def _admit(self, stream: RtpStream) -> None:
        counts = self._counts.setdefault(stream.place, RtpCounts())
        if len(self._table) >= self._most:
            self._make_room(stream.last_us)
        del self._uncertain[stream.key]
        if len(self._table) >= self._most:
            counts.untracked += stream.packets
            return
        counts.add(stream.counts)
        counts.streams += 1
        stream.counts = counts
        self._table[stream.key] = stream
        self._flows.setdefault(stream.flow, []).append(stream)
        for other in self._flows.get(stream.back, ()):
            other.has_return = stream.has_return = True

    def _make_room(self, time_us: int) -> None:
        """Forget who pauses; not again before the next sweep when nobody does."""
        if not self._has_room:
            return
        for stream in list(self._table.values()):
            if time_us - stream.last_us >= _PAUSE_US:
                self._forget(stream)
        self._has_room = len(self._table) < self._most

    def _forget(self, stream: RtpStream) -> None:
        stream.settle()
        stream.counts.one_way += not stream.has_return
        del self._table[stream.key]
        flow = self._flows[stream.flow]
        flow.remove(stream)
        if not flow:
            del self._flows[stream.flow]
        if stream.missing or stream.duplicate:
            self._worst = _worst([*self._worst, stream])


def _worst(streams: Sequence[RtpStream]) -> list[RtpStream]:
    found = (one for one in streams if one.lacking or one.duplicate)
    return heapq.nlargest(_LISTED, found, key=lambda one: (one.lacking, one.duplicate))
