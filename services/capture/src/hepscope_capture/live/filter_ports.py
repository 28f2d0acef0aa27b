"""The end of the filter's program, for packets of every level: ports, RTCP, and what is our own.

X is at the transport's head, whose number is in words.PROTOCOL.
"""

from collections.abc import Iterable, Sequence

from hepscope_capture.live import bpf
from hepscope_capture.live import filter_words as words
from hepscope_capture.live.bpf import Assembler
from hepscope_capture.live.filter_exclusions import Exclusion, write_refusals
from hepscope_capture.mirror import sample

_UDP = 17
_SOURCE_AT, _DESTINATION_AT = 0, 2
_RTP_AT = 8
# Version 2, and the types 192 to 223, which are none of RTP's (RFC 5761 section 4).
_RTCP_AT, _RTCP_MASK, _RTCP = 8, 0xC0E0, 0x80C0


def write_ports(
    code: Assembler,
    ports: Sequence[tuple[int, int]],
    log_ports: Sequence[tuple[int, int]],
    exclusions: Sequence[Exclusion],
    *,
    rtcp: bool,
    rtp_sample: int,
) -> None:
    """Go to ``pass`` with what is wanted, to ``drop`` with the rest."""
    code.label("ports")
    for place in (_SOURCE_AT, _DESTINATION_AT):
        code.do(bpf.LOAD_HALF_X, place)
        _write_ranges(code, f"port-{place}", ports)
    if log_ports or rtcp or rtp_sample:
        code.do(bpf.LOAD_SCRATCH, words.PROTOCOL)
        code.jump_if(bpf.JUMP_EQUAL, _UDP, no="drop")
    if log_ports:
        code.do(bpf.LOAD_HALF_X, _DESTINATION_AT)
        _write_ranges(code, "log-port", log_ports)
    if rtcp:
        code.do(bpf.LOAD_HALF_X, _RTCP_AT)
        code.do(bpf.AND, _RTCP_MASK)
        code.jump_if(bpf.JUMP_EQUAL, _RTCP, yes="pass")
    if rtp_sample:
        _write_rtp(code, rtp_sample)
    code.jump("drop")
    code.label("wanted")
    write_refusals(code, exclusions)


def _write_rtp(code: Assembler, sample_size: int) -> None:
    """Go to ``pass`` with RTP of one in so many pairs of ports, as ``mirror.sample`` has it."""
    code.do(bpf.LOAD_HALF_X, _RTP_AT)
    code.do(bpf.AND, sample.VERSION_MASK << 8)
    code.jump_if(bpf.JUMP_EQUAL, sample.VERSION << 8, no="drop")
    code.do(bpf.LOAD_HALF_X, _RTP_AT)
    code.do(bpf.AND, sample.TYPE_MASK)
    code.jump_if(bpf.JUMP_EQUAL, sample.TYPE_OF_RTCP, yes="drop")
    for place in (_SOURCE_AT, _DESTINATION_AT):
        code.do(bpf.LOAD_HALF_X, place)
        code.jump_if(bpf.JUMP_GREATER_EQUAL, sample.LOWEST_PORT, no="drop")
    share = sample.share(sample_size)
    if share < sample.WHOLE:
        # The destination's port is at hand; X is not needed any more.
        code.do(bpf.STORE_SCRATCH, words.WORD)
        code.do(bpf.LOAD_HALF_X, _SOURCE_AT)
        code.do(bpf.LOAD_X_SCRATCH, words.WORD)
        code.do(bpf.ADD_X)
        code.do(bpf.MULTIPLY, sample.FACTOR)
        code.do(bpf.SHIFT_RIGHT, sample.SHIFT)
        code.jump_if(bpf.JUMP_GREATER_EQUAL, share, yes="drop")
    code.jump("pass")


def _write_ranges(code: Assembler, name: str, wanted: Iterable[tuple[int, int]]) -> None:
    """Go to ``wanted`` with a number in one of these ranges."""
    for first, last in wanted:
        following = f"{name}-{first}"
        code.jump_if(bpf.JUMP_GREATER_EQUAL, first, no=following)
        code.jump_if(bpf.JUMP_GREATER, last, no="wanted")
        code.label(following)
