"""``hepscope positions``: how far each bus partition is stored, and going on after a gap.

Exit codes: 0 done, or nothing to do; 1 something is left to do: a gap that was not accepted. With
``--json`` one object is printed; times are RFC 3339 in UTC.
"""

import argparse
import asyncio
import getpass
import json
import os
import socket
from collections.abc import Mapping, Sequence

import asyncpg

from hepscope_common.bus.browsing import Browser, LogRange
from hepscope_common.bus.protocol import TopicPartition
from hepscope_common.bus.topics import TOPICS
from hepscope_common.runtime import StartupError
from hepscope_common.store import gaps
from hepscope_common.store.connection import Access
from hepscope_common.store.gaps import End, Gap, Standing
from hepscope_standalone import address, config_file
from hepscope_standalone.console import table, utc_text
from hepscope_standalone.database_session import session
from hepscope_standalone.settings import StandaloneSettings

_COLUMNS = ("topic", "partition", "stored to", "log", "lag", "epoch", "owner", "updated")

_Ranges = Mapping[TopicPartition, LogRange]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``positions``."""
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = _add(commands, "list", "show how far each bus partition is stored")
    listing.add_argument("--all-buses", action="store_true", help="also those of other buses")
    listing.add_argument("--json", action="store_true", help="print JSON")
    gap = _add(commands, "accept-gap", "go on where records of the log are missing for ever")
    chosen = gap.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--all", action="store_true", help="every partition that has a gap")
    chosen.add_argument("--topic", choices=TOPICS, metavar="TOPIC", help="partitions of this topic")
    gap.add_argument("--partition", type=int, metavar="N", help="this one of the topic only")
    gap.add_argument(
        "--to",
        type=End,
        choices=list(End),
        metavar="start|end",
        help="where to go on (default: at the start of a log that expired, at the end of one that"
        " was made anew, since what it holds may be stored already)",
    )
    gap.add_argument("--yes", action="store_true", help="do it; without it only tell")


def _add(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, summary: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=summary, description=summary)
    config_file.add_arguments(parser)
    address.add_arguments(parser)
    return parser


def run(options: argparse.Namespace) -> int:
    """Do it; returns the exit code. Raises StartupError."""
    settings = config_file.load_settings(options)
    return asyncio.run(_run(options, settings, address.database_dsn(options, settings)))


async def _run(options: argparse.Namespace, settings: StandaloneSettings, dsn: str) -> int:
    is_list = options.action == "list"
    if is_list and not settings.bus.bootstrap_servers:
        return await list_positions(options, dsn, None)
    from hepscope_common.bus.kafka_browser import browse  # noqa: PLC0415 - only with Kafka

    async with browse(settings.bus) as browser:
        work = list_positions if is_list else accept_gaps
        return await work(options, dsn, browser)


async def list_positions(options: argparse.Namespace, dsn: str, browser: Browser | None) -> int:
    """Print the positions; those of the bus at hand with where its logs begin and end."""
    bus_id = None if options.all_buses or browser is None else browser.bus_id
    async with session(dsn, Access.READER, "positions") as connection:
        found = await gaps.standings(connection, bus_id)
    ranges = {} if browser is None else await browser.ranges()
    logs = {
        index: ranges.get(TopicPartition(at.topic, at.partition))
        for index, at in enumerate(found)
        if browser is not None and at.bus_id == browser.bus_id
    }
    if options.json:
        shown = [_as_json(at, logs.get(index)) for index, at in enumerate(found)]
        print(json.dumps({"positions": shown}, indent=2))
        return 0
    for bus in sorted({at.bus_id for at in found}):
        lines = [_line(at, logs.get(n)) for n, at in enumerate(found) if at.bus_id == bus]
        print(f"bus {bus}")
        print(table([_COLUMNS, *lines]))
    if not found:
        print("nothing is stored of this bus yet")
    return 0


async def accept_gaps(options: argparse.Namespace, dsn: str, browser: Browser) -> int:
    """Move positions back into their logs, after --yes; tells what is given up."""
    if options.partition is not None and options.topic is None:
        raise StartupError("--partition needs --topic")
    async with session(dsn, Access.WRITER, "positions") as connection:
        found = await gaps.standings(connection, browser.bus_id)
        wanted = [at for at in found if _is_wanted(options, at)]
        if not wanted and not options.all:
            raise StartupError("no such position is stored: see hepscope positions list")
        open_gaps = _gaps(wanted, await browser.ranges(), options.to)
        if not open_gaps:
            print("no gap: every position lies in its log")
            return 0
        for gap in open_gaps:
            print(_told(gap, is_done=options.yes))
        if not options.yes:
            print("add --yes to give them up; running writers notice it and go on past them")
            return 1
        return await _accept(connection, open_gaps)


async def _accept(connection: asyncpg.Connection, open_gaps: Sequence[Gap]) -> int:
    moved = 0
    for gap in open_gaps:
        if await gaps.accept(connection, gap, who_am_i()):
            moved += 1
        else:
            at = gap.standing
            print(f"{at.topic}[{at.partition}] moved meanwhile and was left alone: look again")
    return 0 if moved == len(open_gaps) else 1


def _gaps(wanted: Sequence[Standing], ranges: _Ranges, to: End | None) -> list[Gap]:
    found = []
    for at in wanted:
        log = ranges.get(TopicPartition(at.topic, at.partition))
        gap = None if log is None else gaps.gap_of(at, log.start, log.end, to=to)
        if gap is not None:
            found.append(gap)
    return found


def _is_wanted(options: argparse.Namespace, at: Standing) -> bool:
    return options.all or (at.topic == options.topic and options.partition in (None, at.partition))


def _told(gap: Gap, *, is_done: bool) -> str:
    at = gap.standing
    verb = "goes" if is_done else "would go"
    return (
        f"{at.topic}[{at.partition}]: the position {verb} from {at.next_offset} to {gap.to_offset};"
        f" {gap.records} records are given up"
    )


def who_am_i() -> str:
    """Return the operator's name and machine, as far as they can be told."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        # A container's user need not have a name.
        name = f"uid {os.getuid()}"
    return f"{name}@{socket.gethostname()}"


def _line(at: Standing, log: LogRange | None) -> tuple[str, ...]:
    return (
        at.topic,
        str(at.partition),
        str(at.next_offset),
        "?" if log is None else f"{log.start} to {log.end}",
        "?" if log is None else _lag(at, log),
        str(at.epoch),
        at.owner or "-",
        utc_text(at.updated_us),
    )


def _lag(at: Standing, log: LogRange) -> str:
    if at.next_offset < log.start:
        return f"gap: {log.start - at.next_offset} records expired"
    if at.next_offset > log.end:
        return "gap: the log ends before it"
    return str(log.end - at.next_offset)


def _as_json(at: Standing, log: LogRange | None) -> dict[str, str | int | None]:
    return {
        "bus_id": at.bus_id,
        "topic": at.topic,
        "partition": at.partition,
        "next_offset": at.next_offset,
        "log_start": None if log is None else log.start,
        "log_end": None if log is None else log.end,
        "lag": None if log is None else log.end - at.next_offset,
        "is_gap": None if log is None else not log.start <= at.next_offset <= log.end,
        "epoch": at.epoch,
        "owner": at.owner or None,
        "updated_at": utc_text(at.updated_us),
    }
