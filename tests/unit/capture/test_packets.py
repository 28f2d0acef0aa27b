"""Datagrams to HEP packets."""

from hep import HepPacket, decode3, encode3
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.packets import Labels, packet_of
from support.frames import make_options

SIP = make_options()
FOUR = Datagram(7, 17, b"\x01\x02\x03\x04", 5060, b"\x05\x06\x07\x08", 5070, SIP)
SIX = Datagram(7, 17, bytes(15) + b"\x01", 5060, bytes(15) + b"\x02", 5070, SIP, vlan=100)


def test_a_packet_says_what_was_seen_and_by_whom() -> None:
    """Addresses, ports, time and payload; node id, name and key."""
    packet = packet_of(FOUR, Labels(42, b"edge-1", b"secret"), 1_000_001)
    assert packet == HepPacket(
        family=2,
        ip_protocol=17,
        source=b"\x01\x02\x03\x04",
        destination=b"\x05\x06\x07\x08",
        source_port=5060,
        destination_port=5070,
        time_us=1_000_001,
        protocol_type=1,
        node_id=42,
        payload=SIP,
        node_name=b"edge-1",
        auth_key=b"secret",
    )


def test_the_vlan_is_chunk_18_and_absent_without_one() -> None:
    """VLAN 0 is no VLAN."""
    assert packet_of(SIX, Labels(1), 0).extra == ((0, 18, b"\x00\x64"),)
    assert packet_of(FOUR, Labels(1), 0).extra == ()


def test_it_survives_the_wire() -> None:
    """The packet that is decoded is the one that was encoded."""
    decoded = decode3(encode3(packet_of(SIX, Labels(42, b"edge-1"), 1_000_001)))
    assert (decoded.family, decoded.source, decoded.payload) == (10, SIX.source, SIP)
    assert (decoded.node_id, decoded.node_name, decoded.auth_key) == (42, b"edge-1", None)
    assert decoded.extra == ((0, 18, b"\x00\x64"),)


def test_what_is_known_of_the_network_is_told() -> None:
    """MAC addresses in the low bytes of eight, source first; flags and class unless zero."""
    one = Datagram(
        7, 6, b"\1\2\3\4", 1, b"\5\6\7\x08", 2, SIP, macs=b"ddddddssssss", flags=24, tos=8
    )
    assert packet_of(one, Labels(1), 0).extra == (
        (0, 20, b"\0\0ssssss"),
        (0, 21, b"\0\0dddddd"),
        (0, 23, b"\x18"),
        (0, 24, b"\x08"),
    )


def test_a_report_names_its_call() -> None:
    """Type and correlation id, and the MOS that an end said."""
    one = Datagram(7, 17, b"\1\2\3\4", 1, b"\5\6\7\x08", 2, b"{}", kind=5, correlation_id=b"a@b")
    packet = packet_of(one, Labels(1), 0)
    assert (packet.protocol_type, packet.correlation_id, packet.extra) == (5, b"a@b", ())
    one.mos = 410
    assert packet_of(one, Labels(1), 0).extra == ((0, 32, b"\x01\x9a"),)
