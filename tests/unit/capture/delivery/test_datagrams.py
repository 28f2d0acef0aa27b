"""Many datagrams a call: what arrives, and what is told of those that do not."""

import errno
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress

import pytest

from hepscope_capture.delivery.datagrams import MOST, Datagrams
from support.sinks import UdpSink, closed_port


def connected(port: int) -> socket.socket:
    """A socket to a port of this machine."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.connect(("127.0.0.1", port))
    made.setblocking(False)
    return made


def test_each_arrives_whole_and_in_its_order() -> None:
    """Of any size, more than one call takes, and those among them that no datagram holds."""
    packets = [bytes((number % 256,)) * (1 + number * 7 % 300) for number in range(2 * MOST)]
    packets[100] = bytes(65_535)
    packets[MOST] = bytes(60_000)
    refusals: list[tuple[int, int | None]] = []
    found: list[bytes] = []
    calls = at = 0
    with UdpSink() as sink, closing(Datagrams(connected(sink.port))) as datagrams:
        while at < len(packets):
            calls += 1
            try:
                at += datagrams.send(packets, at)
            except OSError as error:
                refusals.append((at, error.errno))
                at += 1
            # The usual receive buffer holds little more than a call of them.
            found += sink.packets()
        found += sink.packets(len(packets) - 1 - len(found))
    assert found == packets[:100] + packets[101:]
    assert refusals == [(100, errno.EMSGSIZE)]
    assert calls < len(packets) / 2


def test_no_more_than_asked_for() -> None:
    """What is paced."""
    with UdpSink() as sink, closing(Datagrams(connected(sink.port))) as datagrams:
        assert datagrams.send([b"a", b"b", b"c"], 0, most=2) == 2
        assert sink.packets(2) == [b"a", b"b"]


def test_a_refusal_amid_a_call_is_told() -> None:
    """The kernel forgets it there: that the call ended early is all that is left of it."""
    packets = [b"x"] * 10
    with closing(Datagrams(connected(closed_port(socket.SOCK_DGRAM)))) as datagrams:
        sent = next(sent for sent in sendings(datagrams, packets) if 0 < sent < len(packets))
        with pytest.raises(ConnectionRefusedError):
            datagrams.send(packets, sent)


def sendings(datagrams: Datagrams, packets: Sequence[bytes]) -> Iterator[int]:
    """How many each call takes; on a busy machine a refusal may come between two of them."""
    for _ in range(1000):
        with suppress(ConnectionRefusedError):
            yield datagrams.send(packets, 0)


def test_a_full_queue_is_told() -> None:
    """As what it is, and it goes on once there is room."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    theirs.setblocking(False)
    packets = [b"%06d" % number for number in range(30_000)]
    found: list[bytes] = []
    fills, at = 0, 0
    with closing(theirs), closing(Datagrams(ours)) as datagrams:
        while at < len(packets):
            try:
                at += datagrams.send(packets, at)
            except BlockingIOError:
                fills += 1
                found += [theirs.recv(100) for _ in range(at - len(found))]
        found += [theirs.recv(100) for _ in range(at - len(found))]
    assert fills > 0
    assert found == packets
