"""The plan of a chaos run: a list of faults that a seed decides.

A cycle holds every fault the run knows: each part killed, each pair of parts killed together,
each part stopped for 20 s and one for three minutes, the database's disk full, each network cut
and each stalled, the clock of each service wrong. Kinds take turns, so that a short list has some
of each; a longer list goes on with another cycle. Times are seconds; the same arguments give the
same plan, whatever the Python.
"""

import random
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from itertools import combinations, cycle

from chaos.parts import BROKER_LINKS, PARTS, SENDER_LINKS, SERVICES, Link, Part

PAUSE_SECONDS = 20.0
LONG_PAUSE_SECONDS = 180.0
"""Longer than any session or timeout of ours: what was replaced meanwhile must notice."""

CUT_SECONDS = 12.0
DISK_SECONDS = 20.0
CLOCK_SECONDS = 15.0

SHIFTS = (7200, -7200, 90_000, -90_000)
"""Clock shifts: two hours pass the bound of plausible times, 25 hours pass midnight."""


class Kind(StrEnum):
    """What is done to the installation."""

    KILL = "kill"
    """SIGKILL of one part or of two at once, then a new start."""
    PAUSE = "pause"
    """SIGSTOP, later SIGCONT: connections stay open, nothing answers."""
    LONG_PAUSE = "long-pause"
    DISK = "disk-full"
    """The database's disk is filled to the last byte, later freed."""
    CUT = "cut"
    """Connections are reset, new ones refused."""
    STALL = "stall"
    """Connections stay open, no byte passes, new ones are not answered."""
    CLOCK = "clock"
    """A service is started anew with a wrong clock, and later with a right one."""
    JUMP = "clock-jump"
    """The clock of a running service jumps, and later back."""


CLOCK_KINDS = (Kind.CLOCK, Kind.JUMP)
"""A wrong clock is no outage: everything goes on while it lasts."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: what, to whom, for how long, and the calm before it."""

    kind: Kind
    parts: tuple[Part, ...] = ()
    links: tuple[Link, ...] = ()
    hold_seconds: float = 0.0
    shift_seconds: int = 0
    rest_seconds: float = 1.0

    @property
    def title(self) -> str:
        """What the report calls it."""
        senders = set(self.links) == set(SENDER_LINKS)
        where = ["senders-ingest"] if senders else [*self.parts, *self.links]
        shift = f" by {self.shift_seconds:+d} s" if self.shift_seconds else ""
        return f"{self.kind} {' + '.join(where)}{shift}"


def touches_broker(fault: Fault) -> bool:
    """Whether a fault breaks the broker or a connection to it."""
    return Part.BROKER in fault.parts or any(link in BROKER_LINKS.values() for link in fault.links)


def make_plan(
    count: int | None,
    *,
    seed: int,
    only: Collection[str] = (),
    without: Collection[Kind] = (),
    hold_scale: float = 1.0,
    spares_broker: bool = False,
    catalogue: "Catalogue | None" = None,
) -> list[Fault]:
    """Return so many faults; None: each of those wanted once.

    ``only`` names kinds, parts or links, of which a fault must have one; ``hold_scale`` shortens
    how long each lasts; ``catalogue`` has the faults, by default those of an installation on
    loopback. Raises ValueError when nothing is left to choose from.
    """
    known = {*Kind, *Part, *Link}
    if unknown := [name for name in only if name not in known]:
        raise ValueError(f"no kind, part or link: {', '.join(unknown)}")

    def is_wanted(fault: Fault) -> bool:
        names = {fault.kind, *fault.parts, *fault.links}
        return (
            fault.kind not in without
            and not (spares_broker and touches_broker(fault))
            and (not only or any(name in names for name in only))
        )

    chance = random.Random(seed)
    paused = [part for part in PARTS if not (spares_broker and part is Part.BROKER)]
    heaps_of = catalogue or partial(loopback_faults, paused=paused)
    faults = list(filter(is_wanted, _cycle(chance, heaps_of)))
    if not faults:
        raise ValueError("no fault is of the chosen kinds and parts")
    while count is not None and len(faults) < count:
        faults += filter(is_wanted, _cycle(chance, heaps_of))
    return [
        replace(fault, hold_seconds=round(fault.hold_seconds * hold_scale, 2))
        for fault in faults[:count]
    ]


Catalogue = Callable[[random.Random], list[list[Fault]]]
"""Returns every fault there is, those of one kind in a heap."""


def loopback_faults(chance: random.Random, *, paused: Sequence[Part] = PARTS) -> list[list[Fault]]:
    """Return the faults of an installation on loopback; one of ``paused`` gets the long pause."""
    heaps = [
        kills(chance, PARTS, 1),
        pauses(PARTS),
        _networks(Kind.CUT),
        kills(chance, PARTS, 2),
        _disk(),
    ]
    clocks = _clocks(chance)
    heaps += [[fault for fault in clocks if fault.kind is kind] for kind in CLOCK_KINDS]
    return [*heaps, _networks(Kind.STALL), [long_pause(chance.choice(paused))]]


def _cycle(chance: random.Random, catalogue: Catalogue) -> Iterator[Fault]:
    """Yield every fault once, kinds in turn, each kind in an order of its own."""
    heaps = catalogue(chance)
    for heap in heaps:
        chance.shuffle(heap)
    while any(heaps):
        for heap in heaps:
            if heap:
                yield replace(heap.pop(), rest_seconds=round(chance.uniform(0.5, 3.0), 2))


def kills(chance: random.Random, parts: Sequence[Part], at_once: int) -> list[Fault]:
    """Return a kill of each of the parts, or of each pair of them."""
    return [
        Fault(Kind.KILL, parts=some, hold_seconds=round(chance.uniform(0.0, 5.0), 2))
        for some in combinations(parts, at_once)
    ]


def pauses(parts: Sequence[Part]) -> list[Fault]:
    """Return a pause of each of the parts."""
    return [Fault(Kind.PAUSE, parts=(part,), hold_seconds=PAUSE_SECONDS) for part in parts]


def long_pause(part: Part) -> Fault:
    """Return the pause that outlasts sessions."""
    return Fault(Kind.LONG_PAUSE, parts=(part,), hold_seconds=LONG_PAUSE_SECONDS)


def _disk() -> list[Fault]:
    return [Fault(Kind.DISK, parts=(Part.DATABASE,), hold_seconds=DISK_SECONDS)]


def _networks(kind: Kind) -> list[Fault]:
    single = [(link,) for link in Link if link not in SENDER_LINKS]
    return [Fault(kind, links=links, hold_seconds=CUT_SECONDS) for links in [SENDER_LINKS, *single]]


def _clocks(chance: random.Random) -> list[Fault]:
    services = chance.sample(SERVICES, len(SERVICES))
    return [
        Fault(
            kind,
            parts=(part,),
            hold_seconds=CLOCK_SECONDS,
            shift_seconds=chance.choice(SHIFTS),
        )
        for part, kind in zip(services, cycle(CLOCK_KINDS), strict=False)
    ]


FAULTS_PER_CYCLE = len(list(_cycle(random.Random(0), loopback_faults)))
"""How many faults a plan needs to hold each of them."""
