"""``hepscope doctor``: what is wrong on this machine, from the listener to the newest row.

Looks, changes nothing. Every stop is a line; below them the hops of the way, judged as the page
judges them. Exit codes: 0 all is well, 1 something is broken or wants a setting. With ``--json``
one object is printed.
"""

import argparse
import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import asyncpg

from hepscope_common.data_dir import default_data_dir
from hepscope_common.runtime import StartupError
from hepscope_common.store import tuning
from hepscope_common.store.connection import Access, connect
from hepscope_common.tuning import Finding, machine
from hepscope_ingest.tuning import surroundings
from hepscope_query_api.hops.facts import Facts
from hepscope_query_api.hops.hop import Walk
from hepscope_query_api.hops.judging import judge
from hepscope_query_api.hops.repository import read_facts
from hepscope_standalone import address, config_file, doctor_text, walk
from hepscope_standalone.settings import StandaloneSettings
from hepscope_standalone.walk import State, Stop

_WRONG = (State.BROKEN, State.WARNING)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``doctor``."""
    config_file.add_arguments(parser)
    address.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Look and tell; returns the exit code. Raises StartupError for settings that are wrong."""
    settings = config_file.load_settings(options)
    found = asyncio.run(look(options, settings))
    if options.json:
        hops = {**asdict(found.walk), "broken": found.walk.broken}
        print(json.dumps({"stops": [asdict(stop) for stop in found.stops], **hops}, indent=2))
    else:
        print(doctor_text.told(found.stops, found.walk))
    is_wrong = any(stop.state in _WRONG for stop in found.stops) or found.walk.broken
    return 1 if is_wrong else 0


@dataclass(frozen=True, slots=True)
class Found:
    """Every stop, in the order in which a packet comes by, and the hops that they say."""

    stops: Sequence[Stop]
    walk: Walk


async def look(options: argparse.Namespace, settings: StandaloneSettings) -> Found:
    """Look at everything."""
    listeners = await walk.listeners(settings.ingest)
    stored, facts = await _stored(options, settings)
    looks = walk.looks([*listeners, *stored])
    stops = [*_machine(options, settings), *listeners, *stored]
    return Found(stops, judge(facts, looks))


def _machine(options: argparse.Namespace, settings: StandaloneSettings) -> list[Stop]:
    found = [
        *machine.receive_buffer(settings.ingest.receive_buffer_bytes, machine.rmem_max()),
        *surroundings(settings.ingest),
    ]
    if settings.store.dsn is None and options.dsn is None:
        data_dir = (
            options.data_dir or settings.data_dir or default_data_dir(os.environ, os.geteuid())
        )
        found += machine.disk_space("data", data_dir)
    return _stops(found) or [
        Stop("machine", State.OK, "buffers, files, clock and disks are in order")
    ]


async def _stored(
    options: argparse.Namespace, settings: StandaloneSettings
) -> tuple[list[Stop], Facts | None]:
    try:
        dsn = address.database_dsn(options, settings)
    except StartupError as error:
        broken = Stop("database", State.BROKEN, str(error))
        return [*await walk.bus(settings.bus, None), broken], None
    schema = await walk.schema(dsn)
    if schema.state is not State.OK:
        return [*await walk.bus(settings.bus, None), schema], None
    try:
        connection = await connect(dsn, Access.READER, application_name="hepscope doctor")
        try:
            stops = [*await walk.bus(settings.bus, connection), schema]
            server = await tuning.read_server(connection)
            found = tuning.judge(
                server,
                is_ours=settings.store.dsn is None and options.dsn is None,
                bus_keeps=bool(settings.bus.bootstrap_servers),
                commit=settings.writer.synchronous_commit,
            )
            well = Stop("database settings", State.OK, f"PostgreSQL {server.version}")
            stops += [*(_stops(found) or [well]), *await walk.newest(connection)]
            return stops, await read_facts(walk.Reading(connection))
        finally:
            await connection.close()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        reason = str(error) or type(error).__name__
        return [schema, Stop("database", State.BROKEN, f"it refuses: {reason}")], None


def _stops(findings: Sequence[Finding]) -> list[Stop]:
    return [
        Stop(found.check.value, State.HINT if found.is_hint else State.WARNING, str(found))
        for found in findings
    ]
