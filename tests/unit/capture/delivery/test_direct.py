"""One server, for commands that wait: everything in order, or one line."""

import socket

import pytest

from hepscope_capture.delivery.direct import DirectDelivery, SendError
from hepscope_capture.senders.target import Scheme, Target
from support.builders import make_packet, make_request
from support.sinks import TcpSink, UdpSink, closed_port

PACKETS = [make_packet(make_request(call_id=f"call-{number}")) for number in range(300)]


def target(scheme: Scheme, port: int) -> Target:
    """A server on this machine."""
    return Target(scheme, "127.0.0.1", port)


def test_everything_arrives_in_order_and_nothing_else() -> None:
    """No greeting: the server is asked nothing."""
    with TcpSink() as sink:
        with DirectDelivery(target(Scheme.TCP, sink.port)) as delivery:
            for packet in PACKETS:
                delivery.send(packet)
            delivery.finish()
        assert sink.wait_for_connections(1)
        assert sink.packets == PACKETS
    assert delivery.counts.delivered == len(PACKETS)


def test_too_large_datagrams_are_counted() -> None:
    """The others go."""
    with UdpSink() as sink, DirectDelivery(target(Scheme.UDP, sink.port)) as delivery:
        for data in (b"first", bytes(65_520), b"last"):
            delivery.send(data)
        delivery.finish()
        assert sink.packets(2) == [b"first", b"last"]
    assert (delivery.counts.delivered, delivery.counts.dropped["too_large"]) == (2, 1)


def test_a_server_that_is_not_there_is_one_line() -> None:
    """At once, not after a patience."""
    port = closed_port(socket.SOCK_STREAM)
    with (
        pytest.raises(SendError, match=rf"^cannot connect to tcp://127.0.0.1:{port}: .*refused$"),
        DirectDelivery(target(Scheme.TCP, port)),
    ):
        pass


def test_a_server_that_goes_away_for_good_is_one_line() -> None:
    """It is tried again for as long as the patience lasts."""
    with TcpSink(TcpSink.read_and_reset) as sink:
        delivery = DirectDelivery(target(Scheme.TCP, sink.port), patience_seconds=0.3)
        with delivery:
            delivery.send(PACKETS[0])
            delivery.flush()
            assert sink.wait_for_connections(1)
            sink.stop()
            delivery.send(PACKETS[1])
            with pytest.raises(SendError, match=f"^tcp://127.0.0.1:{sink.port}"):
                delivery.finish()
