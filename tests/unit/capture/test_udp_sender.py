"""HEP over UDP: what is noticed, and what is counted."""

import socket

import pytest

from hepscope_capture.clock import SystemClock
from hepscope_capture.senders.sender import SendError
from hepscope_capture.senders.target import Scheme, Target
from hepscope_capture.senders.udp import UdpSender
from support.sinks import UdpSink, closed_port


def sender_to(port: int, host: str = "127.0.0.1") -> UdpSender:
    """A sender to a port of this machine."""
    return UdpSender(Target(Scheme.UDP, host, port), SystemClock())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_each_packet_is_a_datagram(host: str) -> None:
    """In order, over IPv4 and IPv6; a name with both means IPv4."""
    family = socket.AF_INET6 if host == "::1" else socket.AF_INET
    with UdpSink(family) as sink, sender_to(sink.port, host) as sender:
        for packet in (b"one", b"two"):
            sender.send(packet)
        sender.flush()
        sender.finish()
        assert sink.packets() == [b"one", b"two"]
        assert sender.counts.sent == 2


def test_a_refusal_is_an_error_at_the_latest_at_the_end() -> None:
    """Nothing listens: the kernel says so, one packet late."""
    with sender_to(closed_port(socket.SOCK_DGRAM)) as sender:
        sender.send(b"one")
        with pytest.raises(SendError, match="nothing listens"):
            sender.finish()


def test_a_refusal_between_packets_stops_the_sending() -> None:
    """The packet that met the refusal counts as not sent."""
    with sender_to(closed_port(socket.SOCK_DGRAM)) as sender:
        sender.send(b"one")
        with pytest.raises(SendError, match="nothing listens"):
            sender.send(b"two")
        assert (sender.counts.sent, sender.counts.unsent) == (1, 1)


def test_a_packet_larger_than_a_datagram_is_counted() -> None:
    """The others go on."""
    with UdpSink() as sink, sender_to(sink.port) as sender:
        sender.send(bytes(65_530))
        sender.send(b"two")
        assert sink.packets() == [b"two"]
        assert (sender.counts.sent, sender.counts.too_large) == (1, 1)


def test_a_name_that_cannot_be_is_an_error() -> None:
    """One line, with the name in it; the label is longer than names allow."""
    host = "a" * 64 + ".invalid"
    with pytest.raises(SendError, match=f"cannot resolve {host}"):
        sender_to(9060, host).__enter__()
