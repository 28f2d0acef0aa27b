"""HEP3 packets cut out of byte sequences: bus records, and TCP streams in any split.

The total length delimits a packet, there is nothing else between two. A record is ours, so
any deviation in it is refused. A stream comes from anybody: garbage is skipped up to the next
magic within 64 KiB, since senders exist whose lengths are a few bytes short.
"""

import re

from hep.chunks import ALTERNATIVE_MAGIC, HEAD, HEAD_BYTES, MAGIC, MAX_PACKET_BYTES
from hep.errors import DecodeError, Reason

MAX_GARBAGE_BYTES = 64 * 1024

_MAGICS = (MAGIC, ALTERNATIVE_MAGIC)
_LONGEST_CUT_MAGIC = len(MAGIC) - 1
# One pattern for both, so that a buffer full of false magics is searched once, not per magic.
_ANY_MAGIC = re.compile(b"|".join(re.escape(magic) for magic in _MAGICS))


def scan(record: bytes) -> list[bytes]:
    """The packets of a bus record, in order; each is whole, its chunks are not looked at.

    Raises DecodeError NOT_HEP, TRUNCATED or BAD_LENGTH with the offset in the record.
    """
    packets = []
    at, end = 0, len(record)
    while at < end:
        if at + HEAD_BYTES > end:
            raise DecodeError(Reason.TRUNCATED, at)
        magic, total = HEAD.unpack_from(record, at)
        if magic not in _MAGICS:
            raise DecodeError(Reason.NOT_HEP, at)
        if total < HEAD_BYTES:
            raise DecodeError(Reason.BAD_LENGTH, at + 4)
        stop = at + total
        if stop > end:
            raise DecodeError(Reason.TRUNCATED, at + 4)
        packets.append(record[at:stop])
        at = stop
    return packets


class StreamDecoder:
    """Cuts one connection's bytes into HEP3 packets; memory is bounded by one packet.

    The result depends on the bytes alone, never on how they were split. Bytes are copied once
    per packet, not once per read, so single-byte reads cost no more than they must.
    """

    def __init__(self, max_buffer: int = MAX_PACKET_BYTES) -> None:
        self.max_buffer = max_buffer
        self.skipped_bytes = 0
        self.failure: DecodeError | None = None
        self._rest = bytearray()
        self._needed = HEAD_BYTES
        self._garbage = 0
        self._offset = 0

    @property
    def buffered(self) -> int:
        """Bytes held back because their packet is not whole yet."""
        return len(self._rest)

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that these bytes complete.

        Raises DecodeError once the stream is lost: NOT_HEP when no magic came within 64 KiB,
        TOO_LARGE for a packet above max_buffer. Packets before the loss are returned first;
        then failure is set and the next call raises. The connection must be closed.
        """
        if self.failure is not None:
            raise self.failure
        rest = self._rest
        if len(rest) + len(data) < self._needed:
            rest += data
            return []
        if rest:
            data = bytes(rest) + data
            rest.clear()
        packets: list[bytes] = []
        at, self.failure = self._cut(data, packets)
        self._offset += at
        if self.failure is not None:
            if not packets:
                raise self.failure
            return packets
        rest += data[at:]
        return packets

    def _cut(self, data: bytes, packets: list[bytes]) -> tuple[int, DecodeError | None]:
        """Append whole packets; return the offset of the first byte still needed."""
        at, end = 0, len(data)
        while end - at >= HEAD_BYTES:
            magic, total = HEAD.unpack_from(data, at)
            if magic not in _MAGICS or total < HEAD_BYTES:
                at = self._skip(data, at)
                if self._garbage > MAX_GARBAGE_BYTES:
                    return at, DecodeError(Reason.NOT_HEP, self._offset + at)
                continue
            if total > self.max_buffer:
                return at, DecodeError(Reason.TOO_LARGE, self._offset + at + 4)
            if total > end - at:
                self._needed = total
                return at, None
            packets.append(data[at : at + total])
            self._garbage = 0
            at += total
        self._needed = HEAD_BYTES
        return at, None

    def _skip(self, data: bytes, at: int) -> int:
        """Offset of the next possible magic behind at; what lies between counts as garbage."""
        found = _ANY_MAGIC.search(data, at + 1)
        # The last three bytes may be the start of a magic that is still to come.
        nearest = found.start() if found else max(at + 1, len(data) - _LONGEST_CUT_MAGIC)
        self._garbage += nearest - at
        self.skipped_bytes += nearest - at
        return nearest
