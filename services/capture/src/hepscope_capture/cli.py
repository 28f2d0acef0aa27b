"""``hepscope capture``: what it does with its arguments, its exit codes, what the user reads.

Of files (``live_cli`` tells of live): 0 = every file was read to its end, every message sent and,
by a server that does so, acknowledged; 1 = something was not sent or is not known to be safe; 2 =
the arguments, a certificate or a file cannot be used; 130 = interrupted.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TextIO

from hepscope_capture.arguments import UDP_RATE, add_arguments, contradiction, settle
from hepscope_capture.clock import SystemClock
from hepscope_capture.counted import counted
from hepscope_capture.delivered import Delivered
from hepscope_capture.delivery.direct import SendError, await_connections
from hepscope_capture.delivery.plan import ServerPlan
from hepscope_capture.delivery.router import PATIENCE_SECONDS, Router, make_router
from hepscope_capture.files.errors import NotACaptureError
from hepscope_capture.files.source import STDIN, check
from hepscope_capture.inputs.counts import LogCounts
from hepscope_capture.inputs.log_lines import LogLines
from hepscope_capture.inputs.plans import LogPlan
from hepscope_capture.pace import MAX_SPEED
from hepscope_capture.pipeline import Wanted
from hepscope_capture.printing import line_of, write_line
from hepscope_capture.replay import Plan, Replay
from hepscope_capture.rules.rules import Rules
from hepscope_capture.senders.target import Scheme
from hepscope_capture.settings import plans
from hepscope_capture.settings.dump import dump
from hepscope_capture.settings.settings import Settings
from hepscope_capture.unknown import unknown_fault
from hepscope_common.logs import configure

__all__ = ["add_arguments", "run", "unknown_fault"]

# Of each server, in memory: as many packets as an ingest of ours lets one sender have
# unacknowledged, and as many again.
_KEPT_BYTES = 64 * 1024 * 1024

# Of a server that refuses datagrams nothing better is known than that nobody listens.
_UDP_PATIENCE_SECONDS = 5.0


def run(args: argparse.Namespace) -> int:
    """Capture as the arguments say, live or from files; return the exit code."""
    try:
        code = _run(args)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the lines has seen enough; at exit Python would try once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _run(args: argparse.Namespace) -> int:
    try:
        settle(args)
    except ValueError as error:
        return _fail(str(error), 2)
    if args.dump:
        print(dump(args.settings), end="")
        return 0
    if args.check:
        return _check(args)
    if fault := contradiction(args):
        return _fail(fault, 2)
    if args.list_interfaces:
        return _list_interfaces()
    _configure_logs(args.settings)
    return _run_files(args) if args.read else _run_live(args)


def _configure_logs(settings: Settings) -> None:
    usual = "text" if settings["read"] or sys.stderr.isatty() else "json"
    style = settings["log_format"] or usual
    configure(settings["log_level"], style=style, service="capture")


def _list_interfaces() -> int:
    from hepscope_capture.live.listing import list_interfaces  # noqa: PLC0415 - Linux only

    print("\n".join(list_interfaces()))
    return 0


def _check(args: argparse.Namespace) -> int:
    from hepscope_capture.checks.run import run_checks  # noqa: PLC0415 - Linux only

    return run_checks(args.settings, contradiction(args), lambda line: print(line, flush=True))


def _run_live(args: argparse.Namespace) -> int:
    from hepscope_capture.live_cli import run_live  # noqa: PLC0415 - files need none of it

    return run_live(args)


def _run_files(args: argparse.Namespace) -> int:
    names: list[str] = args.read
    if names.count(STDIN) > 1:
        return _fail("- (standard input) can be read only once", 2)
    for name in names:
        try:
            check(name)
        except (OSError, NotACaptureError) as error:
            return _fail(f"{name}: {_text(error)}", 2)
    clock, teller = SystemClock(), _Teller()
    settings: Settings = args.settings
    try:
        servers = plans.server_plans(settings)
        logs = plans.log_plan(settings)
        plan = _plan(settings, servers, logs)
        # Files wait for their servers, so that nothing needs to be kept on disk.
        router = make_router(servers, clock, memory_bytes=_KEPT_BYTES, tell=teller.tell)
    except ValueError as error:
        return _fail(str(error), 2)
    log_of = LogLines(logs, LogCounts()).log_of if logs.sniffed_ports else None
    show = (lambda message: write_line(line_of(message))) if settings["print"] else None
    replay = Replay(plan, router, clock, log_of, show=show)
    router.start()
    try:
        code = _outcome(replay, router, names, teller)
    except KeyboardInterrupt:
        code = _fail("interrupted", 130)
    # Where lines of messages go, a summary would be one of them.
    return _conclude(replay, router, code, sys.stderr if show else sys.stdout)


def _plan(settings: Settings, servers: Sequence[ServerPlan], logs: LogPlan) -> Plan:
    is_udp = any(one.scheme is Scheme.UDP for server in servers for one in server.targets)
    rules = Rules.compile(plans.rule_plan(settings))
    wanted = Wanted(
        settings["ports"] or None,
        settings["rtcp"],
        logs.sniffed_ports,
        rules,
        plans.rtp_sample(settings),
    )
    return Plan(
        plans.labels(settings),
        # Nobody waits to read what is only shown.
        settings["speed"] if servers or settings.is_set("speed") else MAX_SPEED,
        settings["now"],
        wanted,
        loops=settings["loop"],
        patience_seconds=settings["patience"]
        or (_UDP_PATIENCE_SECONDS if is_udp else PATIENCE_SECONDS),
        rate=settings["rate"] or (UDP_RATE if is_udp else None),
    )


def _outcome(replay: Replay, router: Router, names: list[str], teller: "_Teller") -> int:
    try:
        await_connections(router, SystemClock())
    except SendError as error:
        return _fail(str(error), 1)
    teller.is_quiet = False
    try:
        replay.run(names)
    except SendError as error:
        return _fail(f"stopped: {error}", 1)
    except BrokenPipeError:
        # Of the lines, not of a file.
        router.end(0.0)
        raise
    except (OSError, NotACaptureError) as error:
        return _fail(f"stopped: {replay.reading}: {_text(error)}", 2)
    return 0


def _conclude(replay: Replay, router: Router, code: int, out: TextIO) -> int:
    """End at once what has not ended; say what was done; return the exit code."""
    if replay.summary.files and not code and not replay.is_delivered:
        for one in router.destinations:
            if kept := one.counts().kept:
                why = one.trouble or f"{one.name}: it takes packets and acknowledges none"
                unsafe = counted(kept, "message is", "messages are")
                code = _fail(f"{why}: {unsafe} not known to be safe", 1)
    router.end(0.0)
    found = [Delivered(one.name, one.counts(), one.is_acknowledging) for one in router.destinations]
    if replay.summary.files:
        print("\n".join(replay.summary.lines(found)), file=out)
    is_complete = replay.is_delivered and all(one.is_complete for one in found)
    return code or int(not is_complete or replay.summary.unencodable > 0)


class _Teller:
    """Tells of troubles while it goes on, not of those that keep it from beginning."""

    def __init__(self) -> None:
        self.is_quiet = True

    def tell(self, line: str) -> None:
        """Take a line for the user."""
        if not self.is_quiet:
            _say(line)


def _fail(text: str, code: int) -> int:
    _say(text)
    return code


def _say(text: str) -> None:
    print(f"hepscope capture: {text}", file=sys.stderr, flush=True)


def _text(error: OSError | NotACaptureError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
