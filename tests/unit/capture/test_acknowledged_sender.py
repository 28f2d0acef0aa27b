"""HEP with acknowledgements: in the end everything is safe, or it is said how much is not."""

import random
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from hep import HepPacket, encode3, encode_ack
from hepscope_capture.clock import SystemClock
from hepscope_capture.senders import acknowledged
from hepscope_capture.senders.acknowledged import AcknowledgedSender
from hepscope_capture.senders.answers import Answers
from hepscope_capture.senders.connection import Connection
from hepscope_capture.senders.greeting import greet
from hepscope_capture.senders.patience import Patience
from hepscope_capture.senders.sender import SendError
from support.sinks import TcpSink
from unit.capture.acking_server import AckingServer, Answer, dialler_to, silence

ORIGIN = bytes(range(16))


def hep(number: int, size: int = 400) -> bytes:
    """A packet whose payload begins with a number."""
    payload = b"%08d" % number + bytes(size)
    return encode3(HepPacket(source=bytes(4), destination=bytes(4), payload=payload))


def payload_numbers(server: AckingServer) -> list[int]:
    """What was stored, in the order of the sender's numbers."""
    return [int(server.stored[seq].payload[:8]) for seq in sorted(server.stored)]


@contextmanager
def sending(
    sink: TcpSink,
    *,
    seconds: float = 30.0,
    stall_seconds: float = 30.0,
    kept_bytes: int = acknowledged.KEPT_BYTES,
) -> Iterator[tuple[AcknowledgedSender, list[str]]]:
    """A sender whose connection is greeted, and what it tells the user."""
    dialler, clock, answers = dialler_to(sink.port), SystemClock(), Answers(ORIGIN)
    connection = Connection(dialler.dial())
    assert greet(connection, answers, ORIGIN, clock) == 0
    told: list[str] = []
    with AcknowledgedSender(
        connection,
        answers,
        dialler,
        clock,
        origin=ORIGIN,
        patience=Patience(seconds, clock.elapsed_seconds(), stall_seconds=stall_seconds),
        tell=told.append,
        kept_bytes=kept_bytes,
    ) as sender:
        yield sender, told


def send(sender: AcknowledgedSender, numbers: Sequence[int]) -> None:
    """Send packets that tell their numbers."""
    for number in numbers:
        sender.send(hep(number))


def test_the_end_is_when_everything_is_acknowledged() -> None:
    """Each packet once, in order, numbered from 1."""
    server = AckingServer()
    with TcpSink(server) as sink:
        with sending(sink) as (sender, told):
            send(sender, range(3000))
            sender.finish()
            counts = sender.counts
        assert payload_numbers(server) == list(range(3000))
        assert server.orders == [list(range(1, 3001))]
        assert (counts.sent, counts.acknowledged, counts.unacknowledged) == (3000, 3000, 0)
        assert (counts.resent, counts.reconnects, counts.unsent) == (0, 0, 0)
        assert told == []


def test_flush_sends_what_waits_and_its_acknowledgement_is_heard() -> None:
    """While nobody calls the sender: a live capture may be silent for hours."""
    server = AckingServer()
    with TcpSink(server) as sink, sending(sink) as (sender, _):
        sender.send(hep(1))
        sender.flush()
        assert sink_has(server, 1)
        sender.finish()
        assert sender.counts.acknowledged == 1


def sink_has(server: AckingServer, count: int) -> bool:
    """Wait until a server has stored so many packets."""
    clock = SystemClock()
    end = clock.elapsed_seconds() + 20
    while len(server.stored) < count and clock.elapsed_seconds() < end:
        clock.sleep(0.01)
    return len(server.stored) >= count


@pytest.mark.parametrize("seed", range(4))
def test_broken_connections_lose_nothing(seed: int) -> None:
    """What was not acknowledged comes again, under the same numbers, before anything new."""
    chance = random.Random(seed)
    lives = [chance.randrange(1, 400) for _ in range(5)]
    server = AckingServer(lives)
    with TcpSink(server) as sink:
        with sending(sink) as (sender, told):
            send(sender, range(4000))
            sender.finish()
            counts = sender.counts
        assert payload_numbers(server) == list(range(4000))
        assert server.origins == {ORIGIN}
        assert counts.reconnects == len(lives)
        assert (counts.sent, counts.acknowledged, counts.unacknowledged) == (4000, 4000, 0)
        assert counts.resent > 0
        assert any("trying again" in line for line in told)
        for order in server.orders:
            assert order == list(range(order[0], order[0] + len(order)))


def test_a_connection_that_breaks_while_nobody_sends_is_restored() -> None:
    """What it carried is sent again at once, not with the next packet."""
    server = AckingServer([3])
    with TcpSink(server) as sink, sending(sink) as (sender, _):
        send(sender, range(3))
        sender.flush()
        assert sink.wait_for_connections(1)
        clock = SystemClock()
        end = clock.elapsed_seconds() + 20
        while sender.counts.acknowledged < 3 and clock.elapsed_seconds() < end:
            clock.sleep(0.01)
        assert (sender.counts.acknowledged, sender.counts.reconnects) == (3, 1)


def test_a_server_that_never_acknowledges_uses_up_the_patience() -> None:
    """The error says how many messages are not known to be safe; so do the counts."""
    server = AckingServer(acknowledge=silence)
    with TcpSink(server) as sink, sending(sink, seconds=0.5) as (sender, _):
        send(sender, range(7))
        with pytest.raises(SendError, match=r"no acknowledgement for 0\.5 s: 7 messages are not"):
            sender.finish()
        assert (sender.counts.unacknowledged, sender.counts.unsent) == (7, 0)
        with pytest.raises(SendError):
            sender.send(hep(8))


