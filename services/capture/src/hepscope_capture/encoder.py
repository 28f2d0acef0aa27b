"""Messages to bytes of HEP3: what ``encode3`` gives, for the usual ones at a third of its price.

Of one agent's packets most bytes are the same. What differs are addresses, ports and time, at
fixed places; around them are pieces that are taken from a packet that ``encode3`` made. Behind the
payload stands what only some networks have: VLAN, MAC addresses, type of service; few of these
differ, so they are kept.
"""

import contextlib
import struct

from hep import EncodeError, encode3
from hep.chunks import (
    AUTH_KEY,
    CHUNK_HEAD_BYTES,
    CORRELATION_ID,
    KEY_AND_LENGTH,
    MAGIC,
    MAX_PACKET_BYTES,
    PAYLOAD,
    chunk,
)
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.packets import Labels, extra_of, packet_of

# Magic, length, family; protocol, addresses, ports, seconds, microseconds, each behind its head;
# the head of the type.
_V4 = struct.Struct("!4sH7s6sB6s4s6s4s6sH6sH6sI6sI6sB")
_V6 = struct.Struct("!4sH7s6sB6s16s6s16s6sH6sH6sI6sI6sB")

_LAST_SECOND = 0xFFFFFFFF
_BYTE = 0xFF

# Pairs of machines on a network, times its VLANs and classes; beyond, they are made anew.
_KEPT_EXTRAS = 4096


class _Shape:
    """The pieces of a packet with addresses of one width."""

    def __init__(self, form: struct.Struct, sample: bytes, key: bytes) -> None:
        """Take them from a packet whose payload is one byte, its last; before it is the key."""
        _, _, self.family, *fields = form.unpack_from(sample)
        self.heads: list[bytes] = fields[0::2]
        self.pack = form.pack
        self.labels = sample[form.size : -CHUNK_HEAD_BYTES - 1 - len(key)]
        self.size = form.size + len(self.labels) + len(key) + CHUNK_HEAD_BYTES


class Encoder:
    """Encodes for one agent."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self._key = b""
        self._extras: dict[tuple[bytes, int, int, int, int], bytes] = {(b"", 0, 0, 0, 0): b""}
        self._shapes: dict[int, _Shape] = {}
        for width, form in ((4, _V4), (16, _V6)):
            sample = Datagram(0, 0, bytes(width), 0, bytes(width), 0, b"x")
            # With labels that HEP cannot carry each message is refused, one by one.
            with contextlib.suppress(EncodeError):
                known = self._by_the_book(sample, 0)
                if labels.auth_key is not None:
                    self._key = chunk(0, AUTH_KEY, labels.auth_key)
                self._shapes[width] = _Shape(form, known, self._key)

    def encode(self, datagram: Datagram, time_us: int) -> bytes:
        """Return a message as HEP, seen at a time. Raises EncodeError."""
        payload = datagram.payload
        shape = self._shapes.get(len(datagram.source))
        if shape is None or not payload:
            return self._by_the_book(datagram, time_us)
        extra = self._extra(datagram)
        name = datagram.correlation_id
        total = (
            shape.size + len(payload) + len(extra) + (len(name) + CHUNK_HEAD_BYTES if name else 0)
        )
        seconds, micros = divmod(time_us, 1_000_000)
        if total > MAX_PACKET_BYTES or seconds > _LAST_SECOND or datagram.kind > _BYTE:
            return self._by_the_book(datagram, time_us)
        h2, h3, h4, h7, h8, h9, h10, h11 = shape.heads
        start = shape.pack(
            MAGIC, total, shape.family,
            h2, datagram.protocol,
            h3, datagram.source,
            h4, datagram.destination,
            h7, datagram.source_port,
            h8, datagram.destination_port,
            h9, seconds,
            h10, micros,
            h11, datagram.kind,
        )  # fmt: skip
        head = KEY_AND_LENGTH.pack(PAYLOAD, CHUNK_HEAD_BYTES + len(payload))
        call = chunk(0, CORRELATION_ID, name) if name else b""
        return b"".join((start, shape.labels, call, self._key, head, payload, extra))

    def _extra(self, datagram: Datagram) -> bytes:
        """Return the chunks behind the payload."""
        key = (datagram.macs, datagram.vlan, datagram.tos, datagram.flags, datagram.mos)
        found = self._extras.get(key)
        if found is None:
            if len(self._extras) >= _KEPT_EXTRAS:
                self._extras.clear()
            found = b"".join(chunk(*one) for one in extra_of(datagram))
            self._extras[key] = found
        return found

    def _by_the_book(self, datagram: Datagram, time_us: int) -> bytes:
        return encode3(packet_of(datagram, self._labels, time_us))
