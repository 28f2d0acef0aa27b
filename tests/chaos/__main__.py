"""``make chaos``: faults under load, and the proof that nothing was lost and nothing doubled."""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from chaos.broker_choice import DOCKER, is_foreign
from chaos.compose_containers import MissingError
from chaos.compose_file import ComposeFileError
from chaos.docker import DockerError
from chaos.installation import NotStartedError
from chaos.naming_loop import NamingLoop
from chaos.options import Options, TargetName
from chaos.parts import Link, Part
from chaos.plan import CLOCK_KINDS, FAULTS_PER_CYCLE, Fault, Kind, make_plan
from chaos.report import Findings
from chaos.run import Run
from chaos.sabotage import Harm
from chaos.targets import CATALOGUES, make_target

SHORT_FAULTS = 8
SHORT_SCALE = 0.25
VARIABLE = "TARGET"
"""Names what is broken."""


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument(
        "--faults",
        type=int,
        help=f"how many (default {FAULTS_PER_CYCLE}: each fault there is, once)",
    )
    parser.add_argument("--seconds", type=float, default=0.0, help="load for at least so long")
    parser.add_argument("--packets", type=int, help="and for so many packets (default 100000)")
    parser.add_argument("--rate", type=float, default=200.0, help="packets a second (default 200)")
    parser.add_argument("--seed", type=int, default=None, help="of the plan (default: random)")
    parser.add_argument("--short", action="store_true", help="two minutes, a handful of faults")
    parser.add_argument(
        "--broker",
        default="",
        help="docker, jars, or host:port of one that is left alone"
        " (default: KAFKA_BOOTSTRAP, else docker, else jars)",
    )
    parser.add_argument(
        "--sabotage",
        action="append",
        default=[],
        choices=list(Harm),
        type=Harm,
        help="damage the database before the proof, to see it fail",
    )
    parser.add_argument("--no-spool", action="store_true", help="ingest without its disk spool")
    parser.add_argument("--plan", action="store_true", help="print the plan and end")
    parser.add_argument("--folder", type=Path, help="work and log folder (default: a new one)")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help=f"only faults of these, comma-separated: {', '.join([*Kind, *Part, *Link])}",
    )
    options = parser.parse_args(arguments)
    target = os.environ.get(VARIABLE) or TargetName.PROCESSES
    if target not in list(TargetName):
        parser.error(f"{VARIABLE}={target}: there are {', '.join(TargetName)}")
    options.target = TargetName(target)
    if options.target is TargetName.COMPOSE and (options.broker or options.no_spool):
        parser.error("a stack of Compose has a broker and spools of its own")
    if options.target is TargetName.CONTAINERS:
        if options.broker not in ("", DOCKER):
            parser.error("the broker of containers is one, too")
        options.broker = DOCKER
    return options


def plan_of(options: argparse.Namespace) -> list[Fault]:
    """Return the faults that the options ask for."""
    short = options.short
    without = [Kind.LONG_PAUSE] if short else []
    if options.target is TargetName.CONTAINERS:
        without += CLOCK_KINDS
    return make_plan(
        options.faults or (SHORT_FAULTS if short else None),
        seed=options.seed,
        only=[name for text in options.only for name in text.split(",")],
        without=without,
        hold_scale=SHORT_SCALE if short else 1.0,
        spares_broker=options.target is not TargetName.COMPOSE and is_foreign(options.broker),
        catalogue=CATALOGUES[options.target],
    )


def settings_of(options: argparse.Namespace, faults: int) -> Options:
    """Return how much the options ask for, with so many faults."""
    packets = options.packets if options.packets is not None else 100_000
    if options.short and options.packets is None:
        packets = 2000
    # A fault and its recovery take about 20 s, on a machine with other work to do several times
    # that; a bad one takes all of the patience.
    likely = options.rate * 80 * faults
    return Options(
        rate=options.rate,
        packets=packets,
        seconds=options.seconds,
        most_packets=int(max(packets, likely)),
        broker=options.broker,
        sabotage=options.sabotage,
        with_spool=not options.no_spool,
        target=options.target,
    )


async def run(options: argparse.Namespace, plan: Sequence[Fault], work: Path) -> Findings:
    """Carry the plan out; SIGTERM ends it as Ctrl-C does.

    Whoever starts it in the background may have SIGINT ignored, which it then heeds all the same.
    """
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - began:6.0f} s] {text}", flush=True)

    settings = settings_of(options, len(plan))
    return await Run(make_target(settings, work, say=say), settings, say=say).carry_out(plan)


def main() -> int:
    """Run and report; returns the exit code."""
    options = parse()
    if options.seed is None:
        options.seed = int.from_bytes(os.urandom(2), "big")
    plan = plan_of(options)
    print(f"seed {options.seed}", flush=True)
    if options.plan:
        for fault in plan:
            print(f"{fault.title}, {fault.hold_seconds} s")
        return 0
    work = options.folder or Path(tempfile.mkdtemp(prefix="hepscope-chaos-", dir="/var/tmp"))
    work.mkdir(exist_ok=True)
    try:
        with asyncio.Runner(loop_factory=NamingLoop) as runner:
            findings = runner.run(run(options, plan, work))
    except (KeyboardInterrupt, asyncio.CancelledError):
        print(f"ended early; logs in {work / 'logs'}", file=sys.stderr)
        return 130
    except (ComposeFileError, DockerError, MissingError, NotStartedError) as error:
        print(f"broken off: {error}; logs in {work / 'logs'}", file=sys.stderr)
        return 2
    report = "\n".join([*findings.lines(), f"logs in {work / 'logs'}", findings.last_line()])
    (work / "report.txt").write_text(f"seed {options.seed}\n{report}\n")
    print(report)
    return 0 if findings.holds else 1


if __name__ == "__main__":
    sys.exit(main())
