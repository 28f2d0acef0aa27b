"""A filter in the words of tcpdump, compiled by libpcap where that is installed.

The expression is compiled twice, for Ethernet and for bare IP, and the kernel takes the one that
suits the interface. Later fragments always pass, since no expression on ports can know them. VLAN
tags lie outside the packet when the kernel asks, so ``vlan`` matches nothing but what is tagged
twice; without that word tagged packets are seen as if they had no tag.
"""

import ctypes
import ctypes.util
import struct
from collections.abc import Sequence

from hepscope_capture.live import bpf
from hepscope_capture.live.bpf import Assembler, Program
from hepscope_capture.live.filter import Server, prologue

# pcap/dlt.h, as Linux numbers them.
_ETHERNET, _RAW_IP = 1, 12
_NO_NETMASK = 0xFFFFFFFF
# Of what is read, tunnels included: IP in IP, 6in4, GRE.
_WITH_FRAGMENTS = "udp or tcp or sctp or ip proto 4 or ip proto 41 or ip proto 47"
_LATER_FRAGMENTS = f"(ip[6:2] & 0x1fff != 0 and ({_WITH_FRAGMENTS})) or ip6[6] = 44"


class FilterError(ValueError):
    """An expression cannot be used; the text is for the user."""


class _BpfProgram(ctypes.Structure):
    _fields_ = (("count", ctypes.c_uint), ("instructions", ctypes.c_void_p))


def compile_filter(expression: str, servers: Sequence[Server], snap_bytes: int) -> Program:
    """Return the program for an expression, our own packets to our servers excluded.

    Raises FilterError: without libpcap, or for what it does not understand.
    """
    found = ctypes.util.find_library("pcap") or "libpcap.so.0.8"
    try:
        library = ctypes.CDLL(found)
    except OSError:
        raise FilterError(
            "--filter needs libpcap, which is not installed (Debian: libpcap0.8t64, RHEL: libpcap);"
            " --ports needs nothing"
        ) from None
    library.pcap_open_dead.restype = ctypes.c_void_p
    library.pcap_geterr.restype = ctypes.c_char_p
    whole = f"(({expression}) or {_LATER_FRAGMENTS})"
    for server in servers:
        hosts = " or ".join(f"host {address}" for address in sorted(map(str, server.addresses)))
        whole += f" and not (port {server.port} and ({hosts}))"
    # First alone: a parenthesis too much must not become ours.
    _compiled(library, expression, _ETHERNET, snap_bytes)
    ethernet = _compiled(library, whole, _ETHERNET, snap_bytes)
    return _by_device(ethernet, _compiled(library, whole, _RAW_IP, snap_bytes))


def _compiled(library: ctypes.CDLL, expression: str, link: int, snap_bytes: int) -> Program:
    handle = ctypes.c_void_p(library.pcap_open_dead(link, snap_bytes))
    found = _BpfProgram()
    try:
        failed = library.pcap_compile(
            handle,
            ctypes.byref(found),
            ctypes.c_char_p(expression.encode(errors="surrogateescape")),
            1,
            ctypes.c_uint(_NO_NETMASK),
        )
        if failed:
            text = (library.pcap_geterr(handle) or b"").decode(errors="replace")
            if "VLAN" in text:
                text += "; leave vlan out: tagged frames are matched as if untagged"
            raise FilterError(f"libpcap does not take the filter: {text}")
        program = ctypes.string_at(found.instructions, found.count * 8)
        library.pcap_freecode(ctypes.byref(found))
        return program
    finally:
        library.pcap_close(handle)


def _by_device(ethernet: Program, other: Program) -> Program:
    code = Assembler()
    prologue(code)
    code.label("drop")
    code.do(bpf.RETURN, 0)
    code.label("other")
    code.jump("other-program")
    code.label("ethernet")
    _paste(code, "ethernet", ethernet)
    code.label("other-program")
    _paste(code, "other", other)
    return code.program()


def _paste(code: Assembler, base: str, program: Program) -> None:
    """Append a program whose jumps are relative to themselves."""
    for at, (operation, yes, no, k) in enumerate(struct.iter_unpack("=HBBI", program)):
        code.label(f"{base}-{at}")
        if operation == bpf.JUMP:
            code.jump(f"{base}-{at + k + 1}")
        elif operation & 0x07 == 0x05:
            # Comparisons with X differ from those with k by one bit only; both jump alike.
            code.jump_if(operation, k, yes=f"{base}-{at + yes + 1}", no=f"{base}-{at + no + 1}")
        else:
            code.do(operation, k)
