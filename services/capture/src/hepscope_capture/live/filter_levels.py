"""One packet of the filter's program: from its Ethernet head, or its EtherType, to its ports.

Packets in tunnels are levels, one behind the other in the program since jumps lead forward only.
A level ends at ``ports``, with X at the transport's head, at ``heads``, at the next level, at
``pass`` or at ``drop``. What X and the scratch words hold at its labels:

    ethernet   X: the frame
    kind       X: what follows the EtherType, which is in words.KIND
    ipv4 ipv6  X: the packet
    protocol   X: the transport's head, its number in words.PROTOCOL
"""

from collections.abc import Sequence

from hepscope_capture.live import bpf
from hepscope_capture.live import filter_words as words
from hepscope_capture.live.bpf import Assembler
from hepscope_capture.live.filter_exclusions import Exclusion, write_sides
from hepscope_capture.live.filter_tunnels import write_gre, write_udp_tunnels

_ETHERNET_HEAD_BYTES, _ETHERTYPE_AT = 14, 12
_IPV4, _IPV6 = 0x0800, 0x86DD
_TAGS = (0x8100, 0x88A8, 0x9100)
_MAX_TAGS = 2
_MPLS = (0x8847, 0x8848)
_MAX_LABELS = 4
_PPPOE, _PPPOE_BYTES = 0x8864, 8
_PPP_IPV4, _PPP_IPV6 = 0x0021, 0x0057

_UDP, _TCP, _SCTP = 17, 6, 132
_IP_IN_IP, _IPV6_IN_IP, _GRE = 4, 41, 47
_FRAGMENT_HEAD = 44
# Hop-by-hop, routing, authentication, destination, mobility, HIP, shim6.
_OTHER_HEADS = (0, 43, 51, 60, 135, 139, 140)


def wanted_protocols(*, sctp: bool, tunnels: bool) -> list[int]:
    """Return the transports that may pass, and what tunnels have in their place."""
    protocols = [_UDP, _TCP]
    if sctp:
        protocols.append(_SCTP)
    if tunnels:
        protocols += [_IP_IN_IP, _IPV6_IN_IP, _GRE]
    return protocols