def test_a_server_that_says_the_same_for_ever_uses_up_the_patience() -> None:
    """Talking is no progress."""

    def chatter(_sink: TcpSink, connection: socket.socket) -> None:
        try:
            while True:
                connection.sendall(encode_ack(ORIGIN, 0))
        except OSError:
            # The sender has had enough.
            return

    with TcpSink(chatter) as sink, sending(sink, seconds=0.3) as (sender, _):
        sender.send(hep(1))
        with pytest.raises(SendError, match="1 message is not known to be safe"):
            sender.finish()


def test_a_server_that_is_gone_uses_up_the_patience() -> None:
    """It is not waited for until the end of days; what was never sent is told apart."""
    server = AckingServer([5])
    with TcpSink(server) as sink, sending(sink, seconds=1.0) as (sender, told):
        send(sender, range(5))
        sender.flush()
        assert sink.wait_for_connections(1)
        sink.stop()
        send(sender, range(5, 10))
        with pytest.raises(SendError, match=r"\d messages are not known to be safe"):
            sender.finish()
        counts = sender.counts
        assert counts.acknowledged + counts.unacknowledged + counts.unsent == 10
        assert counts.unacknowledged >= 3
        assert len(told) == 1


def test_a_silent_connection_is_changed_for_a_new_one() -> None:
    """A stalled network looks like this; on the next connection everything arrives."""
    first = True

    def once_silent(origin: bytes, number: int) -> bytes:
        nonlocal first
        if first:
            return b""
        return encode_ack(origin, number)

    server = AckingServer(acknowledge=once_silent)

    def serve(sink: TcpSink, connection: socket.socket) -> None:
        nonlocal first
        first = not server.orders
        server(sink, connection)

    with TcpSink(serve) as sink, sending(sink, stall_seconds=0.3) as (sender, _):
        send(sender, range(20))
        sender.finish()
        counts = sender.counts
        assert (counts.acknowledged, counts.reconnects, counts.resent) == (20, 1, 20)
        assert payload_numbers(server) == list(range(20))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda _origin, number: encode_ack(bytes(16), number), "packets of another sender"),
        (lambda origin, _number: encode_ack(origin, 2**60), "only numbers up to 4 were sent"),
        (lambda _origin, _number: bytes(70_000), "not in HEP"),
    ],
)
def test_a_server_that_lies_frees_nothing(answer: Answer, words: str) -> None:
    """Nobody is told that a packet is safe which may not be."""
    server = AckingServer(acknowledge=answer)
    with TcpSink(server) as sink, sending(sink, seconds=0.6) as (sender, _):
        send(sender, range(4))
        with pytest.raises(SendError, match=f"{words}.*: 4 messages are not known to be safe"):
            sender.finish()
        assert (sender.counts.acknowledged, sender.counts.unacknowledged) == (0, 4)


def test_a_server_that_no_longer_greets_is_not_taken_for_a_plain_one() -> None:
    """It hangs, or something else stands in its place: packets stay with us."""
    server = AckingServer([2])

    def serve(sink: TcpSink, connection: socket.socket) -> None:
        if server.orders:
            sink.keep_open(connection)
        else:
            server(sink, connection)

    with TcpSink(serve) as sink, sending(sink, seconds=1.5) as (sender, _):
        send(sender, range(2))
        with pytest.raises(SendError, match="1 message is not known to be safe"):
            sender.finish()
        sink.released.set()
        assert server.plain == []


def test_the_reader_waits_while_too_much_is_unacknowledged() -> None:
    """Memory is bounded by what the server has not acknowledged; nothing is dropped for it."""
    gate = AckingServer(acknowledge=silence)
    with TcpSink(gate) as sink, sending(sink, seconds=0.5, kept_bytes=10_000) as (sender, _):
        with pytest.raises(SendError, match="not known to be safe"):
            send(sender, range(1000))
        kept = sender.counts.unacknowledged + sender.counts.unsent
        assert 10_000 // 600 <= kept <= 10_000 // 400 + 1
    server = AckingServer()
    with TcpSink(server) as sink, sending(sink, kept_bytes=10_000) as (sender, _):
        send(sender, range(1000))
        sender.finish()
        assert payload_numbers(server) == list(range(1000))


def test_what_has_no_room_for_a_number_is_sent_whole_and_counted() -> None:
    """Compressed if that makes room, else without one; never cut."""
    wild = random.Random(1).randbytes(65_420)
    loose = b"x" * 65_420
    packets = [
        encode3(HepPacket(source=bytes(4), destination=bytes(4), payload=payload))
        for payload in (b"small", loose, wild, b"last")
    ]
    server = AckingServer()
    with TcpSink(server) as sink:
        with sending(sink) as (sender, _):
            for packet in packets:
                sender.send(packet)
            sender.finish()
            counts = sender.counts
        payloads = {seq: packet.payload for seq, packet in server.stored.items()}
        assert payloads == {1: b"small", 2: loose, 4: b"last"}
        assert [packet.payload for packet in server.plain] == [wild]
    assert (counts.sent, counts.acknowledged, counts.unnumbered) == (4, 3, 1)


def test_closing_early_ends_at_once_and_says_what_is_open() -> None:
    """As after Ctrl-C."""
    server = AckingServer(acknowledge=silence)
    with TcpSink(server) as sink:
        with sending(sink) as (sender, _):
            send(sender, range(3))
            sender.flush()
            assert sink_has(server, 3)
            assert sender.counts.unacknowledged == 3
        assert not sender._thread.is_alive()
