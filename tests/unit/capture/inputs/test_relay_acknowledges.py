"""Agents of ours are told how far their packets are safe; nothing is taken twice."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import given
from hypothesis import strategies as st

from hep import StreamDecoder, decode3, encode_ack, encode_hello
from hepscope_capture.inputs.plans import RelayPlan, parse_relay
from hepscope_capture.inputs.relay import Relay
from hepscope_capture.inputs.senders_of_ours import (
    MOST_SENDERS,
    NumberingSender,
    NumberingSenders,
    origin_of_hello,
    without_number,
)
from support.builders import make_packet, make_request
from support.hep_wire import mutated, sip_packet
from support.service import until
from unit.capture.inputs.collecting import CollectingSink
from unit.capture.inputs.rulings import Rulings

ORIGIN = bytes(range(16))
SECONDS = 60.0


def numbered(number: int, origin: bytes = ORIGIN) -> bytes:
    """A packet with its number, as an agent of ours sends it."""
    return make_packet(make_request(call_id=f"call-{number}"), origin=origin, seq=number)


def bare(number: int) -> bytes:
    """The same packet without it."""
    return make_packet(make_request(call_id=f"call-{number}"))


class Agent:
    """A connection of an agent of ours."""

    def __init__(self, port: int, origin: bytes = ORIGIN) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        self._decoder = StreamDecoder()
        self.acknowledged: list[int] = []
        self._socket.sendall(encode_hello(origin))

    def send(self, *numbers: int) -> None:
        """Send packets of these numbers."""
        self._socket.sendall(b"".join(map(numbered, numbers)))

    def wait_for(self, number: int) -> None:
        """Read answers until a number is acknowledged."""
        while number not in self.acknowledged:
            data = self._socket.recv(4096)
            assert data, "the relay has closed the connection"
            for packet in map(decode3, self._decoder.feed(data)):
                assert packet.origin == ORIGIN
                assert packet.ack is not None
                self.acknowledged.append(packet.ack)

    def close(self) -> None:
        """Go away."""
        self._socket.close()


@contextmanager
def relaying(sink: CollectingSink) -> Iterator[tuple[Relay, int]]:
    """A relay that runs, and its port."""
    plan = RelayPlan(parse_relay("tcp://127.0.0.1:0"))
    relay = Relay(plan, auth_key=None, rules=Rulings)
    relay.start(sink)
    try:
        yield relay, relay.addresses[0].port
    finally:
        relay.stop()


def test_what_is_safe_is_acknowledged_and_nothing_else() -> None:
    """Handed on is not safe."""
    sink = CollectingSink()
    sink.safe = 0
    with relaying(sink) as (relay, port):
        agent = Agent(port)
        agent.wait_for(0)
        agent.send(*range(1, 11))
        until(lambda: sink.has(10), "they are handed on", seconds=SECONDS)
        assert [packet for _, packet in sink.packets] == [bare(number) for number in range(1, 11)]
        agent.send(11)
        until(lambda: sink.has(11), "one more", seconds=SECONDS)
        sink.safe = 10
        agent.wait_for(10)
        sink.safe = 11
        agent.wait_for(11)
        assert agent.acknowledged == [0, 10, 11]
        assert relay.counts.acknowledged == 11
        agent.close()


def test_what_comes_again_on_another_connection_is_not_taken_twice() -> None:
    """The greeting's answer tells what is safe already."""
    sink = CollectingSink()
    sink.safe = 0
    with relaying(sink) as (relay, port):
        first = Agent(port)
        first.send(*range(1, 21))
        until(lambda: sink.has(20), "they are handed on", seconds=SECONDS)
        first.close()
        second = Agent(port)
        second.wait_for(0)
        second.send(*range(1, 31))
        until(lambda: sink.has(30), "the new ones are handed on", seconds=SECONDS)
        sink.safe = 30
        second.wait_for(30)
        second.close()
        assert [packet for _, packet in sink.packets] == [bare(number) for number in range(1, 31)]
        assert relay.counts.repeated == 20
        third = Agent(port)
        third.wait_for(30)
        third.close()


def test_at_the_end_what_becomes_safe_soon_is_acknowledged() -> None:
    """So that it does not come again to the next relay."""
    sink = CollectingSink()
    with relaying(sink) as (relay, port):
        agent = Agent(port)
        agent.wait_for(0)
        agent.send(*range(1, 101))
        relay.stop()
        agent.wait_for(100)
        agent.close()


def test_who_does_not_greet_is_told_nothing() -> None:
    """A plain agent does not read answers."""
    sink = CollectingSink()
    with relaying(sink) as (relay, port):
        with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as peer:
            peer.sendall(numbered(1))
            until(lambda: sink.has(1), "it is handed on", seconds=SECONDS)
            peer.shutdown(socket.SHUT_WR)
            assert peer.recv(100) == b""
        assert sink.packets == [(1, numbered(1))]
        assert relay.counts.acknowledged == 0


def test_an_agent_that_reads_no_answers_is_served_all_the_same() -> None:
    """Answers wait until there is room for them."""
    sink = CollectingSink()
    with relaying(sink) as (relay, port):
        agent = Agent(port)
        for number in range(1, 2001):
            agent.send(number)
        until(lambda: relay.counts.acknowledged == 2000, "all are safe", seconds=SECONDS)
        agent.wait_for(2000)
        agent.close()


def test_numbers_are_taken_off() -> None:
    """Those of the next hop are others."""
    assert without_number(numbered(7), ORIGIN) == (7, bare(7))
    assert without_number(numbered(7), bytes(16)) is None
    assert without_number(sip_packet(), ORIGIN) is None
    assert without_number(b"HEP3\0\x06", ORIGIN) is None


def test_a_greeting_tells_the_origin() -> None:
    """It holds nothing else."""
    assert origin_of_hello(encode_hello(ORIGIN)) == ORIGIN
    for other in (encode_ack(ORIGIN, 5), sip_packet(), numbered(1), b"HEP3\0\x06"):
        assert origin_of_hello(other) == b""


@given(mutated())
def test_whatever_comes_is_a_greeting_or_not(data: bytes) -> None:
    """And nothing is raised."""
    assert len(origin_of_hello(data)) in (0, 16)
    found = without_number(data, ORIGIN)
    assert found is None or len(found[1]) == len(data) - 36


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 12)), max_size=20))
def test_the_safe_number_never_passes_what_is_safe(steps: list[tuple[int, int]]) -> None:
    """Whatever becomes safe when."""
    sender, number, floor = NumberingSender(ORIGIN), 0, 0
    for more, safe in steps:
        floor = max(floor, safe)
        for _ in range(more):
            number += 1
            assert sender.take(number)
            assert not sender.take(number)
        sender.mark((number,))
        sender.settle(lambda position, floor=floor: position[0] <= floor)  # type: ignore[misc]
        assert sender.safe <= min(floor, number)
    sender.settle(lambda _position: True)
    assert sender.is_settled


def test_many_agents_are_remembered_but_not_all() -> None:
    """Who was silent for longest begins anew."""
    senders = NumberingSenders()
    first = senders.of(bytes(16))
    assert senders.of(bytes(16)) is first
    for number in range(1, MOST_SENDERS + 1):
        senders.of(number.to_bytes(16, "big"))
    assert senders.of(bytes(16)) is not first
