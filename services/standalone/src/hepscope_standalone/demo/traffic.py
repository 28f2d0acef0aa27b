"""The hour: what happens when, from a seed and the time at which it ends.

The seed decides the people and what they do; Call-IDs hold the end as well, so that a second demo
on one database adds calls instead of continuing the old ones. One story runs through the hour: for
some minutes the carrier NorthTel is out of order, while a stranger scans for weak passwords.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from hepscope_standalone.demo.arrivals import MINUTE_US, arrivals
from hepscope_standalone.demo.network import CARRIERS, NORTH, PBX
from hepscope_standalone.demo.scenarios import answered, background, failed
from hepscope_standalone.demo.scene import Capture, Planned, Scene
from hepscope_standalone.demo.world import Scenario, World

# With their second legs, registrations and pings about 2,000 Call-IDs, 24,000 messages.
DEFAULT_CALLS = 1500
DEFAULT_MINUTES = 60

# Calls of each kind among a hundred, and how much more often while NorthTel is out of order.
MIX: tuple[tuple[Scenario, float, float], ...] = (
    (answered.answered, 32, 0.6),
    (answered.lossy, 2, 1),
    (answered.two_nodes, 9, 0.6),
    (answered.back_to_back, 7, 1),
    (answered.early_media, 6, 0.6),
    (answered.held, 4, 1),
    (answered.challenged, 9, 0.6),
    (answered.forked, 4, 1),
    (failed.busy, 7, 1),
    (failed.no_answer, 6, 1),
    (failed.cancelled, 6, 1),
    (failed.declined, 2, 1),
    (failed.not_found, 2, 1),
    (failed.unavailable, 0.6, 25),
    (failed.no_codec, 0.7, 1),
    (failed.moved, 0.4, 1),
    (failed.no_reply, 0.9, 1),
    (failed.failover, 0.3, 15),
    (failed.wrong_password, 0.6, 1),
    (failed.scanned, 0.5, 1),
)

# Parts of the period in which the carrier is out of order, and in which the stranger scans.
OUTAGE = (0.55, 0.70)
SCAN = (0.20, 0.35)
GUESSES = 40

FORGETFUL_PHONES = 3


@dataclass(frozen=True, slots=True)
class Traffic:
    """The messages in order of time, and what was planned of the calls that are over."""

    captures: Sequence[Capture]
    planned: Sequence[Planned]

    @property
    def interesting(self) -> Planned | None:
        """The failed call to look at first: the latest with a story, else the latest failed."""
        invites = [plan for plan in self.planned if plan.method == "INVITE"]
        stories = [plan for plan in invites if plan.scenario == failed.FAILOVER]
        others = [plan for plan in invites if plan.state in {"failed", "timeout"}]
        return next(reversed(stories or others), None)


def generate(
    seed: int, end_us: int, *, calls: int = DEFAULT_CALLS, minutes: int = DEFAULT_MINUTES
) -> Traffic:
    """Return the traffic of the ``minutes`` before ``end_us``; the same for the same arguments.

    Calls under way at the end are cut there, so they show as ringing or answered.
    """
    captures: list[Capture] = []
    planned: list[Planned] = []
    for scene in _scenes(seed, end_us, calls, minutes):
        seen = [capture for capture in scene.captures if capture.time_us < end_us]
        captures += seen
        if len(seen) == len(scene.captures):
            planned += scene.planned
    # Stable and by time only: what one node saw at one moment stays in its order.
    captures.sort(key=lambda capture: capture.time_us)
    return Traffic(captures, planned)


def _scenes(seed: int, end_us: int, calls: int, minutes: int) -> Iterator[Scene]:
    random = _chance(seed)
    start_us = end_us - minutes * MINUTE_US
    stage = _Stage(random, World.make(random), start_us, end_us)
    yield from stage.calls(calls)
    yield from stage.registrations(minutes)
    yield from stage.guesses()
    yield from stage.pings()


def _chance(seed: int) -> Random:
    return Random(seed)  # noqa: S311 (the same demo for the same seed; nothing here is secret)


class _Stage:
    """Makes the scenes of one period."""

    def __init__(self, random: Random, world: World, start_us: int, end_us: int) -> None:
        self._random = random
        self._world = world
        self._start_us = start_us
        self._end_us = end_us
        self._salt = f"{end_us // 1_000_000:x}"

    def calls(self, count: int) -> Iterator[Scene]:
        scenarios = [scenario for scenario, _, _ in MIX]
        usual = [weight for _, weight, _ in MIX]
        in_outage = [weight * factor for _, weight, factor in MIX]
        for time_us in arrivals(self._random, count, self._start_us, self._end_us):
            weights = in_outage if self._is_within(OUTAGE, time_us) else usual
            scene = self._scene(time_us)
            self._random.choices(scenarios, weights)[0](scene, self._world)
            yield scene

    def registrations(self, minutes: int) -> Iterator[Scene]:
        expiry_minutes = background.EXPIRES_SECONDS // 60
        for index, phone in enumerate(self._world.phones):
            first = self._random.randrange(min(expiry_minutes, minutes) * MINUTE_US)
            scene = self._scene(self._start_us + first)
            if index % (len(self._world.phones) // FORGETFUL_PHONES) == 0:
                background.forgotten_password(scene, phone, max(1, minutes // 2 - 1))
            else:
                background.registered(scene, phone, -(-minutes // expiry_minutes))
            yield scene

    def guesses(self) -> Iterator[Scene]:
        begin, end = (self._at(part) for part in SCAN)
        for number in range(GUESSES):
            scene = self._scene(begin + (end - begin) * number // GUESSES)
            background.guessed(scene, str(100 + number))
            yield scene

    def pings(self) -> Iterator[Scene]:
        for minute_us in range(self._start_us, self._end_us, MINUTE_US):
            for index, target in enumerate((*CARRIERS, PBX)):
                time_us = minute_us + index * MINUTE_US // 8
                is_out = target is NORTH and self._is_within(OUTAGE, time_us)
                scene = self._scene(time_us)
                background.pinged(scene, target, answers=not is_out)
                yield scene

    def _scene(self, time_us: int) -> Scene:
        return Scene(self._random, time_us, self._salt)

    def _at(self, part: float) -> int:
        return self._start_us + round((self._end_us - self._start_us) * part)

    def _is_within(self, parts: tuple[float, float], time_us: int) -> bool:
        return self._at(parts[0]) <= time_us < self._at(parts[1])
