"""Where the filter's program steps into tunnels; see ``decode.tunnels`` for what they look like.

What is odd about a tunnel's head is let in whole: the decoder refuses it and counts why.
"""

from hepscope_capture.live import bpf
from hepscope_capture.live import filter_words as words
from hepscope_capture.live.bpf import Assembler

_UDP_HEAD_BYTES = 8
_VXLAN_PORTS = (4789, 8472)
_VXLAN_BYTES = 8
_HP_MIRROR_PORT, _HP_MIRROR_BYTES = 7932, 12

_GRE_BYTES, _GRE_FIELD_BYTES = 4, 4
_SEQUENCE = 0x1000
_FIELDS = (0x8000, 0x2000, _SEQUENCE)  # checksum, key
_ROUTING_OR_VERSION = 0x4007
_TRANSPARENT_ETHERNET, _ERSPAN_2, _ERSPAN_3 = 0x6558, 0x88BE, 0x22EB
_ERSPAN_2_BYTES, _ERSPAN_3_BYTES, _ERSPAN_3_MORE_BYTES = 8, 12, 8


def write_udp_tunnels(code: Assembler, name: str, ethernet: str) -> None:
    """Go to ``ethernet`` with a datagram that is a tunnel's, to ``ports`` with any other."""
    code.do(bpf.LOAD_HALF_X, 2)
    for port in _VXLAN_PORTS:
        code.jump_if(bpf.JUMP_EQUAL, port, yes=f"{name}-vxlan")
    code.jump_if(bpf.JUMP_EQUAL, _HP_MIRROR_PORT, no="ports")
    for at in (0, 4):
        code.do(bpf.LOAD_WORD_X, _UDP_HEAD_BYTES + at)
        code.jump_if(bpf.JUMP_EQUAL, 0, no="ports")
    code.move_x(_UDP_HEAD_BYTES + _HP_MIRROR_BYTES)
    code.jump(ethernet)
    code.label(f"{name}-vxlan")
    code.do(bpf.LOAD_BYTE_X, _UDP_HEAD_BYTES)
    code.do(bpf.AND, 0x7F)
    code.jump_if(bpf.JUMP_EQUAL, 0x08, no="ports")
    code.move_x(_UDP_HEAD_BYTES + _VXLAN_BYTES)
    code.jump(ethernet)


def write_gre(code: Assembler, name: str, ethernet: str, kind: str) -> None:
    """Go to ``ethernet`` with a GRE packet that carries a frame, to ``kind`` with others."""
    code.label(name)
    code.do(bpf.LOAD_HALF_X, 2)
    code.do(bpf.STORE_SCRATCH, words.KIND)
    code.do(bpf.LOAD_HALF_X, 0)
    code.jump_if(bpf.JUMP_SET, _ROUTING_OR_VERSION, yes="pass")
    code.do(bpf.STORE_SCRATCH, words.WORD)
    code.move_x(_GRE_BYTES)
    for field in _FIELDS:
        code.do(bpf.LOAD_SCRATCH, words.WORD)
        code.jump_if(bpf.JUMP_SET, field, no=f"{name}-without-{field}")
        code.move_x(_GRE_FIELD_BYTES)
        code.label(f"{name}-without-{field}")
    code.do(bpf.LOAD_SCRATCH, words.KIND)
    code.jump_if(bpf.JUMP_EQUAL, _TRANSPARENT_ETHERNET, yes=ethernet)
    code.jump_if(bpf.JUMP_EQUAL, _ERSPAN_3, yes=f"{name}-erspan")
    code.jump_if(bpf.JUMP_EQUAL, _ERSPAN_2, no=kind)
    code.do(bpf.LOAD_SCRATCH, words.WORD)
    code.jump_if(bpf.JUMP_SET, _SEQUENCE, no=ethernet)
    _write_erspan(code, f"{name}-erspan", ethernet)


def _write_erspan(code: Assembler, name: str, ethernet: str) -> None:
    code.label(name)
    code.do(bpf.LOAD_BYTE_X, 0)
    code.do(bpf.AND, 0xF0)
    code.jump_if(bpf.JUMP_EQUAL, 0x10, yes=f"{name}-2")
    code.jump_if(bpf.JUMP_EQUAL, 0x20, no="pass")
    code.do(bpf.LOAD_HALF_X, 10)
    code.jump_if(bpf.JUMP_SET, 0x7C00, yes="pass")
    code.jump_if(bpf.JUMP_SET, 1, yes=f"{name}-3-more")
    code.move_x(_ERSPAN_3_BYTES)
    code.jump(ethernet)
    code.label(f"{name}-3-more")
    code.move_x(_ERSPAN_3_BYTES + _ERSPAN_3_MORE_BYTES)
    code.jump(ethernet)
    code.label(f"{name}-2")
    code.move_x(_ERSPAN_2_BYTES)
    code.jump(ethernet)
