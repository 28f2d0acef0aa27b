"""Expressions of tcpdump, where libpcap is installed."""

import ctypes.util
from ipaddress import ip_address

import pytest

from hepscope_capture.live.filter import Server
from hepscope_capture.live.libpcap import FilterError, compile_filter
from support.frames import ethernet, ipv4, ipv6, ipv6_fragment, udp
from unit.capture.live.bpf_machine import run

pytestmark = pytest.mark.skipif(
    ctypes.util.find_library("pcap") is None, reason="libpcap is not installed"
)

FRAME = ethernet(ipv4(udp(b"x" * 20, ports=(1, 9999))))


def test_one_program_for_all_devices() -> None:
    """Ethernet and bare packets, and the loopback only once."""
    program = compile_filter("udp port 9999", (), 1000)
    assert run(program, FRAME) == 1000
    assert run(program, FRAME[14:], device=65534) == 1000
    assert run(program, FRAME, device=772) == 1000
    assert run(program, FRAME, device=772, packet_type=4) == 0
    assert run(program, ethernet(ipv4(udp(b"x", ports=(1, 2))))) == 0


def test_later_fragments_always_pass() -> None:
    """They have no ports to be known by."""
    program = compile_filter("udp port 9999", (), 1000)
    for protocol in (17, 6, 132, 4, 41, 47):
        piece = ethernet(ipv4(b"x" * 8, offset=8, protocol=protocol))
        assert run(program, piece) == 1000
    assert run(program, ethernet(ipv4(b"x" * 8, offset=8, protocol=1))) == 0
    piece = ipv6_fragment(b"x" * 8, offset=8)
    assert run(program, ethernet(ipv6(piece, following=44))) == 1000


def test_our_own_packets_are_excluded() -> None:
    """Whatever the expression says."""
    server = Server(frozenset(map(ip_address, ("198.51.100.2", "2001:db8::9"))), 9999)
    program = compile_filter("udp or tcp", [server], 1000)
    assert run(program, FRAME) == 0
    assert run(program, ethernet(ipv4(udp(b"x", ports=(9998, 9998))))) == 1000


@pytest.mark.parametrize("expression", ["prot 5060", "udp) or (tcp", "port", "\udcff"])
def test_what_is_no_expression(expression: str) -> None:
    """Libpcap says why."""
    with pytest.raises(FilterError, match="libpcap does not take"):
        compile_filter(expression, (), 1000)


def test_who_asks_for_tags_is_told_how() -> None:
    """They are outside of the frame, where no expression sees them."""
    with pytest.raises(FilterError, match="leave vlan out"):
        compile_filter("vlan and port 5060", [], 65_535)
