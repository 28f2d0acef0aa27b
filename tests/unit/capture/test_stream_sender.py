"""Which sender a server gets: with acknowledgements where it gives them, else a plain one."""

import socket
import time

import pytest

from hep import decode3, encode_ack, is_hello
from hepscope_capture.clock import SystemClock
from hepscope_capture.senders.acknowledged import AcknowledgedSender
from hepscope_capture.senders.greeting import HELLO_SECONDS
from hepscope_capture.senders.sender import SendError
from hepscope_capture.senders.stream import Acks, stream_sender
from hepscope_capture.senders.tcp import TcpSender
from support.hep_wire import sip_packet
from support.sinks import TcpSink, closed_port
from unit.capture.acking_server import AckingServer, Answer, Serve, dialler_to


def test_a_server_that_answers_gets_numbers() -> None:
    """Under an origin that is new each time."""
    server = AckingServer()
    with TcpSink(server) as sink:
        for _ in range(2):
            with stream_sender(dialler_to(sink.port), SystemClock()) as sender:
                assert isinstance(sender, AcknowledgedSender)
                sender.send(sip_packet())
                sender.finish()
                assert sender.counts.is_acknowledged
        assert server.orders == [[1], [1]]
        assert len(server.origins) == 2
        assert server.plain == []


def test_a_plain_server_gets_what_it_always_got() -> None:
    """Behind the greeting; it is waited for a second, once."""
    with TcpSink() as sink:
        with stream_sender(dialler_to(sink.port), SystemClock()) as sender:
            assert isinstance(sender, TcpSender)
            sender.send(sip_packet())
            sender.finish()
            assert sender.counts.is_acknowledged is False
        greeting, *packets = sink.packets
        assert is_hello(decode3(greeting))
        assert packets == [sip_packet()]
        assert len(sink.connections) == 1


def test_a_server_that_repeats_what_it_hears_is_a_plain_one() -> None:
    """The greeting that comes back is no answer."""

    def echo(sink: TcpSink, connection: socket.socket) -> None:
        while data := connection.recv(65_536):
            sink.connections[-1] += data
            connection.sendall(data)

    with TcpSink(echo) as sink:
        with stream_sender(dialler_to(sink.port), SystemClock()) as sender:
            assert isinstance(sender, TcpSender)
            sender.send(sip_packet())
            sender.finish()
        assert sink.packets[1:] == [sip_packet()]


def test_who_hangs_up_on_a_greeting_is_not_greeted_for_ever() -> None:
    """Twice, since it may just be starting; then it gets plain HEP."""

    def serve(sink: TcpSink, connection: socket.socket) -> None:
        data = connection.recv(65_536)
        if is_hello(decode3(data)):
            return
        sink.connections[-1] += data
        sink.read_all(connection)

    with TcpSink(serve) as sink:
        with stream_sender(dialler_to(sink.port), SystemClock()) as sender:
            sender.send(sip_packet())
            sender.finish()
            assert sender.counts.is_acknowledged is False
        assert sink.packets == [sip_packet()]
        assert len(sink.connections) == 3


def test_who_was_only_starting_is_greeted_again() -> None:
    """The first connection was to something that was going away."""
    server = AckingServer()

    def serve(sink: TcpSink, connection: socket.socket) -> None:
        if len(sink.connections) == 1:
            connection.recv(1)
        else:
            server(sink, connection)

    with TcpSink(serve) as sink, stream_sender(dialler_to(sink.port), SystemClock()) as sender:
        sender.send(sip_packet())
        sender.finish()
        assert sender.counts.acknowledged == 1


def test_nobody_need_be_asked() -> None:
    """The first byte is the first packet's."""
    with TcpSink() as sink:
        with stream_sender(dialler_to(sink.port), SystemClock(), acks=Acks.NEVER) as sender:
            sender.send(sip_packet())
            sender.finish()
            assert sender.counts.is_acknowledged is None
        assert sink.packets == [sip_packet()]


@pytest.mark.parametrize("serve", [TcpSink.read_all, lambda _sink, _connection: None])
def test_a_plain_server_can_be_refused(serve: Serve) -> None:
    """Then nothing but the greeting is sent."""
    with TcpSink(serve) as sink:
        opening = stream_sender(dialler_to(sink.port), SystemClock(), acks=Acks.REQUIRE)
        with pytest.raises(SendError, match="does not acknowledge"), opening:
            pytest.fail("there is no sender")
        assert sink.wait_for_connections(1)
        assert all(is_hello(decode3(packet)) for packet in sink.packets)


@pytest.mark.parametrize(
    ("greet", "words"),
    [
        (lambda _origin, number: encode_ack(bytes(16), number), "of another sender"),
        (lambda origin, _number: encode_ack(origin, 12), "what was never sent"),
    ],
)
def test_a_wrong_answer_to_the_greeting_is_an_error(greet: Answer, words: str) -> None:
    """At once, in one line with the address."""
    with TcpSink(AckingServer(greet=greet)) as sink:
        opening = stream_sender(dialler_to(sink.port), SystemClock())
        with pytest.raises(SendError, match=rf"tcp://127\.0\.0\.1:\d+: .*{words}"), opening:
            pytest.fail("there is no sender")


def test_no_server_is_an_error_at_once() -> None:
    """As ever, whatever the patience is."""
    opening = stream_sender(dialler_to(closed_port(socket.SOCK_STREAM)), SystemClock())
    with pytest.raises(SendError, match=r"cannot connect to tcp://127\.0\.0\.1:\d+: "), opening:
        pytest.fail("there is no sender")


def test_the_greeting_waits_no_longer_than_it_says() -> None:
    """By the clock that it is given: one that runs ten times too fast waits a tenth."""

    class FastClock(SystemClock):
        def elapsed_seconds(self) -> float:
            return 10 * time.monotonic()

    with TcpSink(TcpSink.keep_open) as sink:
        clock = FastClock()
        begun = clock.elapsed_seconds()
        with stream_sender(dialler_to(sink.port), clock) as sender:
            assert isinstance(sender, TcpSender)
            # What select waits is real time, so it may be late, but never early.
            assert clock.elapsed_seconds() - begun >= HELLO_SECONDS
        sink.released.set()
