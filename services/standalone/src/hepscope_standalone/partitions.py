"""``hepscope partitions``: see, drop and check the partitions that hold the data.

Exit codes: 0 done or in order; 1 something is wrong (``check``), or nothing was dropped because
``--yes`` was missing. ``--json`` prints one object; times are RFC 3339 in UTC.
"""

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import asyncpg

from hepscope_common.clock import wall_clock_us
from hepscope_common.runtime import StartupError
from hepscope_common.store.connection import Access, connect
from hepscope_standalone import address, config_file
from hepscope_storage_writer import partition_drop
from hepscope_storage_writer.maintain_settings import CLASSES
from hepscope_storage_writer.partition_check import Finding, find_problems, read_stored
from hepscope_storage_writer.partition_report import LeafReport, report
from hepscope_storage_writer.retention import StoredLeaf

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS = sorted([*CLASSES, *(root for roots in CLASSES.values() for root in roots)])
_COLUMNS = ("class", "table", "from", "to", "rows", "size", "state")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``partitions``."""
    parser.epilog = "--config, --dsn, --data-dir and --json go with each ACTION (ACTION --help)"
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    _add(commands, "list", "show every partition")
    check = "tell what is wrong; exit code 1 if anything is"
    _add(commands, "check", check)
    drop = _add(commands, "drop", "drop the partitions that hold only old data")
    drop.add_argument(
        "--class",
        dest="kind",
        choices=_KINDS,
        required=True,
        metavar="CLASS",
        help=f"what to drop: a class ({', '.join(CLASSES)}) or one table of it",
    )
    drop.add_argument(
        "--before",
        type=parse_time,
        required=True,
        metavar="TIME",
        help="whole partitions before it go: 2026-01-31 or 2026-01-31T12:00:00Z (UTC)",
    )
    drop.add_argument("--yes", action="store_true", help="do it; without it only tell")


def _add(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, summary: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=summary, description=summary)
    config_file.add_arguments(parser)
    address.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def parse_time(text: str) -> int:
    """Return an ISO 8601 date or time in microseconds since 1970; UTC unless it names an offset.

    Raises ArgumentTypeError.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no date or time of ISO 8601") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)


def run(options: argparse.Namespace) -> int:
    """Do it; returns the exit code. Raises StartupError."""
    actions: dict[str, tuple[Access, Callable[..., Awaitable[int]]]] = {
        "list": (Access.READER, _list),
        "check": (Access.READER, _check),
        "drop": (Access.MAINTAINER, _drop),
    }
    access, work = actions[options.action]
    dsn = address.database_dsn(options, config_file.load_settings(options))

    async def session() -> int:
        connection = await connect(dsn, access, application_name="hepscope partitions")
        try:
            return await work(connection, options)
        finally:
            await connection.close()

    try:
        return asyncio.run(session())
    except partition_drop.MaintenanceBusyError as error:
        raise StartupError(str(error)) from error
    except (asyncpg.InvalidSchemaNameError, asyncpg.UndefinedTableError) as error:
        raise StartupError("this database has no hepscope schema: run hepscope migrate") from error
    except (asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError) as error:
        raise StartupError(
            f"a long transaction is in the way ({error}); nothing is lost: run it again later,"
            " or let the next round of maintenance go on"
        ) from error
    except asyncpg.PostgresError as error:
        raise StartupError(f"the database refuses: {error}") from error
    except (OSError, ValueError, asyncpg.InterfaceError) as error:
        raise StartupError(f"the database does not answer: {error}") from error


async def _now_us(connection: asyncpg.Connection) -> int:
    """Return the earlier of both clocks: what is dropped too soon is lost."""
    theirs: int = await connection.fetchval("select hepscope.unix_us(clock_timestamp())")
    return min(wall_clock_us(), theirs)


async def _list(connection: asyncpg.Connection, options: argparse.Namespace) -> int:
    leaves = await report(connection, await _now_us(connection))
    if options.json:
        print(json.dumps({"partitions": [_leaf_json(leaf) for leaf in leaves]}, indent=2))
    else:
        _print_table([_COLUMNS, *(_leaf_line(leaf) for leaf in leaves)])
    return 0


async def _check(connection: asyncpg.Connection, options: argparse.Namespace) -> int:
    findings = find_problems(await read_stored(connection), await _now_us(connection))
    if options.json:
        print(json.dumps({"problems": [asdict(found) for found in findings]}, indent=2))
    elif findings:
        _print_table([_finding_line(found) for found in findings])
    else:
        print("partitions are in order")
    return 1 if findings else 0


async def _drop(connection: asyncpg.Connection, options: argparse.Namespace) -> int:
    roots = CLASSES.get(options.kind, (options.kind,))
    now_us = await _now_us(connection)
    dropped: list[StoredLeaf] = []

    def tell(leaf: StoredLeaf) -> None:
        dropped.append(leaf)
        if not options.json:
            print(f"dropped {leaf.name} ({_size(leaf.size_bytes)})")

    if options.yes:
        plan = await partition_drop.drop(
            connection, roots=roots, before_us=options.before, now_us=now_us, dropped=tell
        )
    else:
        plan = await partition_drop.read_plan(
            connection, roots=roots, before_us=options.before, now_us=now_us
        )
    if options.json:
        print(json.dumps(_plan_json(plan, dropped), indent=2))
    elif not options.yes:
        for leaf in plan.leaves:
            print(f"would drop {leaf.name} ({_size(leaf.size_bytes)})")
        print(f"{len(plan.leaves)} partitions, {_size(plan.size_bytes)}: add --yes to drop them")
    elif not dropped:
        print("nothing to drop")
    return 0 if options.yes else 1


def _plan_json(
    plan: partition_drop.DropPlan, dropped: Sequence[StoredLeaf]
) -> dict[str, list[str] | int]:
    return {
        "planned": [leaf.name for leaf in plan.leaves],
        "dropped": [leaf.name for leaf in dropped],
        "size_bytes": plan.size_bytes,
    }


def _leaf_json(leaf: LeafReport) -> dict[str, str | int | None]:
    return {
        "class": leaf.kind,
        "table": leaf.root,
        "name": leaf.name,
        "from": _time(leaf.lower_us),
        "to": _time(leaf.upper_us),
        "rows_estimate": leaf.rows,
        "size_bytes": leaf.size_bytes,
        "state": leaf.state.value,
    }


def _leaf_line(leaf: LeafReport) -> tuple[str, ...]:
    return (
        leaf.kind,
        leaf.name,
        _minute(leaf.lower_us),
        _minute(leaf.upper_us),
        "?" if leaf.rows is None else str(leaf.rows),
        _size(leaf.size_bytes),
        leaf.state.value,
    )


def _finding_line(found: Finding) -> tuple[str, ...]:
    return found.problem.value, found.table, found.detail


def _print_table(lines: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())


def _time(time_us: int | None) -> str | None:
    if time_us is None:
        return None
    return (_EPOCH + timedelta(microseconds=time_us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _minute(time_us: int | None) -> str:
    if time_us is None:
        return "-"
    return (_EPOCH + timedelta(microseconds=time_us)).strftime("%Y-%m-%d %H:%M")


def _size(size_bytes: int) -> str:
    size, unit = float(size_bytes), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
