"""The loop that captures, fed by sources that are no interfaces."""

from collections.abc import Sequence

import pytest

from hep import decode3
from hepscope_capture.files.errors import NotACaptureError
from hepscope_capture.files.live_source import SourceCounts
from hepscope_capture.frame import Frame
from hepscope_capture.frame_counts import FrameCounts
from hepscope_capture.live.agent import Agent
from hepscope_capture.packets import Labels
from hepscope_capture.pipeline import Pipeline, Wanted
from hepscope_capture.rules.plan import RulePlan
from hepscope_capture.rules.rules import Rules
from support.clocks import FakeClock
from support.frames import ethernet, ipv4, make_invite, make_options, udp

START_US = 1_700_000_000_000_000
REPORT = b"\x80\xc9\x00\x01\x00\x00\x00\x07"


class Source:
    """Batches of packets, and then nothing more."""

    def __init__(self, *batches: Sequence[bytes]) -> None:
        self.name = "a source"
        self.counts = SourceCounts()
        self.is_closed = False
        self.looks = 0
        self.number: int | None = None
        self._batches = list(batches)

    @property
    def has_ended(self) -> bool:
        """Whether all was given."""
        return not self._batches

    def fileno(self) -> int | None:
        """Nothing to poll, unless it is said to be a pipe."""
        return self.number

    def look_after(self) -> None:
        """Count it."""
        self.looks += 1

    def read(self) -> Sequence[Frame] | None:
        """The next batch."""
        if not self._batches:
            return None
        frames = map(ethernet, self._batches.pop(0))
        return [Frame(START_US + at, 1, one, len(one)) for at, one in enumerate(frames)]

    def close(self) -> None:
        """Note it."""
        self.is_closed = True


def run(wanted: Wanted, *sources: Source, **options: object) -> list[tuple[int, list[bytes]]]:
    """Run an agent to the end of its sources; return what it delivered, by kind."""
    delivered: list[tuple[int, list[bytes]]] = []

    def deliver(packets: Sequence[bytes], kind: int) -> None:
        found = [decode3(one) for one in packets]
        assert {one.protocol_type for one in found} == {kind}
        delivered.append((kind, [one.payload for one in found]))

    pipeline = Pipeline(wanted, FrameCounts())
    agent = Agent([], pipeline, Labels(7), FakeClock(), deliver=deliver, sources=sources, **options)  # type: ignore[arg-type]
    agent.run()
    return delivered


def datagram(payload: bytes, ports: tuple[int, int] = (5060, 5070)) -> bytes:
    """A datagram in IPv4."""
    return ipv4(udp(payload, ports=ports))


def test_it_ends_with_its_sources() -> None:
    """Everything is delivered, a batch at a time; they are closed once it is safe."""
    first = Source([datagram(make_options("a")), datagram(make_options("b"))])
    second = Source([datagram(make_options("c"))], [datagram(make_options("d"))])
    found = run(Wanted(), first, second)
    assert sorted(payload for _, payloads in found for payload in payloads) == sorted(
        map(make_options, "abcd")
    )
    assert not first.is_closed
    assert not second.is_closed
    assert min(first.looks, second.looks) >= 1


def test_kinds_are_delivered_apart() -> None:
    """RTCP has its call; what waits for one comes out at the end."""
    invite = make_invite("call-7", "192.0.2.1", 4000)
    other = REPORT[:-1] + b"\x08"
    source = Source(
        [datagram(invite), datagram(REPORT, (4001, 9001)), datagram(other, (7001, 7003))]
    )
    kinds = [(kind, len(payloads)) for kind, payloads in run(Wanted(), source)]
    assert kinds == [(1, 1), (5, 1), (5, 1)]


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(rules=Rules.compile(RulePlan()))])
def test_messages_are_shown(wanted: Wanted) -> None:
    """Each once, as it is sent."""
    shown: list[bytes] = []
    source = Source([datagram(make_options("a")), datagram(b"no SIP")])
    run(wanted, source, show=lambda one: shown.append(one.payload))
    assert shown == [make_options("a")]


def test_rules_hold() -> None:
    """What they refuse is neither shown nor sent."""
    rules = Rules.compile(RulePlan(exclude_methods=frozenset({"OPTIONS"})))
    shown: list[object] = []
    source = Source([datagram(make_options("a"))])
    assert run(Wanted(rules=rules), source, show=shown.append) == []
    assert shown == []


class Spring(Source):
    """A source that never dries up; stops the agent at a batch."""

    def __init__(self, stop_at: int) -> None:
        super().__init__([datagram(make_options("x"))])
        self.agent: Agent | None = None
        self.batches = 0
        self._stop_at = stop_at

    def read(self) -> Sequence[Frame] | None:
        """The same batch once more."""
        self.batches += 1
        if self.batches == self._stop_at and self.agent is not None:
            self.agent.stop()
        data = ethernet(self._batches[0][0])
        return [Frame(START_US, 1, data, len(data))]


@pytest.mark.parametrize(("number", "is_read_on"), [(None, False), (0, True)])
def test_an_end_comes_though_there_is_always_more(number: int | None, is_read_on: bool) -> None:
    """Of files the next process reads on; what a pipe holds is taken, for a moment."""
    source = Spring(stop_at=3)
    source.number = number
    delivered: list[bytes] = []
    source.agent = agent = Agent(
        [],
        Pipeline(Wanted(), FrameCounts()),
        Labels(7),
        FakeClock(tick_seconds=0.01),
        deliver=lambda packets, _: delivered.extend(packets),
        sources=[source],
    )
    agent.run()
    assert len(delivered) == source.batches
    # A turn is finished in any case.
    assert (source.batches > 100) is is_read_on


class Rubbish(Source):
    """A pipe that brings no capture."""

    def read(self) -> Sequence[Frame] | None:
        """Say so, once."""
        self._batches.clear()
        raise NotACaptureError("no capture")


def test_what_was_held_back_comes_out_though_another_source_is_no_capture() -> None:
    """RTCP that waits for its call goes under its addresses, before the error."""
    held = Source([datagram(REPORT, (4001, 9001))])
    delivered: list[int] = []
    agent = Agent(
        [],
        Pipeline(Wanted(), FrameCounts()),
        Labels(7),
        FakeClock(),
        deliver=lambda packets, kind: delivered.extend([kind] * len(packets)),
        sources=[held, Rubbish([b""])],
    )
    with pytest.raises(NotACaptureError):
        agent.run()
    assert delivered == [5]
