"""Routers for tests, with bounds and times that fit one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from hepscope_capture.clock import SystemClock
from hepscope_capture.delivery.choice import Times
from hepscope_capture.delivery.counts import DeliveryCounts
from hepscope_capture.delivery.destination import Destination
from hepscope_capture.delivery.limits import Limits
from hepscope_capture.delivery.plan import parse_server
from hepscope_capture.delivery.router import Router
from hepscope_capture.delivery.spool_place import SpoolPlan, directory_name
from hepscope_capture.senders.trust import Trust

MB = 1024 * 1024


@contextmanager
def routing(
    *servers: str,
    spool: Path | None = None,
    spool_bytes: int = 100 * MB,
    limits: Limits | None = None,
    stall_seconds: float = 30.0,
    trust: Trust | None = None,
    told: list[str] | None = None,
    times: Times | None = None,
) -> Iterator[Router]:
    """A router that is started, and ended whatever happens."""
    destinations = []
    for text in servers:
        plan = parse_server(text, trust=trust)
        place = SpoolPlan(spool / directory_name(plan.name), spool_bytes) if spool else None
        destinations.append(
            Destination(
                plan,
                SystemClock(),
                spool=place,
                limits=limits,
                times=replace(times or Times(), stall_seconds=stall_seconds),
                tell=told.append if told is not None else None,
            )
        )
    router = Router(destinations)
    router.start()
    try:
        yield router
    finally:
        router.end(0)


def is_whole(counts: DeliveryCounts) -> bool:
    """Whether every packet is in one of the numbers."""
    given = counts.taken + counts.recovered
    return given == counts.delivered + sum(counts.dropped.values()) + counts.kept
