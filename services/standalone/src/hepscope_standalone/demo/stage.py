"""The stage: makes the scenes of one period, which may be an hour or the next minutes."""

from collections.abc import Iterator
from random import Random

from hepscope_standalone.demo.arrivals import MINUTE_US, arrivals
from hepscope_standalone.demo.mix import ASIDE, CALLS
from hepscope_standalone.demo.network import (
    CARRIERS,
    CORE,
    FREESWITCH,
    RHEINFON,
    SBC_BER,
    SBC_FRA,
)
from hepscope_standalone.demo.people import Party
from hepscope_standalone.demo.scenarios import pings, registrations, scanner
from hepscope_standalone.demo.scene import Scene
from hepscope_standalone.demo.story import SECOND_US, Story, is_within
from hepscope_standalone.demo.world import World

GUESSES = 60
DIALLED = 18
DIALLED_MINUTES = 8
PREFIXES = ("00", "000", "9", "900", "810", "+", "011", "0011")

# Of the phones, one in so many has an old password, and tries again all the time.
FORGETFUL_OF = 48
RETRY_SECONDS = (110.0, 130.0)
REFRESH = (0.85, 0.95)
# After a restart phones come back within so many seconds on average.
RUSH_SECONDS = 22.0

PINGS = (
    *((SBC_FRA, carrier.gateway) for carrier in CARRIERS),
    (SBC_BER, RHEINFON.gateway),
    (SBC_FRA, FREESWITCH),
    (SBC_FRA, CORE),
    (SBC_BER, CORE),
)


class Stage:
    """Makes scenes from ``start_us`` to ``end_us``; they may go on beyond it."""

    def __init__(
        self, random: Random, world: World, start_us: int, end_us: int, story: Story
    ) -> None:
        self._random = random
        self._world = world
        self._start_us = start_us
        self._end_us = end_us
        self._story = story
        self._salt = f"{end_us // SECOND_US:x}"
        world.outage_us = story.outage

    def scenes(self, calls: int) -> Iterator[Scene]:
        """Everything of the period, kind by kind."""
        yield from self._calls(calls)
        yield from self._aside(calls)
        yield from self._registrations()
        yield from self._strangers()
        yield from self._pings()

    def _calls(self, count: int) -> Iterator[Scene]:
        scenarios = [scenario for scenario, _, _ in CALLS]
        usual = [weight for _, weight, _ in CALLS]
        in_outage = [weight * factor for _, weight, factor in CALLS]
        for time_us in arrivals(self._random, count, self._start_us, self._end_us):
            weights = in_outage if is_within(self._story.outage, time_us) else usual
            scene = self._scene(time_us)
            self._random.choices(scenarios, weights)[0](scene, self._world)
            yield scene

    def _aside(self, calls: int) -> Iterator[Scene]:
        for scenario, weight in ASIDE:
            count = int(calls * weight / 100 + self._random.random())
            for time_us in arrivals(self._random, count, self._start_us, self._end_us):
                scene = self._scene(time_us)
                scenario(scene, self._world)
                yield scene

    def _registrations(self) -> Iterator[Scene]:
        for index, phone in enumerate(self._world.phones):
            yield from self._phone(phone, is_forgetful=index % FORGETFUL_OF == FORGETFUL_OF - 1)

    def _phone(self, phone: Party, *, is_forgetful: bool) -> Iterator[Scene]:
        """All that a phone registers in the period, and when it is due after it."""
        expires = registrations.EXPIRES_SECONDS
        due = self._world.due_us
        first = self._start_us + self._random.randrange(expires * SECOND_US)
        time_us = due.get(phone.user, first)
        begin, back = self._story.restart
        while time_us < self._end_us:
            scene = self._scene(time_us)
            if is_within((begin, back), time_us):
                # The core is down and its agent with it.
                time_us = self._after_restart(back)
                continue
            if is_forgetful:
                registrations.refused(scene, self._world, phone)
                wait_us = round(self._random.uniform(*RETRY_SECONDS) * SECOND_US)
            else:
                is_rush = back <= time_us < back + 5 * MINUTE_US and begin > 0
                play = registrations.in_the_rush if is_rush else registrations.refreshed
                play(scene, self._world, phone)
                wait_us = round(self._random.uniform(*REFRESH) * expires * SECOND_US)
            yield scene
            if time_us < begin <= time_us + wait_us:
                time_us = self._after_restart(back)
            else:
                time_us += wait_us
        due[phone.user] = time_us

    def _after_restart(self, back_us: int) -> int:
        waited = min(self._random.expovariate(1 / RUSH_SECONDS), 5 * RUSH_SECONDS)
        return back_us + round(waited * SECOND_US)

    def _strangers(self) -> Iterator[Scene]:
        begin, end = self._story.scan
        for number in range(GUESSES if end else 0):
            scene = self._scene(begin + (end - begin) * number // GUESSES)
            scanner.guessed(scene, str(100 + number))
            yield scene
        # The other comes when that one goes.
        for number in range(DIALLED if end else 0):
            scene = self._scene(
                end + min(end - begin, DIALLED_MINUTES * MINUTE_US) * number // DIALLED
            )
            scanner.dialled(scene, PREFIXES[number % len(PREFIXES)])
            yield scene

    def _pings(self) -> Iterator[Scene]:
        for minute_us in range(self._start_us, self._end_us, MINUTE_US):
            for index, (source, target) in enumerate(PINGS):
                time_us = minute_us + index * MINUTE_US // len(PINGS)
                is_out = target is RHEINFON.gateway and is_within(self._story.outage, time_us)
                is_down = target is CORE and is_within(self._story.restart, time_us)
                scene = self._scene(time_us)
                pings.pinged(scene, source, target, answers=not (is_out or is_down))
                yield scene

    def _scene(self, time_us: int) -> Scene:
        return Scene(self._random, time_us, self._salt)