class Level:
    """Writes one level."""

    def __init__(
        self,
        code: Assembler,
        number: int,
        exclusions: Sequence[Exclusion],
        protocols: Sequence[int],
        *,
        is_last: bool,
    ) -> None:
        """Prepare to write; on the last level tunnels are taken whole."""
        self._code = code
        self._number = number
        self._exclusions = exclusions
        self._is_last = is_last
        self._protocols = protocols

    @staticmethod
    def label_of(number: int, name: str) -> str:
        """Return what a place of a level is called in the whole program."""
        return f"{number}-{name}"

    def write(self) -> None:
        """Append the level's instructions; it begins at ``ethernet``."""
        self._ethernet()
        self._kinds()
        self._labels()
        if self._number == 0:
            self._pppoe()
        self._ipv4()
        self._ipv6()
        self._protocol()

    def _at(self, name: str) -> str:
        return self.label_of(self._number, name)

    def _next(self, name: str) -> str:
        return "pass" if self._is_last else self.label_of(self._number + 1, name)

    def _ethernet(self) -> None:
        code = self._code
        code.label(self._at("ethernet"))
        code.do(bpf.LOAD_HALF_X, _ETHERTYPE_AT)
        code.do(bpf.STORE_SCRATCH, words.KIND)
        code.move_x(_ETHERNET_HEAD_BYTES)

    def _kinds(self) -> None:
        code = self._code
        code.label(self._at("kind"))
        code.do(bpf.LOAD_SCRATCH, words.KIND)
        for number in range(_MAX_TAGS + 1):
            code.jump_if(bpf.JUMP_EQUAL, _IPV4, yes=self._at("ipv4"))
            code.jump_if(bpf.JUMP_EQUAL, _IPV6, yes=self._at("ipv6"))
            if number == _MAX_TAGS:
                break
            for tag in _TAGS:
                code.jump_if(bpf.JUMP_EQUAL, tag, yes=self._at(f"tag-{number}"))
            code.jump(self._at("untagged"))
            code.label(self._at(f"tag-{number}"))
            code.do(bpf.LOAD_HALF_X, 2)
            code.do(bpf.STORE_SCRATCH, words.KIND)
            code.move_x(4)
            code.do(bpf.LOAD_SCRATCH, words.KIND)
        code.label(self._at("untagged"))
        for kind in _MPLS:
            code.jump_if(bpf.JUMP_EQUAL, kind, yes=self._at("labels"))
        if self._number == 0:
            code.jump_if(bpf.JUMP_EQUAL, _PPPOE, yes=self._at("pppoe"))
        code.jump("drop")

    def _labels(self) -> None:
        code = self._code
        code.label(self._at("labels"))
        for _ in range(_MAX_LABELS):
            code.do(bpf.LOAD_WORD_X, 0)
            code.do(bpf.STORE_SCRATCH, words.WORD)
            code.move_x(4)
            code.do(bpf.LOAD_SCRATCH, words.WORD)
            code.jump_if(bpf.JUMP_SET, 0x100, yes=self._at("bottom"))
        code.jump("drop")
        code.label(self._at("bottom"))
        code.do(bpf.LOAD_BYTE_X, 0)
        code.do(bpf.AND, 0xF0)
        code.jump_if(bpf.JUMP_EQUAL, 0x40, yes=self._at("ipv4"))
        code.jump_if(bpf.JUMP_EQUAL, 0x60, yes=self._at("ipv6"), no="drop")

    def _pppoe(self) -> None:
        code = self._code
        code.label(self._at("pppoe"))
        code.do(bpf.LOAD_HALF_X, _PPPOE_BYTES - 2)
        code.jump_if(bpf.JUMP_EQUAL, _PPP_IPV6, yes=self._at("pppoe-ipv6"))
        code.jump_if(bpf.JUMP_EQUAL, _PPP_IPV4, no="drop")
        code.move_x(_PPPOE_BYTES)
        code.jump(self._at("ipv4"))
        code.label(self._at("pppoe-ipv6"))
        code.move_x(_PPPOE_BYTES)
        code.jump(self._at("ipv6"))

    def _ipv4(self) -> None:
        code = self._code
        code.label(self._at("ipv4"))
        code.do(bpf.LOAD_BYTE_X, 9)
        code.do(bpf.STORE_SCRATCH, words.PROTOCOL)
        for protocol in self._protocols:
            code.jump_if(bpf.JUMP_EQUAL, protocol, yes=self._at("ipv4-wanted"))
        code.jump("drop")
        code.label(self._at("ipv4-wanted"))
        code.do(bpf.LOAD_HALF_X, 6)
        code.jump_if(bpf.JUMP_SET, 0x1FFF, yes="pass")
        write_sides(code, self._exclusions, self._at("ipv4-side"), 4, (12, 16))
        code.do(bpf.LOAD_BYTE_X, 0)
        code.do(bpf.AND, 15)
        code.do(bpf.SHIFT_LEFT, 2)
        code.do(bpf.ADD_X)
        code.do(bpf.TO_X)
        code.jump(self._at("protocol"))

    def _ipv6(self) -> None:
        code = self._code
        code.label(self._at("ipv6"))
        write_sides(code, self._exclusions, self._at("ipv6-side"), 16, (8, 24))
        code.do(bpf.LOAD_BYTE_X, 6)
        code.do(bpf.STORE_SCRATCH, words.PROTOCOL)
        for protocol in self._protocols:
            code.jump_if(bpf.JUMP_EQUAL, protocol, yes=self._at("ipv6-whole"))
        code.jump_if(bpf.JUMP_EQUAL, _FRAGMENT_HEAD, yes=self._at("ipv6-fragment"))
        code.jump("heads")
        code.label(self._at("ipv6-fragment"))
        code.do(bpf.LOAD_BYTE_X, 40)
        code.do(bpf.STORE_SCRATCH, words.PROTOCOL)
        for protocol in self._protocols:
            code.jump_if(bpf.JUMP_EQUAL, protocol, yes=self._at("ipv6-piece"))
        code.jump("heads-in-piece")
        code.label(self._at("ipv6-piece"))
        code.do(bpf.LOAD_HALF_X, 42)
        code.jump_if(bpf.JUMP_SET, 0xFFF8, yes="pass")
        code.move_x(48)
        code.jump(self._at("protocol"))
        code.label(self._at("ipv6-whole"))
        code.move_x(40)

    def _protocol(self) -> None:
        code = self._code
        code.label(self._at("protocol"))
        if _GRE not in self._protocols:
            code.jump("ports")
            return
        code.do(bpf.LOAD_SCRATCH, words.PROTOCOL)
        code.jump_if(bpf.JUMP_EQUAL, _IP_IN_IP, yes=self._next("ipv4"))
        code.jump_if(bpf.JUMP_EQUAL, _IPV6_IN_IP, yes=self._next("ipv6"))
        gre = "pass" if self._is_last else self._at("gre")
        code.jump_if(bpf.JUMP_EQUAL, _GRE, yes=gre)
        code.jump_if(bpf.JUMP_EQUAL, _UDP, no="ports")
        write_udp_tunnels(code, self._at("udp"), self._next("ethernet"))
        if not self._is_last:
            write_gre(code, gre, self._next("ethernet"), self._next("kind"))


def write_heads(code: Assembler, protocols: Sequence[int]) -> None:
    """Decide about IPv6 packets with other heads first, X at the packet and A the head's number.

    Behind ``heads`` it is the first head that counts, and the one that follows it: most such
    packets are multicast reports, which are of no use. In a piece only the first is looked at.
    """
    code.label("heads")
    for head in _OTHER_HEADS:
        code.jump_if(bpf.JUMP_EQUAL, head, yes="heads-behind")
    code.jump("drop")
    code.label("heads-behind")
    code.do(bpf.LOAD_BYTE_X, 40)
    for protocol in (*protocols, _FRAGMENT_HEAD):
        code.jump_if(bpf.JUMP_EQUAL, protocol, yes="pass")
    code.label("heads-in-piece")
    for head in _OTHER_HEADS:
        code.jump_if(bpf.JUMP_EQUAL, head, yes="pass")
    code.jump("drop")
