"""``hepscope capture``: arguments, exit codes and what the user reads.

Exit codes: 0 = every file was read to its end and every message sent; 1 = something was not
sent; 2 = the arguments or a file cannot be used; 130 = interrupted.
"""

import argparse
import os
import sys
from collections.abc import Callable
from typing import TypeVar

from hepscope_capture.clock import Clock, SystemClock
from hepscope_capture.files.errors import NotACaptureError
from hepscope_capture.files.source import STDIN, check
from hepscope_capture.pace import MAX_SPEED
from hepscope_capture.packets import Labels
from hepscope_capture.ports import parse_ports
from hepscope_capture.replay import Plan, Replay
from hepscope_capture.senders.sender import Sender, SendError
from hepscope_capture.senders.target import Scheme, Target, parse_target
from hepscope_capture.senders.tcp import TcpSender
from hepscope_capture.senders.udp import UdpSender

DESCRIPTION = """\
Replay capture files to a HEP server. SIP over UDP is found by its content on any port; files are
pcap or pcapng, plain or gzip, and are replayed in the order given. TCP is counted, not sent.
"""

EPILOG = """\
udp:// tells nobody what gets lost: it is paced (--rate), and only a refusal is noticed.
tcp:// is as fast as the server reads and loses nothing.
With --now all timestamps are shifted by one amount: the first message is at the present, or, with
a speed above 1, the last one is when it is sent. Silences of an hour or more are not waited for.
"""

# What a HEP server on the same machine takes without losing datagrams.
UDP_RATE = 10_000.0

DEFAULT_NODE_ID = 2001

_Parsed = TypeVar("_Parsed")

_SENDERS: dict[Scheme, Callable[[Target, Clock], Sender]] = {
    Scheme.UDP: UdpSender,
    Scheme.TCP: TcpSender,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to a parser of its own or of a subcommand."""
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    add = parser.add_argument
    add(
        "--read",
        nargs="+",
        action="extend",
        required=True,
        metavar="FILE",
        help="capture files, in this order; - is standard input",
    )
    add(
        "--send",
        type=_argument(parse_target),
        required=True,
        metavar="URL",
        help="udp://HOST:PORT or tcp://HOST:PORT; IPv6 addresses in brackets",
    )
    add(
        "--speed",
        type=_argument(parse_speed),
        default=1.0,
        metavar="1|N|max",
        help="original timing (default), N times as fast, or as fast as it goes",
    )
    add("--now", action="store_true", help="shift timestamps to the present")
    add(
        "--ports",
        type=_argument(parse_ports),
        metavar="LIST",
        help="only messages from or to these ports, like 5060,5080-5090 (default: any)",
    )
    add(
        "--rate",
        type=_argument(parse_rate),
        metavar="N",
        help=f"at most N messages a second (default: {UDP_RATE:.0f} over UDP, no limit over TCP)",
    )
    add(
        "--node-id",
        type=_argument(parse_node_id),
        default=DEFAULT_NODE_ID,
        metavar="N",
        help="number of this node in HEP (default: %(default)s)",
    )
    add("--node", default="", metavar="NAME", help="name of this node in HEP (default: none)")
    add("--auth-key", metavar="KEY", help="key that the server asks for")


def run(args: argparse.Namespace) -> int:
    """Replay as the arguments say; print a summary and return the exit code."""
    names: list[str] = args.read
    if names.count(STDIN) > 1:
        return _fail("- (standard input) can be read only once", 2)
    for name in names:
        try:
            check(name)
        except (OSError, NotACaptureError) as error:
            return _fail(f"{name}: {_text(error)}", 2)
    return _replay(names, args.send, _plan(args))


def _plan(args: argparse.Namespace) -> Plan:
    key = os.fsencode(args.auth_key) if args.auth_key else None
    labels = Labels(args.node_id, os.fsencode(args.node), key)
    rate = args.rate or (UDP_RATE if args.send.scheme is Scheme.UDP else None)
    return Plan(labels, args.speed, args.now, args.ports, rate)


def _replay(names: list[str], target: Target, plan: Plan) -> int:
    clock = SystemClock()
    try:
        with _SENDERS[target.scheme](target, clock) as sender:
            replay = Replay(plan, sender, clock)
            code = _outcome(replay, names)
            print("\n".join(replay.summary.lines(str(target))))
    except SendError as error:
        return _fail(str(error), 1)
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    return code or int(not replay.summary.is_complete)


def _outcome(replay: Replay, names: list[str]) -> int:
    try:
        replay.run(names)
    except SendError as error:
        return _fail(f"stopped: {error}", 1)
    except (OSError, NotACaptureError) as error:
        return _fail(f"stopped: {replay.reading}: {_text(error)}", 2)
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    return 0


def parse_speed(text: str) -> float:
    """Return the factor, MAX_SPEED for ``max``; raises ValueError with a line for the user."""
    return MAX_SPEED if text == "max" else _positive(text, "a speed is max or a number above 0")


def parse_rate(text: str) -> float:
    """Return messages a second; raises ValueError with a line for the user."""
    return _positive(text, "a rate is a number above 0")


def parse_node_id(text: str) -> int:
    """Return a node id of 32 bits; raises ValueError with a line for the user."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) < 2**32):
        raise ValueError("a node id is a number from 0 to 4294967295")
    return int(text)


def _positive(text: str, rule: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    # Not a number compares as false.
    if not 0.0001 <= number <= 1_000_000_000:
        raise ValueError(rule)
    return number


def _argument(parse: Callable[[str], _Parsed]) -> Callable[[str], _Parsed]:
    """Return the parser in the form whose message argparse shows."""

    def parsed(text: str) -> _Parsed:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parsed


def _fail(text: str, code: int) -> int:
    print(f"hepscope capture: {text}", file=sys.stderr)
    return code


def _text(error: OSError | NotACaptureError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
