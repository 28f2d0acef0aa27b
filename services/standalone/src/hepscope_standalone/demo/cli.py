"""``hepscope demo``: fills a running hepscope with an hour of generated calls, and goes on live.

The calls go through the real HEP port, by the delivery of ``hepscope capture``, so that nothing of
the way to the database is left out. Over TCP nothing is lost; over UDP the rate is limited. Sent
is not stored: the server is asked afterwards what it has stored and refused.
"""

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

from hepscope_capture.clock import Clock, SystemClock
from hepscope_capture.counted import counted
from hepscope_capture.delivery.direct import SendError
from hepscope_capture.senders.target import Target
from hepscope_common.data_dir import default_data_dir
from hepscope_standalone.demo import summary
from hepscope_standalone.demo.names import leave_names, names_toml
from hepscope_standalone.demo.options import add_arguments
from hepscope_standalone.demo.sending import send_all, send_when_due
from hepscope_standalone.demo.traffic import Generator
from hepscope_standalone.demo.verify import UnknownFateError, asker, settled, standing

__all__ = ["add_arguments", "run"]


def run(
    arguments: argparse.Namespace, clock: Clock | None = None, stop: Event | None = None
) -> int:
    """Send the demo and print what became of it; returns 0, or 1 when not all was stored."""
    if arguments.names:
        print(names_toml(), end="")
        return 0
    if not arguments.minutes and not arguments.live:
        print("hepscope demo: --minutes 0 sends nothing without --live", file=sys.stderr)
        return 2
    clock = clock or SystemClock()
    end_us = clock.now_us() if arguments.end is None else arguments.end
    generator = Generator(arguments.seed)
    code = 0
    if arguments.minutes:
        try:
            code = _hour(generator, arguments, end_us, clock)
        except SendError as error:
            print(f"hepscope demo: {error} (does `hepscope run` run?)", file=sys.stderr)
            return 1
    if arguments.live:
        with _ended_by_signals(stop or Event()) as ended:
            _live(generator, arguments, end_us, clock, ended)
    return code


def _hour(generator: Generator, arguments: argparse.Namespace, end_us: int, clock: Clock) -> int:
    traffic = generator.hour(
        end_us, calls=arguments.calls, minutes=arguments.minutes, goes_on=arguments.live
    )
    ask = asker(arguments.page)
    data_dir = default_data_dir(os.environ, os.getuid())
    left = leave_names(data_dir, arguments.send, os.environ)
    before = standing(ask)
    send_all(arguments.send, traffic.captures, clock)
    print(summary.contents(traffic, arguments.send), flush=True)
    sent = len(traffic.captures)
    code = 0
    try:
        if isinstance(before, UnknownFateError):
            raise before
        found = settled(ask, before, sent, clock)
        print(summary.fate(found, sent))
        code = 0 if found.stored >= sent else 1
    except UnknownFateError as error:
        print(summary.unverified(str(error)))
    print(summary.link(traffic, arguments.page))
    names = summary.names(data_dir, left)
    print(names, end="\n" if names else "", flush=True)
    return code


def _live(
    generator: Generator, arguments: argparse.Namespace, start_us: int, clock: Clock, stop: Event
) -> None:
    """Send what happens as time passes until ``stop`` is set, and print what became of it."""
    target: Target = arguments.send
    hours = (arguments.minutes or 60) / 60
    rate = arguments.calls_per_hour or arguments.calls / hours
    print(f"live: about {rate:,.0f} calls an hour to {target}, until Ctrl-C", flush=True)
    captures = generator.trickle(max(start_us, clock.now_us() - 1), rate)
    counts = send_when_due(target, captures, clock, stop, _tell)
    lost = sum(counts.dropped.values()) + counts.kept
    print(
        f"live: sent {counted(counts.delivered, 'packet')}, {counts.acknowledged:,} of them "
        f"acknowledged, {lost:,} not delivered"
    )


def _tell(line: str) -> None:
    print(f"hepscope demo: {line}", file=sys.stderr, flush=True)


@contextmanager
def _ended_by_signals(stop: Event) -> Iterator[Event]:
    """Let Ctrl-C and SIGTERM end the trickle in order instead of amid a packet."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop.set()) for number in numbers]
    try:
        yield stop
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
