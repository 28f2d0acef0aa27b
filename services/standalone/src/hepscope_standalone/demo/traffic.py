"""The hour: what happens when, from a seed and the time at which it ends.

The seed decides the people and what they do; Call-IDs hold the end as well, so that a second demo
on one database adds calls instead of continuing the old ones. One story runs through the hour: for
some minutes the carrier Rheinfon is out of order; strangers scan, and the core restarts once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from hep.protocols import SIP
from hepscope_standalone.demo.arrivals import MINUTE_US
from hepscope_standalone.demo.scenarios.faults import FAILOVER
from hepscope_standalone.demo.scenarios.scanner import DIALLED
from hepscope_standalone.demo.scene import Capture, Planned, Scene
from hepscope_standalone.demo.stage import Stage
from hepscope_standalone.demo.story import Story
from hepscope_standalone.demo.world import World

DEFAULT_CALLS = 1200
DEFAULT_MINUTES = 60
PERIOD_US = MINUTE_US
"""What the trickle makes at once; calls that begin in it are sent as they go on."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """The messages in order of time, and what was planned of the calls that are over."""

    captures: Sequence[Capture]
    planned: Sequence[Planned]
    later: Sequence[Capture] = field(default=())
    """How what is under way at the end goes on."""

    @property
    def interesting(self) -> Planned | None:
        """The failed call to look at first: the latest with a story, else the latest failed."""
        invites = [plan for plan in self.planned if plan.method == "INVITE"]
        stories = [plan for plan in invites if plan.scenario == FAILOVER]
        others = [
            plan
            for plan in invites
            if plan.state in {"failed", "timeout"} and plan.scenario != DIALLED
        ]
        return next(reversed(stories or others), None)


class Generator:
    """Makes one period after the other; the same for the same seed and periods."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 (nothing here is secret)
        self._world = World.make(self._random)
        self._under_way: list[Capture] = []

    def period(self, start_us: int, end_us: int, calls: int, story: Story) -> Traffic:
        """Return the traffic from ``start_us`` to ``end_us``, in which so many calls begin.

        Calls under way at the end are cut there, so they show as ringing or answered; the next
        period goes on with them.
        """
        stage = Stage(self._random, self._world, start_us, end_us, story)
        captures, planned = self._under_way, list[Planned]()
        for scene in stage.scenes(calls):
            captures += scene.captures
            planned += _over(scene, end_us)
        # Stable and by time only: what one node saw at one moment stays in its order.
        captures.sort(key=lambda capture: capture.time_us)
        later = [capture for capture in captures if capture.time_us >= end_us]
        self._under_way = later
        return Traffic(captures[: len(captures) - len(later)], planned, tuple(later))

    def hour(self, end_us: int, *, calls: int, minutes: int, goes_on: bool = False) -> Traffic:
        """Return the traffic of the ``minutes`` before ``end_us``, with a story.

        Unless it goes on, calls that would still ring at the end are left out: a minute later they
        would look as if nobody had answered.
        """
        start_us = end_us - minutes * MINUTE_US
        found = self.period(start_us, end_us, calls, Story.of(start_us, end_us))
        return found if goes_on else _without_ringing(found)

    def trickle(self, start_us: int, calls_per_hour: float) -> Iterator[Capture]:
        """Return what happens from ``start_us`` on, without an end, in order of time."""
        while True:
            end_us = start_us + PERIOD_US
            count = int(calls_per_hour * PERIOD_US / (60 * MINUTE_US) + self._random.random())
            yield from self.period(start_us, end_us, count, Story()).captures
            start_us = end_us


def generate(
    seed: int, end_us: int, *, calls: int = DEFAULT_CALLS, minutes: int = DEFAULT_MINUTES
) -> Traffic:
    """Return the traffic of the ``minutes`` before ``end_us``; the same for the same arguments."""
    return Generator(seed).hour(end_us, calls=calls, minutes=minutes)


def _without_ringing(traffic: Traffic) -> Traffic:
    under_way = {capture.call_id for capture in traffic.later if capture.protocol == SIP}
    answered = {
        capture.call_id
        for capture in traffic.captures
        if capture.call_id in under_way and capture.payload.startswith(b"SIP/2.0 200 ")
    }
    ringing = under_way - answered
    kept = [capture for capture in traffic.captures if capture.call_id not in ringing]
    return Traffic(kept, traffic.planned, traffic.later)


def _over(scene: Scene, end_us: int) -> Sequence[Planned]:
    """Return what a scene planned, if it is over."""
    is_over = all(capture.time_us < end_us for capture in scene.captures)
    return scene.planned if is_over else ()
