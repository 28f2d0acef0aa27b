"""The part of the filter's program that keeps our own packets out: what goes to servers of ours.

An address says only whether the packet may be one of them, since the port decides; so each level
notes which addresses are a server's, as bits, and the ports are compared behind that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hepscope_capture.live import bpf
from hepscope_capture.live import filter_words as words
from hepscope_capture.live.bpf import Assembler

_SOURCE_PORT_AT, _DESTINATION_PORT_AT = 0, 2

MOST = 16
"""As many ports as have two bits each in a word."""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Packed addresses at which one port is a server's that we send to."""

    number: int
    port: int
    addresses: Sequence[bytes]

    @property
    def sides(self) -> tuple[int, int]:
        """The bits for packets from and to them."""
        return 1 << 2 * self.number, 2 << 2 * self.number


def write_sides(
    code: Assembler,
    exclusions: Sequence[Exclusion],
    name: str,
    width: int,
    places: tuple[int, int],
) -> None:
    """Note which addresses of the packet at X are servers': so wide, at these two places."""
    if not exclusions:
        return
    code.do(bpf.LOAD_CONSTANT, 0)
    code.do(bpf.STORE_SCRATCH, words.SIDES)
    for exclusion in exclusions:
        for place, side in zip(places, exclusion.sides, strict=True):
            for number, address in enumerate(exclusion.addresses):
                if len(address) != width:
                    continue
                following = f"{name}-{side}-{number}"
                for at in range(0, width, 4):
                    code.do(bpf.LOAD_WORD_X, place + at)
                    word = int.from_bytes(address[at : at + 4], "big")
                    code.jump_if(bpf.JUMP_EQUAL, word, no=following)
                code.do(bpf.LOAD_SCRATCH, words.SIDES)
                code.do(bpf.OR, side)
                code.do(bpf.STORE_SCRATCH, words.SIDES)
                code.label(following)


def write_refusals(code: Assembler, exclusions: Sequence[Exclusion]) -> None:
    """Go to ``drop`` when a port, too, is a server's; X is at the ports."""
    for exclusion in exclusions:
        for place, side in zip(
            (_SOURCE_PORT_AT, _DESTINATION_PORT_AT), exclusion.sides, strict=True
        ):
            code.do(bpf.LOAD_SCRATCH, words.SIDES)
            code.jump_if(bpf.JUMP_SET, side, no=f"side-{side}")
            code.do(bpf.LOAD_HALF_X, place)
            code.jump_if(bpf.JUMP_EQUAL, exclusion.port, yes="drop")
            code.label(f"side-{side}")
