"""HEP over TCP: everything arrives, or is counted."""

import socket

import pytest

from hepscope_capture.clock import Clock, SystemClock
from hepscope_capture.senders.sender import SendError
from hepscope_capture.senders.target import Scheme, Target
from hepscope_capture.senders.tcp import LINGER_SECONDS, RECONNECT_SECONDS, TcpSender
from support.clocks import FakeClock
from support.sinks import TcpSink, closed_port


def hep(number: int, size: int = 500) -> bytes:
    """A packet with the head of HEP3, a number and filling."""
    return b"HEP3" + size.to_bytes(2, "big") + number.to_bytes(4, "big") + bytes(size - 10)


def sender_to(port: int, clock: Clock | None = None) -> TcpSender:
    """A sender to a port of this machine."""
    return TcpSender(Target(Scheme.TCP, "127.0.0.1", port), clock or SystemClock())


def send_many(sender: TcpSender, count: int) -> None:
    """Send numbered packets."""
    for number in range(count):
        sender.send(hep(number))


def test_everything_has_arrived_when_finish_returns() -> None:
    """More than all buffers hold, in order, nothing twice."""
    packets = [hep(number) for number in range(20_000)]
    with TcpSink() as sink:
        with sender_to(sink.port) as sender:
            for packet in packets:
                sender.send(packet)
            sender.finish()
            assert (sender.counts.sent, sender.counts.maybe_lost) == (20_000, 0)
        assert sink.packets == packets


def test_flush_hands_over_what_waits() -> None:
    """Before, a small packet is kept back for company."""
    with TcpSink() as sink, sender_to(sink.port) as sender:
        sender.send(hep(1))
        assert sender.counts.sent == 0
        sender.flush()
        assert sender.counts.sent == 1


def test_a_server_that_does_not_close_is_let_go() -> None:
    """It has acknowledged everything; after a moment that is enough."""
    with TcpSink(TcpSink.keep_open) as sink:
        with sender_to(sink.port, FakeClock(LINGER_SECONDS / 3)) as sender:
            sender.send(hep(1))
            sender.finish()
            assert sender.counts.maybe_lost == 0
        sink.stop()
        assert sink.packets == [hep(1)]


def test_no_server_is_an_error_at_once() -> None:
    """One line, with the address in it."""
    with pytest.raises(SendError, match=r"cannot connect to tcp://127\.0\.0\.1:\d+: "):
        sender_to(closed_port(socket.SOCK_STREAM)).__enter__()


def test_a_broken_connection_is_restored_and_the_loss_counted() -> None:
    """What the server did not get is counted; what was sent after is there."""

    def serve(sink: TcpSink, connection: socket.socket) -> None:
        if len(sink.connections) == 1:
            sink.read_and_reset(connection)
        else:
            sink.read_all(connection)

    clock = FakeClock()
    packets = [hep(number) for number in range(50_000)]
    with TcpSink(serve) as sink:
        with sender_to(sink.port, clock) as sender:
            for packet in packets:
                sender.send(packet)
            sender.finish()
            counts = sender.counts
        assert counts.sent == len(packets)
        assert counts.reconnects == 1
        assert clock.sleeps[0] == RECONNECT_SECONDS[0]
        second = bytes(sink.connections[1])
        assert second.endswith(packets[-1])
        # From the first packet on that the second connection got, none is missing, and those
        # that neither got are counted.
        first = int.from_bytes(second[6:10], "big")
        assert second == b"".join(packets[first:])
        assert counts.maybe_lost >= first - len(sink.connections[0]) // 500


def test_a_server_that_closes_after_reading_loses_nothing() -> None:
    """An orderly restart of the server is no loss."""

    def serve(sink: TcpSink, connection: socket.socket) -> None:
        if len(sink.connections) == 1:
            sink.connections[-1] += connection.recv(65_536)
            return
        sink.read_all(connection)

    with TcpSink(serve) as sink:
        with sender_to(sink.port, FakeClock()) as sender:
            sender.send(hep(1))
            sender.flush()
            assert sink.wait_for_connections(1)
            sender.send(hep(2))
            sender.finish()
            assert (sender.counts.reconnects, sender.counts.maybe_lost) == (1, 0)
        assert sink.packets == [hep(1), hep(2)]


def test_a_server_that_is_gone_is_given_up() -> None:
    """After the last try the error says how many messages waited."""
    with TcpSink(TcpSink.read_and_reset) as sink:
        clock = FakeClock()
        with sender_to(sink.port, clock) as sender:
            sender.send(hep(1))
            sender.flush()
            sink.stop()
            with pytest.raises(SendError, match="not restored"):
                send_many(sender, 100_000)
            assert sender.counts.unsent >= 1
            assert tuple(clock.sleeps) == RECONNECT_SECONDS


def test_a_server_that_closes_each_connection_is_given_up() -> None:
    """Connections that break at once do not restart the count of tries."""
    with TcpSink(lambda _sink, _connection: None) as sink:
        clock = FakeClock()
        with sender_to(sink.port, clock) as sender:
            with pytest.raises(SendError, match="not restored"):
                send_many(sender, 1_000_000)
            assert len(clock.sleeps) == len(RECONNECT_SECONDS)


def test_a_close_before_the_end_is_found_out() -> None:
    """A server that leaves without reading is an error at the end, not a success."""
    with TcpSink(TcpSink.read_and_reset) as sink, sender_to(sink.port, FakeClock()) as sender:
        sender.send(hep(1))
        sender.flush()
        sink.stop()
        with pytest.raises(SendError):
            sender.finish()


def test_a_server_that_does_not_read_is_given_up() -> None:
    """Not waited for until the end of days; what it may not have read is counted."""

    def serve(sink: TcpSink, _connection: socket.socket) -> None:
        sink.released.wait(30)

    with TcpSink(serve) as sink:
        target = Target(Scheme.TCP, "127.0.0.1", sink.port)
        with TcpSender(target, SystemClock(), stall_seconds=0.1) as sender:
            with pytest.raises(SendError, match="does not read"):
                send_many(sender, 1_000_000)
            assert sender.counts.unsent >= 1
            assert sender.counts.maybe_lost >= 1


def test_a_server_that_stops_reading_at_the_end_is_an_error() -> None:
    """Everything was handed over, but it never arrives."""

    def serve(sink: TcpSink, connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sink.released.wait(30)

    with TcpSink(serve) as sink, sender_to(sink.port, FakeClock(30.0)) as sender:
        send_many(sender, 1500)
        with pytest.raises(SendError, match="stopped reading"):
            sender.finish()
        assert sender.counts.maybe_lost >= 1
