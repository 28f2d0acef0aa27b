"""``hepscope demo``: fills a running hepscope with an hour of generated calls.

The calls go through the real HEP port, by the senders of ``hepscope capture``, so that nothing of
the way to the database is left out. Over TCP nothing is lost; over UDP the rate is limited.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from urllib.parse import quote

from hepscope_capture.clock import Clock, SystemClock
from hepscope_capture.counted import counted
from hepscope_capture.pace import RateLimit
from hepscope_capture.senders.sender import Sender, SendError
from hepscope_capture.senders.target import Scheme, Target, parse_target
from hepscope_capture.senders.tcp import TcpSender
from hepscope_capture.senders.udp import UdpSender
from hepscope_standalone.demo.hep_packets import hep_packet
from hepscope_standalone.demo.traffic import (
    DEFAULT_CALLS,
    DEFAULT_MINUTES,
    Traffic,
    generate,
)

DEFAULT_TARGET = "tcp://127.0.0.1:9060"
DEFAULT_PAGE = "http://localhost:9080"

# What any server takes from a socket buffer of the usual 208 KiB.
UDP_PACKETS_PER_SECOND = 4_000.0
UDP_BURST = 50

# A message takes about 1 kB of memory until it is sent.
MAX_CALLS = 200_000
MAX_MINUTES = 24 * 60

SENDERS: dict[Scheme, Callable[[Target, Clock], Sender]] = {
    Scheme.UDP: UdpSender,
    Scheme.TCP: TcpSender,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the demo."""
    parser.add_argument(
        "--send",
        type=_target,
        default=parse_target(DEFAULT_TARGET),
        metavar="URL",
        help=f"HEP port, tcp://HOST:PORT or udp://HOST:PORT (default {DEFAULT_TARGET})",
    )
    parser.add_argument(
        "--calls",
        type=_number(MAX_CALLS),
        default=DEFAULT_CALLS,
        metavar="N",
        help=f"how many calls to make (default {DEFAULT_CALLS}), beside registrations and pings",
    )
    parser.add_argument(
        "--minutes",
        type=_number(MAX_MINUTES),
        default=DEFAULT_MINUTES,
        metavar="N",
        help=f"the time they are spread over, ending now (default {DEFAULT_MINUTES})",
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="another number makes other calls (default 1)"
    )
    parser.add_argument(
        "--page",
        default=DEFAULT_PAGE,
        metavar="URL",
        help=f"where the page is, for the link (default {DEFAULT_PAGE})",
    )


def run(arguments: argparse.Namespace, clock: Clock | None = None) -> int:
    """Send the demo and print what was sent; returns 0, or 1 when it could not be sent."""
    clock = clock or SystemClock()
    target: Target = arguments.send
    traffic = generate(
        arguments.seed, clock.now_us(), calls=arguments.calls, minutes=arguments.minutes
    )
    limit = RateLimit(UDP_PACKETS_PER_SECOND, UDP_BURST) if target.scheme == Scheme.UDP else None
    try:
        with SENDERS[target.scheme](target, clock) as sender:
            _send(sender, map(hep_packet, traffic.captures), clock, limit)
    except SendError as error:
        print(f"hepscope demo: {error} (does `hepscope run` run?)", file=sys.stderr)
        return 1
    print(_summary(traffic, target, arguments.page))
    return 0


def _send(sender: Sender, packets: Iterable[bytes], clock: Clock, limit: RateLimit | None) -> None:
    for packet in packets:
        if limit and (delay := limit.delay_seconds(clock.elapsed_seconds())):
            clock.sleep(delay)
        sender.send(packet)
    sender.finish()


def _summary(traffic: Traffic, target: Target, page: str) -> str:
    """Return what was sent, by outcome, and the link to a call worth a look."""
    calls = {capture.call_id for capture in traffic.captures}
    states = Counter(plan.state for plan in traffic.planned if plan.method == "INVITE")
    registrations = sum(plan.method == "REGISTER" for plan in traffic.planned)
    pings = sum(plan.method == "OPTIONS" for plan in traffic.planned)
    under_way = len(calls) - len(traffic.planned)
    outcomes = ", ".join(f"{count} {state}" for state, count in states.most_common())
    sent = counted(len(traffic.captures), "message")
    lines = [
        f"sent {sent} of {counted(len(calls), 'Call-ID')} to {target}",
        f"  calls that are over: {outcomes or 'none'}",
        f"  registrations: {registrations}, pings: {pings}, under way: {under_way}",
    ]
    chosen = traffic.interesting
    if chosen:
        link = f"{page.rstrip('/')}/calls/{quote(chosen.call_id, safe='')}"
        lines += ["", f"  look at a call that failed ({chosen.scenario}):", f"  {link}"]
    return "\n".join(lines)


def _target(text: str) -> Target:
    try:
        return parse_target(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _number(most: int) -> Callable[[str], int]:
    """Return a reader of whole numbers from 1 to ``most``."""

    def number(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {most}")
        return int(text)

    return number
