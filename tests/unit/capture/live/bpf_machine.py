"""A classic BPF machine, after the kernel's description, to see what a program lets through."""

import struct

NETWORK_HEAD, ANCILLARY = 0xFFF00000, 0xFFFFF000
_SIZES = {0x00: 4, 0x08: 2, 0x10: 1}
_MASK = 0xFFFFFFFF


class OutsideError(Exception):
    """A load behind the packet's end: the packet is refused."""


class _Machine:
    """Registers, memory, and the packet."""

    def __init__(self, packet: bytes, known: dict[int, int], network_at: int) -> None:
        self.packet = packet
        self.known = known
        self.network_at = network_at
        self.a = self.x = 0
        self.scratch = [0] * 16

    def load(self, offset: int, size: int) -> int:
        offset &= _MASK
        if offset >= ANCILLARY:
            return self.known[offset - ANCILLARY]
        if offset >= NETWORK_HEAD:
            offset += self.network_at - NETWORK_HEAD
        if offset + size > len(self.packet):
            raise OutsideError
        return int.from_bytes(self.packet[offset : offset + size], "big")

    def load_a(self, code: int, k: int) -> int:
        mode, size = code & 0xE0, _SIZES[code & 0x18]
        if mode == 0x00:
            return k
        if mode == 0x60:
            return self.scratch[k]
        return self.load({0x20: 0, 0x40: self.x}[mode] + k, size)

    def load_x(self, code: int, k: int) -> int:
        if code & 0xE0 == 0xA0:
            return 4 * (self.load(k, 1) & 15)
        return self.scratch[k] if code & 0xE0 == 0x60 else k

    def calculate(self, code: int, k: int) -> int:
        a, value = self.a, self.x if code & 0x08 else k
        found = {
            0x00: a + value,
            0x10: a - value,
            0x20: a * value,
            0x40: a | value,
            0x50: a & value,
            0x60: a << (value & 31),
            0x70: a >> (value & 31),
        }
        return found[code & 0xF0] & _MASK

    def holds(self, code: int, k: int) -> bool:
        a, value = self.a, self.x if code & 0x08 else k
        found = {0x10: a == value, 0x20: a > value, 0x30: a >= value, 0x40: bool(a & value)}
        return found[code & 0xF0]


def run(
    program: bytes,
    packet: bytes,
    *,
    device: int = 1,
    packet_type: int = 0,
    protocol: int = 0,
    network_at: int = 0,
) -> int:
    """Return how many bytes of a packet the program takes; 0 = it is refused."""
    known = {0: protocol, 4: packet_type, 28: device}
    try:
        return _run(program, _Machine(packet, known, network_at))
    except OutsideError:
        return 0


def _run(program: bytes, machine: _Machine) -> int:
    steps = list(struct.iter_unpack("=HBBI", program))
    at = 0
    while True:
        code, yes, no, k = steps[at]
        at += 1
        kind = code & 0x07
        if kind == 0x06:
            return machine.a if code & 0x10 else int(k)
        if kind == 0x00:
            machine.a = machine.load_a(code, k)
        elif kind == 0x01:
            machine.x = machine.load_x(code, k)
        elif kind in (0x02, 0x03):
            machine.scratch[k] = machine.a if kind == 0x02 else machine.x
        elif kind == 0x04:
            machine.a = machine.calculate(code, k)
        elif code == 0x05:
            at += k
        elif kind == 0x05:
            at += yes if machine.holds(code, k) else no
        elif code & 0x80:
            machine.a = machine.x
        else:
            machine.x = machine.a
