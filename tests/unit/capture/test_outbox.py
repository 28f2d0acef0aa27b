"""The outbox: whatever is acknowledged when, and whatever breaks, nothing given is lost."""

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from hepscope_capture.senders.outbox import Outbox, UnknownNumberError


def packet(number: int) -> bytes:
    """Eight bytes that tell their number."""
    return number.to_bytes(8, "big")


def numbers(data: bytes) -> list[int]:
    """The numbers of packets back to back."""
    return [int.from_bytes(data[at : at + 8], "big") for at in range(0, len(data), 8)]


def filled(count: int) -> Outbox:
    """An outbox that was given so many packets."""
    outbox = Outbox(1 << 20)
    for number in range(1, count + 1):
        outbox.add(packet(number))
    return outbox


def test_packets_leave_in_order_and_stay_until_acknowledged() -> None:
    """A piece at a time; what is acknowledged is gone."""
    outbox = filled(5)
    assert numbers(outbox.take(16)) == [1, 2]
    assert numbers(outbox.take(16)) == [3, 4]
    assert (len(outbox), outbox.waiting_bytes, outbox.never_taken) == (5, 8, 1)
    assert outbox.acknowledge(3)
    assert (len(outbox), outbox.acknowledged) == (2, 3)
    assert not outbox.acknowledge(3)
    assert not outbox.acknowledge(1)
    assert numbers(outbox.take(100)) == [5]
    assert outbox.take(100) == b""


def test_one_packet_is_taken_however_small_the_piece() -> None:
    """A packet is never cut."""
    assert numbers(filled(2).take(1)) == [1]


def test_a_lost_connection_begins_anew_with_the_first_that_stayed() -> None:
    """In order, under the same numbers, before anything new."""
    outbox = filled(4)
    outbox.take(24)
    outbox.acknowledge(1)
    outbox.rewind()
    outbox.add(packet(5))
    assert outbox.waiting_bytes == 32
    assert numbers(outbox.take(100)) == [2, 3, 4, 5]
    assert outbox.waiting_bytes == 0
    assert (outbox.repeated, outbox.taken) == (2, 5)


def test_what_an_earlier_connection_brought_is_not_sent_again() -> None:
    """The server greets with a number that the lost connection carried."""
    outbox = filled(4)
    outbox.take(24)
    outbox.rewind()
    assert outbox.acknowledge(2)
    assert numbers(outbox.take(100)) == [3, 4]


@pytest.mark.parametrize("taken", [0, 8, 24])
def test_a_number_that_was_never_sent_frees_nothing(taken: int) -> None:
    """Even of what is there: it lies, so nothing is believed."""
    outbox = filled(4)
    if taken:
        outbox.take(taken)
    with pytest.raises(UnknownNumberError, match="acknowledges number 4, but only numbers up to"):
        outbox.acknowledge(4)
    assert (len(outbox), outbox.acknowledged) == (4, 0)


def test_room_is_counted_in_bytes() -> None:
    """It comes back by acknowledgement alone, not by sending."""
    outbox = Outbox(20)
    for number in (1, 2, 3):
        assert outbox.has_room
        outbox.add(packet(number))
    outbox.take(100)
    outbox.rewind()
    assert not outbox.has_room
    outbox.take(100)
    outbox.acknowledge(1)
    assert outbox.has_room


def test_a_packet_without_a_number_stays_as_long_as_one_before_it() -> None:
    """Sent again with it; alone it is let go once it was taken."""
    outbox = Outbox(1 << 20)
    outbox.add(packet(1))
    outbox.add(packet(2), is_numbered=False)
    outbox.add(packet(3))
    outbox.take(16)
    outbox.rewind()
    assert numbers(outbox.take(100)) == [1, 2, 3]
    outbox.acknowledge(1)
    assert (len(outbox), outbox.acknowledged) == (1, 1)
    outbox.acknowledge(3)
    outbox.add(packet(4), is_numbered=False)
    assert len(outbox) == 1
    assert numbers(outbox.take(100)) == [4]
    assert (len(outbox), outbox.acknowledged) == (0, 2)


