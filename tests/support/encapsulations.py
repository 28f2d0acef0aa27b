"""Builders of tunnels and of SCTP, around the packets of ``support.frames``.

Like those they share no code with what reads them.
"""

import struct
from collections.abc import Sequence

from support.frames import ethernet, ethertype

MACS = bytes.fromhex("020000000b02 02000000a001")
"""Destination and source of a frame inside a tunnel."""

VNI = 0x00ABCD


def between(frame: bytes, macs: bytes = MACS) -> bytes:
    """An Ethernet frame with these cards' addresses, destination first."""
    return macs + frame[12:]


def vxlan(frame: bytes, *, flags: int = 0x08, number: int = VNI) -> bytes:
    """A VXLAN head and the Ethernet frame in it."""
    return struct.pack("!B3xI", flags, number << 8) + frame


def hp_mirror(frame: bytes) -> bytes:
    """HP's head of remote mirroring and the Ethernet frame in it."""
    return bytes(11) + b"\x80" + frame


def gre(
    payload: bytes,
    kind: int = -1,
    *,
    checksum: bool = False,
    key: int | None = None,
    sequence: int | None = None,
    flags: int = 0,
) -> bytes:
    """A GRE head, with what is given, and what it carries; kind -1 = the payload's IP version."""
    flags |= checksum << 15 | (key is not None) << 13 | (sequence is not None) << 12
    head = struct.pack("!HH", flags, ethertype(payload) if kind < 0 else kind)
    words = [0] if checksum else []
    words += [value for value in (key, sequence) if value is not None]
    return head + b"".join(struct.pack("!I", word) for word in words) + payload


def erspan_1(frame: bytes) -> bytes:
    """GRE without a sequence number around a frame."""
    return gre(frame, 0x88BE)


def erspan_2(frame: bytes, *, vlan: int = 0, session: int = 5) -> bytes:
    """A head of the second form, in GRE."""
    head = struct.pack("!HHI", 1 << 12 | vlan, session, 0)
    return gre(head + frame, 0x88BE, sequence=1)


def erspan_3(
    frame: bytes, *, vlan: int = 0, session: int = 5, kind: int = 0, more: bool = False
) -> bytes:
    """A head of the third form, with or without its optional part, in GRE."""
    head = struct.pack("!HHIHH", 2 << 12 | vlan, session, 0x01020304, 0, kind << 10 | int(more))
    return gre(head + (bytes(8) if more else b"") + frame, 0x22EB, sequence=1)


def mpls(packet: bytes, labels: int = 1) -> bytes:
    """A packet behind labels."""
    words = [0x00010040 | (0x100 if left == 1 else 0) for left in range(labels, 0, -1)]
    return b"".join(struct.pack("!I", word) for word in words) + packet


def pppoe(packet: bytes) -> bytes:
    """A packet in a PPPoE session."""
    protocol = 0x57 if ethertype(packet) == 0x86DD else 0x21
    return struct.pack("!BBHHH", 0x11, 0, 1, len(packet) + 2, protocol) + packet


def cooked(packet: bytes, kind: int = 0) -> bytes:
    """Linux's cooked capture, of the first form."""
    return struct.pack("!HHH8sH", 0, 1, 6, MACS[6:], kind or ethertype(packet)) + packet


def cooked_2(packet: bytes, kind: int = 0) -> bytes:
    """Linux's cooked capture, of the second form, which ``tcpdump -i any`` writes."""
    head = struct.pack("!HHIHBB8s", kind or ethertype(packet), 0, 2, 1, 0, 6, MACS[6:])
    return head + packet


def tagged(packet: bytes, *tags: int, outer: int = 0x88A8) -> bytes:
    """A frame in VLANs, outermost first."""
    kinds = [outer] * (len(tags) - 1) + [0x8100]
    return between(ethernet(packet, tags=list(zip(kinds, tags, strict=True))))


def sctp(
    chunks: Sequence[bytes], *, ports: tuple[int, int] = (5060, 5070), tag: int = 0x01020304
) -> bytes:
    """An SCTP packet that bundles chunks."""
    return struct.pack("!HHII", *ports, tag, 0) + b"".join(chunks)


def chunk(kind: int, flags: int, body: bytes) -> bytes:
    """A chunk of any type, padded."""
    head = struct.pack("!BBH", kind, flags, 4 + len(body))
    return head + body + bytes(-len(body) % 4)


def data(
    payload: bytes, tsn: int, *, first: bool = True, last: bool = True, order: int = 0,
    stream: int = 0,
) -> bytes:  # fmt: skip
    """A DATA chunk; ``order`` is the message's number in its stream."""
    head = struct.pack("!IHHI", tsn % 2**32, stream, order, 0)
    return chunk(0, first << 1 | last, head + payload)


def i_data(
    payload: bytes, tsn: int, *, first: bool = True, last: bool = True, message: int = 0,
    piece: int = 0, stream: int = 0,
) -> bytes:  # fmt: skip
    """An I-DATA chunk, piece by piece of a message."""
    head = struct.pack("!IHHII", tsn % 2**32, stream, 0, message, 0 if first else piece)
    return chunk(64, first << 1 | last, head + payload)


def pieces(payload: bytes, size: int, tsn: int, *, order: int = 0, stream: int = 0) -> list[bytes]:
    """A message as DATA chunks with so many bytes each."""
    starts = range(0, len(payload), size)
    return [
        data(
            payload[at : at + size],
            tsn + number,
            first=at == 0,
            last=at + size >= len(payload),
            order=order,
            stream=stream,
        )
        for number, at in enumerate(starts)
    ]
