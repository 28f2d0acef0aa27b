"""Offering packets again to a HEP server."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hep import HepPacket, admit, decode3, encode3
from hepscope_common.runtime import StartupError
from hepscope_standalone.offering import Offering, as_sent, target_of
from support.builders import make_packet, make_request
from support.clocks import FakeClock
from support.sinks import TcpSink, UdpSink, closed_port

SENT = make_packet(make_request())


def on_bus(packet: bytes = SENT) -> bytes:
    """Return a packet as ingest puts it on the bus."""
    return admit(packet, received_at_us=5, peer=bytes(6)).packet


def test_what_ingest_and_the_sender_wrote_for_delivery_is_left_out() -> None:
    """Under its old number it would be skipped as stored already."""
    numbered = encode3(HepPacket(time_us=9_000_001, payload=b"x", origin=bytes(16), seq=7))
    packet = admit(numbered, received_at_us=5, peer=bytes(6), keep_origin=True).packet

    again = as_sent(packet)

    assert again is not None
    found = decode3(again)
    assert (found.origin, found.seq, found.received_at_us, found.peer) == (b"", None, 0, b"")
    assert (found.time_us, found.payload) == (9_000_001, b"x")


def test_a_packet_is_what_its_sender_sent() -> None:
    """Byte for byte, where its chunks were in the usual order."""
    assert as_sent(on_bus()) == SENT


@given(st.binary(max_size=100))
def test_what_is_no_packet_is_told(data: bytes) -> None:
    """Nothing is raised for it."""
    again = as_sent(data)
    assert again is None or decode3(again).version == 3


def test_tcp_gets_packets_and_nothing_else() -> None:
    """Rubbish would spoil what is behind it."""
    with TcpSink() as sink:
        with Offering(target_of(f"tcp://127.0.0.1:{sink.port}")) as offering:
            for data in (on_bus(), b"junk", on_bus()):
                offering.offer(data)
            offering.finish()
        assert sink.wait_for_connections(1)
        assert sink.packets == [SENT, SENT]
    assert (offering.counts.sent, offering.counts.skipped) == (2, 1)


def test_udp_gets_the_bytes_as_they_are() -> None:
    """A datagram spoils no other one."""
    with UdpSink() as sink:
        with Offering(target_of(f"udp://127.0.0.1:{sink.port}")) as offering:
            offering.offer(on_bus())
            offering.offer(b"junk")
            offering.finish()
        assert sink.packets(2) == [SENT, b"junk"]
    assert offering.counts.sent == 2


def test_the_rate_is_kept() -> None:
    """A server that reads slowly gets no more than that."""
    clock = FakeClock()
    with UdpSink() as sink:
        target = target_of(f"udp://127.0.0.1:{sink.port}")
        with Offering(target, rate=100.0, clock=clock) as offering:
            for _ in range(200):
                offering.offer(b"junk")
    assert clock.elapsed_seconds() == pytest.approx(1002.0, abs=0.05)


def test_a_server_that_is_not_there_is_one_line() -> None:
    """So is an address that is none."""
    port = closed_port(socket.SOCK_STREAM)
    with (
        pytest.raises(StartupError, match=r"cannot connect|refused"),
        Offering(target_of(f"tcp://127.0.0.1:{port}")),
    ):
        pass
    with pytest.raises(StartupError, match="must start with"):
        target_of("http://x")
