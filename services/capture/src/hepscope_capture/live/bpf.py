"""Classic BPF: a program written with labels, as the bytes that the kernel takes.

An instruction is ``struct sock_filter``: code u16, jump if true u8, jump if false u8, k u32, in
the machine's byte order. Conditional jumps reach 255 instructions; where that is too near, they
jump to unconditional ones behind them. All jumps lead forward, as the kernel demands.
"""

import struct
from dataclasses import dataclass
from typing import TypeAlias

# linux/bpf_common.h
LOAD_WORD = 0x20  # of an absolute offset
LOAD_WORD_X, LOAD_HALF_X, LOAD_BYTE_X = 0x40, 0x48, 0x50  # of X + k
LOAD_CONSTANT, LOAD_SCRATCH = 0x00, 0x60
LOAD_X_CONSTANT, LOAD_X_SCRATCH = 0x01, 0x61
STORE_SCRATCH = 0x02
ADD, ADD_X, MULTIPLY, OR, AND = 0x04, 0x0C, 0x24, 0x44, 0x54
SHIFT_LEFT, SHIFT_RIGHT = 0x64, 0x74
TO_X, FROM_X = 0x07, 0x87
JUMP, JUMP_EQUAL, JUMP_GREATER_EQUAL, JUMP_GREATER, JUMP_SET = 0x05, 0x15, 0x35, 0x25, 0x45
RETURN = 0x06

# What the kernel knows of a packet besides its bytes (linux/filter.h).
ANCILLARY = 0xFFFFF000
PROTOCOL, PACKET_TYPE, DEVICE_TYPE = ANCILLARY, ANCILLARY + 4, ANCILLARY + 28
NETWORK_HEAD = 0xFFF00000

MAX_INSTRUCTIONS = 4096
INSTRUCTION_BYTES = 8

_FORMAT = struct.Struct("=HBBI")
_REACH = 255

Program: TypeAlias = bytes
"""Instructions of eight bytes each."""


class ProgramTooLongError(ValueError):
    """More instructions than the kernel takes."""


@dataclass(slots=True)
class _Step:
    """An instruction, or with code None the place of a label."""

    code: int | None
    k: int = 0
    yes: str = ""  # label; empty = the next instruction
    no: str = ""
    is_far: bool = False

    @property
    def size(self) -> int:
        if self.code is None:
            return 0
        return 3 if self.is_far else 1


class Assembler:
    """Takes instructions in order; ``program`` gives their bytes."""

    def __init__(self) -> None:
        self._steps: list[_Step] = []

    def do(self, code: int, k: int = 0) -> None:
        """Append an instruction without a jump."""
        self._steps.append(_Step(code, k & 0xFFFFFFFF))

    def jump(self, label: str) -> None:
        """Append an unconditional jump."""
        self._steps.append(_Step(JUMP, 0, label))

    def jump_if(self, code: int, k: int, *, yes: str = "", no: str = "") -> None:
        """Append a conditional jump; where no label is given the next instruction follows."""
        self._steps.append(_Step(code, k, yes, no))

    def label(self, name: str) -> None:
        """Have jumps to this label come out here."""
        self._steps.append(_Step(None, 0, name))

    def move_x(self, size: int) -> None:
        """Move X on; A is lost."""
        self.do(FROM_X)
        self.do(ADD, size)
        self.do(TO_X)

    def program(self) -> Program:
        """Return the bytes. Raises ProgramTooLongError."""
        places, total = self._places()
        if total > MAX_INSTRUCTIONS:
            raise ProgramTooLongError(f"the filter needs {total} instructions")
        out: list[bytes] = []
        for step in self._steps:
            out += _encoded(step, len(out), places)
        return b"".join(out)

    def _places(self) -> tuple[dict[str, int], int]:
        """Return where each label comes out, and how many instructions there are."""
        while True:
            places, at = {"": 0}, 0
            starts = []
            for step in self._steps:
                starts.append(at)
                if step.code is None:
                    places[step.yes] = at
                at += step.size
            if not self._lengthen(places, starts):
                return places, at

    def _lengthen(self, places: dict[str, int], starts: list[int]) -> bool:
        """Mark the conditional jumps that do not reach; return whether there were any."""
        found = False
        for step, at in zip(self._steps, starts, strict=True):
            if step.code in (None, JUMP) or step.is_far:
                continue
            if any(places[label] - at - 1 > _REACH for label in (step.yes, step.no) if label):
                step.is_far = found = True
        return found


def _encoded(step: _Step, at: int, places: dict[str, int]) -> list[bytes]:
    if step.code is None:
        return []

    def distance(label: str, start: int) -> int:
        return places[label] - start - 1 if label else 0

    if step.code == JUMP:
        return [_FORMAT.pack(JUMP, 0, 0, distance(step.yes, at))]
    if not step.is_far:
        yes, no = distance(step.yes, at), distance(step.no, at)
        return [_FORMAT.pack(step.code, yes, no, step.k)]
    # To the two jumps behind it; "the next instruction" is the one behind both.
    return [
        _FORMAT.pack(step.code, 0, 1, step.k),
        _FORMAT.pack(JUMP, 0, 0, distance(step.yes, at + 1) if step.yes else 1),
        _FORMAT.pack(JUMP, 0, 0, distance(step.no, at + 2) if step.no else 0),
    ]
