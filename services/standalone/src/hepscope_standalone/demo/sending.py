"""Sending what was generated: at once, or each packet when it is due."""

from collections.abc import Callable, Iterable
from threading import Event

from hepscope_capture.clock import Clock
from hepscope_capture.delivery.counts import DeliveryCounts
from hepscope_capture.delivery.direct import DirectDelivery
from hepscope_capture.delivery.plan import ServerPlan
from hepscope_capture.delivery.router import make_router
from hepscope_capture.pace import RateLimit
from hepscope_capture.senders.target import Scheme, Target
from hepscope_standalone.demo.hep_packets import hep_packet
from hepscope_standalone.demo.scene import Capture

# What any server takes from a socket buffer of the usual 208 KiB.
UDP_PACKETS_PER_SECOND = 4_000.0
UDP_BURST = 50

END_SECONDS = 5.0
"""How long the end waits for what a server has not taken yet."""

Tell = Callable[[str], None]


def send_all(target: Target, captures: Iterable[Capture], clock: Clock) -> None:
    """Send everything now, over UDP no faster than a server takes it. Raises SendError."""
    limit = RateLimit(UDP_PACKETS_PER_SECOND, UDP_BURST) if target.scheme == Scheme.UDP else None
    with DirectDelivery(target) as delivery:
        for packet in map(hep_packet, captures):
            if limit and (delay := limit.delay_seconds(clock.elapsed_seconds())):
                delivery.flush()
                clock.sleep(delay)
            delivery.send(packet)
        delivery.finish()


def send_when_due(
    target: Target, captures: Iterable[Capture], clock: Clock, stop: Event, tell: Tell
) -> DeliveryCounts:
    """Send each capture at its time until ``stop`` is set; returns what became of them.

    A server that goes away is tried again and again; meanwhile packets wait in memory, and those
    beyond its bound are dropped and counted.
    """
    router = make_router([ServerPlan((target,))], clock, tell=tell)
    router.start()
    try:
        for capture in captures:
            delay = (capture.time_us - clock.now_us()) / 1_000_000
            if delay > 0:
                stop.wait(delay)
            if stop.is_set():
                break
            router.put([hep_packet(capture)], capture.protocol)
    finally:
        router.end(END_SECONDS)
    return router.destinations[0].counts()
