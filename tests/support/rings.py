"""Rings as the kernel fills them, laid out as linux/if_packet.h says; and what is in them, read."""

import mmap
import struct
from dataclasses import dataclass

from hepscope_capture.frame import Frame
from hepscope_capture.live.packet_socket import BLOCK_BYTES
from hepscope_capture.live.ring import Ring, RingCounts


@dataclass
class Shown:
    """A packet as the kernel shows it."""

    frame: bytes
    wire: int = -1
    status: int = 1
    tag: int = 0
    tag_type: int = 0
    protocol: int = 0x0800
    device: int = 1
    link_bytes: int = 14

    def encoded(self, *, is_last: bool) -> bytes:
        """Head, address, padding, frame; the next packet at a multiple of eight."""
        network = (68 + max(self.link_bytes, 16) + 15) // 16 * 16
        link = network - self.link_bytes
        wire = len(self.frame) if self.wire < 0 else self.wire
        size = (link + len(self.frame) + 7) // 8 * 8
        head = struct.pack(
            "=6I2H2I2H8x", 0 if is_last else size, 1_700_000_000, 123_456_789, len(self.frame),
            wire, self.status, link, network, 0, self.tag, self.tag_type, 0,
        )  # fmt: skip
        place = struct.pack(
            "=H2siHBB8s", 17, self.protocol.to_bytes(2, "big"), 3, self.device, 0, 6, b""
        )
        return (head + place).ljust(link, b"\0") + self.frame.ljust(size - link, b"\0")


def ring_of(*blocks: list[Shown]) -> tuple[mmap.mmap, Ring, RingCounts]:
    """A ring of two blocks, those given handed over."""
    memory = mmap.mmap(-1, 2 * BLOCK_BYTES)
    for number, packets in enumerate(blocks):
        body = b"".join(
            one.encoded(is_last=at == len(packets) - 1) for at, one in enumerate(packets)
        )
        head = struct.pack("=IIIIIIQIIII", 1, 0, 1, len(packets), 48, 48 + len(body), 1, 0, 0, 0, 0)
        memory[number * BLOCK_BYTES : number * BLOCK_BYTES + 48 + len(body)] = head + body
    counts = RingCounts()
    return memory, Ring(memory, counts), counts


def read(ring: Ring) -> list[Frame] | None:
    """The frames of the next block, None when it is not ready."""
    frames: list[Frame] = []

    def work(one: Ring, at: int, count: int) -> None:
        for _ in range(count):
            frames.append(one.frame(at))
            at = one.next_place(at)

    return frames if ring.work_off(work) else None
