"""The plan of a chaos run: a list of faults that a seed decides.

A cycle holds every fault the run knows: each part killed, each pair of parts killed together,
each part stopped for 20 s and one for three minutes, the database's disk full, each network cut
and each stalled, the clock of each service wrong. Kinds take turns, so that a short list has some
of each; a longer list goes on with another cycle. Times are seconds; the same arguments give the
same plan, whatever the Python.
"""

import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations, cycle

from chaos.parts import BROKER_LINKS, SENDER_LINKS, SERVICES, Link, Part

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
) -> list[Fault]:
    """Return so many faults; None: each of those wanted once.

    ``only`` names kinds, parts or links, of which a fault must have one; ``hold_scale`` shortens
    how long each lasts. Raises ValueError when nothing is left to choose from.
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
    paused = [part for part in Part if not (spares_broker and part is Part.BROKER)]
    faults = list(filter(is_wanted, _cycle(chance, paused)))
    if not faults:
        raise ValueError("no fault is of the chosen kinds and parts")
    while count is not None and len(faults) < count:
        faults += filter(is_wanted, _cycle(chance, paused))
    return [
        replace(fault, hold_seconds=round(fault.hold_seconds * hold_scale, 2))
        for fault in faults[:count]
    ]


def _cycle(chance: random.Random, paused: Sequence[Part] = tuple(Part)) -> Iterator[Fault]:
    """Yield every fault once, kinds in turn, each kind in an order of its own.

    ``paused`` are the parts of which one gets the long pause.
    """
    heaps = [_kills(chance, 1), _pauses(), _networks(Kind.CUT), _kills(chance, 2), _disk()]
    clocks = _clocks(chance)
    heaps += [[fault for fault in clocks if fault.kind is kind] for kind in CLOCK_KINDS]
    heaps += [_networks(Kind.STALL), [_long_pause(chance.choice(paused))]]
    for heap in heaps:
        chance.shuffle(heap)
    while any(heaps):
        for heap in heaps:
            if heap:
                yield replace(heap.pop(), rest_seconds=round(chance.uniform(0.5, 3.0), 2))


def _kills(chance: random.Random, at_once: int) -> list[Fault]:
    return [
        Fault(Kind.KILL, parts=parts, hold_seconds=round(chance.uniform(0.0, 5.0), 2))
        for parts in combinations(Part, at_once)
    ]


def _pauses() -> list[Fault]:
    return [Fault(Kind.PAUSE, parts=(part,), hold_seconds=PAUSE_SECONDS) for part in Part]


def _long_pause(part: Part) -> Fault:
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


FAULTS_PER_CYCLE = len(list(_cycle(random.Random(0))))
"""How many faults a plan needs to hold each of them."""
