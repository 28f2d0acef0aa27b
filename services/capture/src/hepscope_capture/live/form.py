"""The bytes that all HEP packets of one agent have in common, by the width of their addresses."""

import struct

from hep.chunks import CHUNK_HEAD_BYTES, MAGIC
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.decode.transport import UDP
from hepscope_capture.encoder import Encoder

# Magic and length.
_HEAD_BYTES = 6


class Form:
    """What all packets with addresses of one width have in common."""

    def __init__(self, encoder: Encoder, width: int) -> None:
        """Take it from one whose payload is one byte, its last. Raises EncodeError."""
        nowhere = bytes(width)
        sample = encoder.encode(Datagram(0, UDP, nowhere, 0, nowhere, 0, b"x"), 0)
        at = [20, 26 + width, 32 + 2 * width, 40 + 2 * width]
        self._family = sample[_HEAD_BYTES:20]
        self._heads = [sample[one : one + CHUNK_HEAD_BYTES] for one in at]
        times = 48 + 2 * width
        self._seconds = sample[times : times + 6]
        self.micros = sample[times + 10 : times + 16]
        """Between seconds and microseconds."""
        self.labels = sample[times + 20 : -3]
        """Between microseconds and the length of the payload's chunk."""
        places = times + 6 - _HEAD_BYTES
        self.pack = struct.Struct(f"!{len(MAGIC)}sH{places}sI6sI{len(self.labels)}sH").pack
        """Takes magic, length, places, seconds, micros, microseconds, labels, chunk's length."""
        self.size = len(sample) - 1
        """Bytes of a packet beside its payload and what is behind that."""

    def places(self, source: bytes, destination: bytes, *ports: bytes) -> bytes:
        """Return what lies between a packet's length and its seconds; ports are two bytes each."""
        pieces = zip(self._heads, (source, destination, *ports), strict=True)
        return self._family + b"".join(part for pair in pieces for part in pair) + self._seconds