class Delivery(RuleBasedStateMachine):
    """An outbox and a server as ingest is: it takes a prefix of what is sent, and acknowledges

    what it took in order, now, later, or on another connection, or forgets everything by a crash.
    """

    @initialize(limit=st.integers(1, 200))
    def begin(self, limit: int) -> None:
        """Give nothing yet."""
        self.outbox = Outbox(limit)
        self.given: list[int] = []
        self.unnumbered: set[int] = set()
        self.on_the_way: deque[int] = deque()
        self.arrived: list[int] = []  # of this connection
        self.stored: list[int] = []  # each once, in the order of first arrival
        self.safe = 0  # the highest number up to which the server has everything safe
        self.heard = 0
        self.crashed_at = 0

    @rule(is_numbered=st.sampled_from([True, True, True, False]))
    def give(self, is_numbered: bool) -> None:
        """One more packet, if there is room."""
        if not self.outbox.has_room:
            return
        number = self.outbox.next_seq
        self.outbox.add(packet(number), is_numbered=is_numbered)
        self.given.append(number)
        if not is_numbered:
            self.unnumbered.add(number)

    @rule(size=st.integers(1, 100))
    def send(self, size: int) -> None:
        """Put the next packets on the way."""
        self.on_the_way.extend(numbers(self.outbox.take(size)))

    @rule(count=st.integers(1, 10))
    def arrive(self, count: int) -> None:
        """The server reads some of them."""
        for _ in range(min(count, len(self.on_the_way))):
            number = self.on_the_way.popleft()
            assert not self.arrived or number > self.arrived[-1]
            self.arrived.append(number)

    @precondition(lambda self: self.arrived)
    @rule(data=st.data())
    def store(self, data: st.DataObject) -> None:
        """A prefix of what arrived becomes safe."""
        upto = data.draw(st.sampled_from(self.arrived))
        for number in self.arrived:
            if number <= upto and number not in self.stored:
                self.stored.append(number)
        numbered = [n for n in self.arrived if n <= upto and n not in self.unnumbered]
        if numbered:
            self.safe = max(self.safe, numbered[-1])

    @rule(lag=st.integers(0, 5))
    def acknowledge(self, lag: int) -> None:
        """The server tells, perhaps what it told before, perhaps less."""
        number = max(0, self.safe - lag)
        assert self.outbox.acknowledge(number) == (number > self.heard)
        self.heard = max(self.heard, number)

    @rule()
    def lie(self) -> None:
        """A number that was never sent changes nothing."""
        before = len(self.outbox)
        with pytest.raises(UnknownNumberError):
            self.outbox.acknowledge(self.outbox.taken + 1)
        assert len(self.outbox) == before

    @rule(is_crash=st.booleans())
    def break_off(self, is_crash: bool) -> None:
        """The connection ends, with all that is on the way; a crash takes what is not safe."""
        self.on_the_way.clear()
        if is_crash:
            self.safe = 0
        self.arrived = []
        self.outbox.rewind()

    @invariant()
    def keeps_whatever_is_not_acknowledged(self) -> None:
        """Every numbered packet above what was heard is still there."""
        if not hasattr(self, "outbox"):
            return
        must = [n for n in self.given if n > self.heard and n not in self.unnumbered]
        assert len(must) <= len(self.outbox) <= len(self.given)
        assert self.outbox.acknowledged == len(
            [n for n in self.given if n <= self.heard and n not in self.unnumbered]
        )
        assert self.outbox.never_taken + self.outbox.taken == len(self.given)

    def teardown(self) -> None:
        """In the end a server that works has everything, in order, none lost."""
        if not hasattr(self, "outbox"):
            return
        self.break_off(is_crash=True)
        taken = numbers(self.outbox.take(1 << 20))
        assert taken == sorted(set(taken))
        self.on_the_way.extend(taken)
        self.arrive(len(taken) or 1)
        if self.arrived:
            for number in self.arrived:
                if number not in self.stored:
                    self.stored.append(number)
            numbered = [n for n in self.arrived if n not in self.unnumbered]
            if numbered:
                self.outbox.acknowledge(numbered[-1])
        assert len(self.outbox) == 0
        numbered = [n for n in self.given if n not in self.unnumbered]
        assert [n for n in self.stored if n not in self.unnumbered] == numbered


Delivery.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
test_any_interleaving_delivers_everything_in_order = Delivery.TestCase


@given(st.integers(1, 50), st.integers(0, 60))
def test_an_acknowledgement_frees_exactly_what_it_says(count: int, number: int) -> None:
    """Everything up to it, nothing behind it."""
    outbox = filled(count)
    outbox.take(8 * count)
    if number > count:
        with pytest.raises(UnknownNumberError):
            outbox.acknowledge(number)
        return
    outbox.acknowledge(number)
    outbox.rewind()
    assert numbers(outbox.take(1000)) == list(range(number + 1, count + 1))
