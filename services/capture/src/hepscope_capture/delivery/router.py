"""Every packet to every destination that is for its kind; none of them can hold another up."""

import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from hepscope_capture.clock import Clock
from hepscope_capture.delivery.courier import Tell
from hepscope_capture.delivery.destination import Destination
from hepscope_capture.delivery.limits import Limits
from hepscope_capture.delivery.plan import ServerPlan
from hepscope_capture.delivery.spool_place import (
    DEFAULT_SPOOL_MB,
    SpoolPlan,
    directory_name,
    leftovers,
)
from hepscope_common.logs import get_logger

PATIENCE_SECONDS = 60.0
TURN_SECONDS = 5.0

DEFAULT_LIMITS = Limits()

_log = get_logger("capture.delivery")


class Router:
    """Some destinations, each with a thread and a spool of its own."""

    def __init__(self, destinations: Sequence[Destination]) -> None:
        self.destinations = tuple(destinations)
        self._by_kind: dict[int, tuple[Destination, ...]] = {}

    def start(self) -> None:
        """Begin to deliver."""
        for destination in self.destinations:
            destination.start()

    def put(self, packets: Sequence[bytes], kind: int) -> None:
        """Give HEP3 packets of one HEP protocol type to all whom they are for; never waits.

        The sequence must not be changed afterwards.
        """
        for destination in self._takers(kind):
            destination.put(packets)

    def put_waiting(
        self, packets: Sequence[bytes], kind: int, seconds: float = PATIENCE_SECONDS
    ) -> bool:
        """As ``put``, once each has room; False when nothing gets on at one for so long.

        Those before that one have the packets then.
        """
        return all(destination.put_waiting(packets, seconds) for destination in self._takers(kind))

    def put_unless(
        self,
        packets: Sequence[bytes],
        kind: int,
        is_over: Callable[[], bool],
        *,
        turn_seconds: float = TURN_SECONDS,
    ) -> None:
        """As ``put``, once each has room, or, asked after each turn, waiting is over."""
        for destination in self._takers(kind):
            while not destination.put_waiting(packets, turn_seconds):
                if is_over() or destination.has_failed:
                    destination.put(packets)
                    break

    def position(self) -> tuple[int, ...]:
        """Return how many packets each destination was given so far, for ``is_safe``."""
        return tuple(destination.position() for destination in self.destinations)

    def is_safe(self, position: tuple[int, ...]) -> bool:
        """Return whether all that was given before is delivered, on disk, or dropped and counted.

        That is: whether our own death loses nothing of it any more.
        """
        pairs = zip(self.destinations, position, strict=True)
        return all(destination.is_safe(count) for destination, count in pairs)

    def end(self, seconds: float) -> bool:
        """Take nothing more; return whether all is delivered, or on disk, within this time."""
        for destination in self.destinations:
            destination.begin_end(seconds)
        outcomes = [destination.end(seconds) for destination in self.destinations]
        return all(outcomes)

    def finish(self, patience_seconds: float) -> bool:
        """Take nothing more; return whether all is delivered: wait as long as anything gets on."""
        for destination in self.destinations:
            destination.begin_end(math.inf)
        outcomes = [destination.finish(patience_seconds) for destination in self.destinations]
        return all(outcomes)

    @property
    def has_failed(self) -> bool:
        """Whether a destination's thread has ended by itself: by a mistake of ours."""
        return any(one.has_failed for one in self.destinations)

    def _takers(self, kind: int) -> tuple[Destination, ...]:
        found = self._by_kind.get(kind)
        if found is None:
            found = tuple(one for one in self.destinations if one.takes(kind))
            # HEP has 256 of them.
            self._by_kind[kind] = found
        return found


def make_router(
    plans: Sequence[ServerPlan],
    clock: Clock,
    *,
    spool_directory: Path | None = None,
    spool_bytes: int = DEFAULT_SPOOL_MB * 1024 * 1024,
    memory_bytes: int = DEFAULT_LIMITS.memory_bytes,
    spill_seconds: float = DEFAULT_LIMITS.spill_seconds,
    tell: Tell | None = None,
) -> Router:
    """Return a router to these servers, inert until it is started; bounds are of each of them.

    ``tell`` takes lines for the user; without it they are logged. Without a directory packets wait
    in memory alone. Raises ValueError, with a line for the user, for certificates that cannot be
    used and a server that is named twice.
    """
    names = [plan.name for plan in plans]
    if len(set(names)) < len(names):
        raise ValueError("a server is named twice; its kinds of packets go into one only= list")
    limits = Limits(memory_bytes=memory_bytes, spill_seconds=spill_seconds)
    destinations = []
    for plan in plans:
        spool = None
        if spool_directory is not None:
            spool = SpoolPlan(spool_directory / directory_name(plan.name), spool_bytes)
        destinations.append(Destination(plan, clock, spool=spool, limits=limits, tell=tell))
    if spool_directory is not None and os.access(spool_directory, os.R_OK | os.X_OK):
        for name, size in leftovers(spool_directory, names):
            _log.warning("%s/%s: %d bytes wait for a server of before", spool_directory, name, size)
    return Router(destinations)
