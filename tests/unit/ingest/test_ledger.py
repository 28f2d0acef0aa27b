"""How far a sender may forget its packets, whatever order the bus confirms them in."""

from hypothesis import given, settings
from hypothesis import strategies as st

from hep import HepPacket, encode3, encode_hello
from hepscope_ingest.ledger import Entry, Ledger, Ledgers, number_of
from support.builders import make_packet, make_request

ORIGIN = bytes(range(16))


def test_the_number_rises_over_what_is_settled_in_order() -> None:
    """A packet in front holds those behind it back."""
    ledger = Ledger()
    first, second, third = (ledger.enter(seq) for seq in (1, 2, 3))
    second()
    assert (ledger.acknowledged, ledger.outstanding) == (0, 3)
    first()
    assert (ledger.acknowledged, ledger.outstanding) == (2, 1)
    third()
    assert (ledger.acknowledged, ledger.outstanding) == (3, 0)


def test_a_number_that_never_came_holds_nothing_back() -> None:
    """Another server has it, or its packet could not be read and was counted."""
    ledger = Ledger()
    for seq in (5, 9):
        ledger.enter(seq)()
    assert ledger.acknowledged == 9


def test_a_packet_sent_again_does_not_take_the_number_back() -> None:
    """Its copy waits for the bus while later ones are already safe."""
    ledger = Ledger()
    for seq in (1, 2, 3):
        ledger.enter(seq)()
    again = ledger.enter(2)
    assert ledger.acknowledged == 3
    later = ledger.enter(4)
    later()
    assert ledger.acknowledged == 3
    again()
    assert ledger.acknowledged == 4


def test_watchers_hear_of_progress_only() -> None:
    """Once per step forward; what changes nothing is silent."""
    ledger = Ledger()
    heard: list[int] = []
    ledger.watchers.append(lambda: heard.append(ledger.acknowledged))
    first, second = ledger.enter(1), ledger.enter(2)
    second()
    assert heard == []
    first()
    first()
    assert heard == [2]


def test_idle_ledgers_are_forgotten_oldest_first() -> None:
    """One that waits for the bus, or whose sender is connected, stays."""
    ledgers = Ledgers(max_origins=3)
    waiting = ledgers.of(b"waiting")
    entry = waiting.enter(1)
    connected = ledgers.of(b"connected")
    connected.watchers.append(lambda: None)
    idle = ledgers.of(b"idle")
    ledgers.of(b"new")
    assert len(ledgers) == 3
    assert ledgers.of(b"waiting") is waiting
    assert ledgers.of(b"connected") is connected
    assert ledgers.outstanding == 1
    assert ledgers.of(b"idle") is not idle
    entry()
    assert ledgers.outstanding == 0


def test_numbers_are_read_from_any_place() -> None:
    """Both chunks are needed, wherever they stand."""
    numbered = make_packet(make_request(), origin=ORIGIN, seq=7)
    assert number_of(numbered) == (ORIGIN, 7)
    moved = numbered[:6] + numbered[-36:] + numbered[6:-36]
    assert number_of(moved) == (ORIGIN, 7)
    assert number_of(make_packet(make_request(), seq=7)) is None
    assert number_of(encode_hello(ORIGIN)) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_searched_to_an_end(data: bytes) -> None:
    """A number or none, never an error."""
    found = number_of(b"HEP3\0\0" + data)
    assert found is None or (len(found[0]) == 16 and found[1] >= 0)


@given(st.integers(0, (1 << 64) - 1), st.binary(min_size=16, max_size=16))
def test_what_the_encoder_writes_is_read(seq: int, origin: bytes) -> None:
    """The whole range of both."""
    packet = encode3(HepPacket(payload=b"x", protocol_type=1, origin=origin, seq=seq))
    assert number_of(packet) == (origin, seq)


class Model:
    """What arrived in order, and which of it is settled."""

    def __init__(self) -> None:
        self.arrived: list[int] = []
        self.settled: list[bool] = []

    def acknowledged(self) -> int:
        """Return the highest number of the settled front."""
        front = [seq for seq, done in zip(self.arrived, self._front(), strict=True) if done]
        return max(front, default=0)

    def _front(self) -> list[bool]:
        length = self.settled.index(False) if False in self.settled else len(self.settled)
        return [at < length for at in range(len(self.settled))]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("enter"), st.integers(1, 30)),
        st.tuples(st.just("settle"), st.integers(0, 60)),
    ),
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_the_acknowledged_number_is_that_of_the_settled_front(
    steps: list[tuple[str, int]],
) -> None:
    """With any numbers, any order of settling, and twice: it follows the front, never back."""
    ledger, model = Ledger(), Model()
    entries: list[Entry] = []
    last = 0
    for step, value in steps:
        if step == "enter":
            entries.append(ledger.enter(value))
            model.arrived.append(value)
            model.settled.append(False)
        elif entries:
            at = value % len(entries)
            entries[at]()
            model.settled[at] = True
        assert ledger.acknowledged == model.acknowledged()
        assert ledger.acknowledged >= last
        last = ledger.acknowledged
