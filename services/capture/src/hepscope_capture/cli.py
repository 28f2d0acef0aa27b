"""``hepscope capture``: what it does with its arguments, its exit codes, what the user reads.

Exit codes: 0 = every file was read to its end, every message sent and, by a server that does so,
acknowledged; 1 = something was not sent or is not known to be safe; 2 = the arguments, a
certificate or a file cannot be used; 130 = interrupted.
"""

import argparse
import os
import sys
from contextlib import AbstractContextManager

from hepscope_capture.arguments import UDP_RATE, add_arguments, contradiction
from hepscope_capture.clock import Clock, SystemClock
from hepscope_capture.files.errors import NotACaptureError
from hepscope_capture.files.source import STDIN, check
from hepscope_capture.packets import Labels
from hepscope_capture.replay import Plan, Replay
from hepscope_capture.senders.dialling import Dialler
from hepscope_capture.senders.sender import Sender, SendError
from hepscope_capture.senders.stream import stream_sender
from hepscope_capture.senders.target import Scheme
from hepscope_capture.senders.trust import Trust
from hepscope_capture.senders.udp import UdpSender

__all__ = ["add_arguments", "run"]


def run(args: argparse.Namespace) -> int:
    """Replay as the arguments say; print a summary and return the exit code."""
    names: list[str] = args.read
    if names.count(STDIN) > 1:
        return _fail("- (standard input) can be read only once", 2)
    if fault := contradiction(args):
        return _fail(fault, 2)
    for name in names:
        try:
            check(name)
        except (OSError, NotACaptureError) as error:
            return _fail(f"{name}: {_text(error)}", 2)
    clock = SystemClock()
    try:
        sender = _sender(args, clock)
    except ValueError as error:
        return _fail(str(error), 2)
    return _replay(names, args, sender, clock)


def _sender(args: argparse.Namespace, clock: Clock) -> AbstractContextManager[Sender]:
    """Return the sender, not yet connected; raises ValueError for unusable certificates."""
    if args.send.scheme is Scheme.UDP:
        return UdpSender(args.send, clock)
    trust = Trust(
        ca=args.ca,
        certificate=args.cert,
        key=args.key,
        server_name=args.server_name or "",
        is_insecure=args.insecure,
    )
    return stream_sender(
        Dialler(args.send, trust),
        clock,
        acks=args.acks,
        patience_seconds=args.patience,
        tell=_say,
    )


def _plan(args: argparse.Namespace) -> Plan:
    key = os.fsencode(args.auth_key) if args.auth_key else None
    labels = Labels(args.node_id, os.fsencode(args.node), key)
    rate = args.rate or (UDP_RATE if args.send.scheme is Scheme.UDP else None)
    return Plan(labels, args.speed, args.now, args.ports, rate)


def _replay(
    names: list[str],
    args: argparse.Namespace,
    opening: AbstractContextManager[Sender],
    clock: Clock,
) -> int:
    try:
        with opening as sender:
            replay = Replay(_plan(args), sender, clock)
            code = _outcome(replay, names)
            print("\n".join(replay.summary.lines(str(args.send))))
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


def _fail(text: str, code: int) -> int:
    _say(text)
    return code


def _say(text: str) -> None:
    print(f"hepscope capture: {text}", file=sys.stderr, flush=True)


def _text(error: OSError | NotACaptureError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
