"""The filter of our own making: SIP and RTCP, whatever lies around them; nothing else gets in.

    UDP, TCP and SCTP from or to the ports of SIP, over IPv4 and IPv6
    of all other UDP what looks like RTCP, and RTP of some streams; syslog to its ports
    behind up to two VLAN tags, behind labels (MPLS), in PPPoE sessions
    the same inside of tunnels: the packets that they carry are looked into, not taken whole
    later fragments, which have no ports: they may belong to a message
    IPv6 with heads before its transport: the way to the ports is the decoder's
    nothing to or from the servers that we send to: our own HEP
    what the loopback shows twice, once: on its way out it is not taken

Loads are relative to X, the place of the packet that is looked at: at first behind the Ethernet
head, elsewhere where the kernel says that it is, so that one program serves every interface and
all of them together. A load behind the packet's end refuses it.
"""

import contextlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from hepscope_capture.live import bpf
from hepscope_capture.live import filter_words as words
from hepscope_capture.live.bpf import Assembler, Program, ProgramTooLongError
from hepscope_capture.live.filter_exclusions import MOST, Exclusion
from hepscope_capture.live.filter_levels import Level, wanted_protocols, write_heads
from hepscope_capture.live.filter_ports import write_ports

DEFAULT_PORTS = frozenset(range(5060, 5091))
"""As heplify's: 5060-5090."""

# A packet of Linux has at most 64 KiB, of some cards with offloads 512.
DEFAULT_SNAP_BYTES = 262_144

# net/if_arp.h and linux/if_packet.h
_ETHERNET, _LOOPBACK, _OUTGOING = 1, 772, 4

# Packets in each other that are looked into: a mirror of a carrier's tunnels.
_LEVELS = 3
# Instructions. Before Linux 6.7 a socket had 20 KiB for its filters, at 14 bytes an instruction,
# and when one takes another's place there are two.
_COMFORTABLE = 720


@dataclass(frozen=True, slots=True)
class Server:
    """Where our own packets go: not to be captured."""

    addresses: frozenset[IPv4Address | IPv6Address]
    port: int


@dataclass(frozen=True, slots=True)
class FilterPlan:
    """What is to get in."""

    ports: frozenset[int] = DEFAULT_PORTS
    servers: Sequence[Server] = ()
    snap_bytes: int = DEFAULT_SNAP_BYTES
    rtcp: bool = False
    log_ports: frozenset[int] = frozenset()  # of syslog, UDP to them
    tunnels: bool = False
    rtp_sample: int = 0  # of one in so many pairs of ports RTP gets in, too; 0 = none
    sctp: bool = True


def filter_of(plan: FilterPlan) -> Program:
    """Return the program.

    Raises ProgramTooLongError for hundreds of separate ranges or servers. Before that, tunnels in
    tunnels are taken whole instead of looked into.
    """
    levels = _LEVELS if plan.tunnels else 1
    while levels > 1:
        with contextlib.suppress(ProgramTooLongError):
            program = _program(plan, levels)
            if len(program) <= _COMFORTABLE * bpf.INSTRUCTION_BYTES:
                return program
        levels -= 1
    return _program(plan, 1)


def _program(plan: FilterPlan, levels: int) -> Program:
    exclusions = _exclusions(plan)
    protocols = wanted_protocols(sctp=plan.sctp, tunnels=plan.tunnels)
    code = Assembler()
    prologue(code)
    _find_network_head(code)
    for number in range(levels):
        is_last = number == levels - 1
        Level(code, number, exclusions, protocols, is_last=is_last).write()
    write_heads(code, protocols)
    write_ports(
        code,
        list(ranges(plan.ports)),
        list(ranges(plan.log_ports)),
        exclusions,
        rtcp=plan.rtcp,
        rtp_sample=plan.rtp_sample,
    )
    code.label("pass")
    code.do(bpf.RETURN, plan.snap_bytes)
    code.label("drop")
    code.do(bpf.RETURN, 0)
    return code.program()


def _exclusions(plan: FilterPlan) -> list[Exclusion]:
    """Return whose packets are ours, by port: those of other ports do not pass anyway."""
    by_port: dict[int, set[IPv4Address | IPv6Address]] = {}
    for server in plan.servers:
        if server.port in plan.ports or server.port in plan.log_ports:
            by_port.setdefault(server.port, set()).update(server.addresses)
    if len(by_port) > MOST:
        raise ProgramTooLongError("the filter has no room for servers at so many ports")
    return [
        Exclusion(number, port, sorted(address.packed for address in by_port[port]))
        for number, port in enumerate(sorted(by_port))
    ]


def _nothing() -> Program:
    code = Assembler()
    code.do(bpf.RETURN, 0)
    return code.program()


NOTHING = _nothing()
"""Lets no packet in."""


def prologue(code: Assembler) -> None:
    """Go to ``drop`` with what the loopback sends out: it comes in again at once."""
    code.do(bpf.LOAD_WORD, bpf.DEVICE_TYPE)
    code.jump_if(bpf.JUMP_EQUAL, _LOOPBACK, no="device")
    code.do(bpf.LOAD_WORD, bpf.PACKET_TYPE)
    code.jump_if(bpf.JUMP_EQUAL, _OUTGOING, yes="drop", no="ethernet")
    code.label("device")
    code.jump_if(bpf.JUMP_EQUAL, _ETHERNET, yes="ethernet", no="other")


def ranges(ports: Collection[int]) -> Iterator[tuple[int, int]]:
    """Give the ports as ranges, both ends included."""
    first = last = -2
    for port in sorted(ports):
        if port > last + 1:
            if first >= 0:
                yield first, last
            first = port
        last = port
    if first >= 0:
        yield first, last


def _find_network_head(code: Assembler) -> None:
    """Go on at the first level: with the frame's start, or with what the kernel knows."""
    code.label("other")
    code.do(bpf.LOAD_X_CONSTANT, bpf.NETWORK_HEAD)
    code.do(bpf.LOAD_WORD, bpf.PROTOCOL)
    code.do(bpf.STORE_SCRATCH, words.KIND)
    code.jump(Level.label_of(0, "kind"))
    code.label("ethernet")
    # Not as the kernel says: of packets on their way out it may mean what is behind the tags.
    code.do(bpf.LOAD_X_CONSTANT, 0)
