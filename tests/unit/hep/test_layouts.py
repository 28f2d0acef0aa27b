"""Known starts: read in one step, and only where they really are."""

import pytest

from hep.hep3 import decode3, packet_of
from hep.layouts import EARLY_IPV4, EARLY_IPV6, LATE_IPV4, LATE_IPV6, read_start
from hep.walk import walk
from support.hep_wire import SIP_OPTIONS, generic, packet, start

V4 = start()
V6 = [*start(family=10)[:2], generic(5, b"\x20" * 16), generic(6, b"\x21" * 16), *start()[4:]]
STARTS = {
    "early IPv4": (V4, EARLY_IPV4),
    "early IPv6": (V6, EARLY_IPV6),
    "late IPv4": (V4[:2] + V4[4:] + V4[2:4], LATE_IPV4),
    "late IPv6": (V6[:2] + V6[4:] + V6[2:4], LATE_IPV6),
}


@pytest.mark.parametrize("name", STARTS)
def test_the_four_orders_are_recognised(name: str) -> None:
    """Each usual order gives the same values, and where the next chunk is."""
    chunks, known = STARTS[name]
    data = packet(*chunks, generic(15, SIP_OPTIONS))

    found = read_start(data)

    assert found is not None
    assert found[0:2] == (10 if "6" in name else 2, 17)
    assert found[2:4] == tuple(c[6:] for c in (V6 if "6" in name else V4)[2:4])
    assert found[4:] == (5060, 5080, 1_700_000_000, 25, 1, 7, known.end)
    assert decode3(data) == packet_of(walk(data))


@pytest.mark.parametrize("name", STARTS)
def test_a_cut_start_is_left_to_the_walk(name: str) -> None:
    """No prefix of a packet is taken for a whole one."""
    data = packet(*STARTS[name][0])

    assert all(read_start(data[:size]) is None for size in range(len(data)))


@pytest.mark.parametrize("name", STARTS)
def test_trailing_bytes_are_left_to_the_walk(name: str) -> None:
    """A total length other than the datagram's is no plain packet."""
    assert read_start(packet(*STARTS[name][0]) + b"\0") is None


@pytest.mark.parametrize("at", [0, 3, *range(6, 12), *range(13, 19), *range(20, 26)])
def test_a_changed_chunk_head_is_not_a_known_start(at: int) -> None:
    """Magic, vendor, type and length are all compared."""
    data = bytearray(packet(*V4))
    data[at] ^= 0x41

    assert read_start(bytes(data)) is None
