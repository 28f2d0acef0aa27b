"""The way of a packet, looked at stop by stop: listeners, bus, database, the newest row.

For a machine on which hepscope, or a part of it, runs; whatever listens at an address of the
settings is taken for it.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

import asyncpg

from hepscope_common.bus.settings import BusSettings
from hepscope_common.runtime import StartupError
from hepscope_common.settings import Listen
from hepscope_common.store import gaps
from hepscope_ingest.settings import IngestSettings
from hepscope_migrations import MigrationError, current, head
from hepscope_migrations.revisions import is_served
from hepscope_query_api.hops.facts import Look, Looks
from hepscope_standalone.console import utc_text

UDP_TABLES: Final = (Path("/proc/net/udp"), Path("/proc/net/udp6"))
CONNECT_SECONDS: Final = 5.0

_NEWEST_CALL: Final = "select started_at from hepscope.call order by started_at desc limit 1"


class State(StrEnum):
    """How a stop was found."""

    OK = "ok"
    HINT = "hint"
    WARNING = "warning"
    BROKEN = "broken"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Stop:
    """One line of what was looked at."""

    what: str
    state: State
    detail: str


class Reading:
    """A connection as what reads the facts of the way takes it."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def rows(self, statement: str) -> list[asyncpg.Record]:
        """Return the rows of a statement."""
        found: list[asyncpg.Record] = await self._connection.fetch(statement)
        return found


def looks(stops: Sequence[Stop]) -> Looks:
    """Return what stops say of hops: a broken one breaks its hop, one passed over says nothing."""
    database = _look(stops, "database", "See that PostgreSQL runs and that store.dsn names it.")
    return Looks(
        database or Look(False, "it was not looked at"),
        _look(stops, "listener", "Start it: hepscope run, or the service hepscope-ingest."),
        _look(stops, "bus", "See that Kafka runs and that bus.bootstrap_servers names it."),
    )


def _look(stops: Sequence[Stop], hop: str, do: str) -> Look | None:
    ours = [stop for stop in stops if _belongs(stop.what, hop) and stop.state is not State.SKIPPED]
    if not ours:
        return None
    broken = [stop for stop in ours if stop.state is State.BROKEN]
    return Look(not broken, "; ".join(f"{one.what}: {one.detail}" for one in broken or ours), do)


def _belongs(what: str, hop: str) -> bool:
    """Whether a stop is of a hop: its name is the hop's, or goes on with an address."""
    return what in (hop, f"{hop} to database") or what.startswith(
        (f"{hop} udp", f"{hop} tcp", f"{hop} tls", f"{hop} http")
    )


async def listeners(settings: IngestSettings) -> list[Stop]:
    """Return whether anything listens at each address of HEP, on this machine."""
    ports = bound_udp_ports()
    found = [_udp(listen, ports) for listen in settings.udp]
    for name, listens in (("tcp", settings.tcp), ("tls", settings.tls), ("http", settings.http)):
        found += [await _stream(name, listen) for listen in listens]
    return found or [Stop("listener", State.SKIPPED, "every address of HEP is off")]


def _udp(listen: Listen, ports: frozenset[int] | None) -> Stop:
    what = f"listener udp {listen}"
    if ports is None:
        return Stop(what, State.SKIPPED, "this kernel does not tell bound ports")
    if listen.port in ports:
        return Stop(what, State.OK, "bound")
    return Stop(
        what, State.BROKEN, "nothing is bound to this port: perhaps ingest does not run here"
    )


async def _stream(name: str, listen: Listen) -> Stop:
    what = f"listener {name} {listen}"
    host = {"::": "localhost", "0.0.0.0": "127.0.0.1"}.get(listen.host, listen.host)  # noqa: S104
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(host, listen.port)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return Stop(
            what, State.BROKEN, f"no connection ({reason}): perhaps ingest does not run here"
        )
    writer.close()
    return Stop(what, State.OK, "accepts connections")


def bound_udp_ports(tables: Iterable[Path] = UDP_TABLES) -> frozenset[int] | None:
    """Return the UDP ports that are bound on this machine, None where the kernel hides them."""
    ports: set[int] = set()
    is_told = False
    for table in tables:
        try:
            lines = table.read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        is_told = True
        ports.update(int(line.split()[1].rpartition(":")[2], 16) for line in lines)
    return frozenset(ports) if is_told else None


async def bus(settings: BusSettings, connection: asyncpg.Connection | None) -> list[Stop]:
    """Return whether Kafka answers, and how far its records are stored."""
    if not settings.bootstrap_servers:
        return [Stop("bus", State.SKIPPED, "in memory of hepscope run (bus.bootstrap_servers)")]
    from hepscope_common.bus.kafka_browser import browse  # noqa: PLC0415 - only with Kafka

    try:
        async with browse(settings) as browser:
            ranges = await browser.ranges()
            bus_id = browser.bus_id
    except StartupError as error:
        return [Stop("bus", State.BROKEN, str(error))]
    held = sum(log.end - log.start for log in ranges.values())
    stops = [Stop("bus", State.OK, f"{bus_id}: {len(ranges)} partitions hold {held} records")]
    if connection is None:
        return stops
    stored = {(at.topic, at.partition): at for at in await gaps.standings(connection, bus_id)}
    lag = sum(
        max(0, log.end - stored[where].next_offset)
        for where, log in ranges.items()
        if where in stored
    )
    if not stored:
        detail = "nothing of this bus is stored yet: does a storage-writer run?"
        return [*stops, Stop("bus to database", State.BROKEN, detail)]
    return [*stops, Stop("bus to database", State.OK, f"{lag} records wait to be stored")]


async def schema(dsn: str) -> Stop:
    """Return whether the database has the schema of this release."""
    try:
        revision = await current(dsn)
        served = await is_served(dsn)
    except (MigrationError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        reason = str(error) or type(error).__name__
        return Stop("database", State.BROKEN, f"it does not answer: {reason}")
    if revision is None:
        return Stop("database", State.BROKEN, "it has no schema of hepscope: run hepscope migrate")
    if not served:
        detail = f"schema {revision}, this release works on {head()}: run hepscope migrate"
        return Stop("database", State.BROKEN, detail)
    return Stop("database", State.OK, f"schema {revision}")


async def newest(connection: asyncpg.Connection) -> list[Stop]:
    """Return when anything was stored last, and from when the newest call is."""
    updated_us = max((at.updated_us for at in await gaps.standings(connection)), default=0)
    if not updated_us:
        return [Stop("newest row", State.WARNING, "nothing was ever stored: point a sender here")]
    stops = [Stop("stored last", State.OK, utc_text(updated_us))]
    started = await connection.fetchval(_NEWEST_CALL)
    if isinstance(started, datetime):
        stops.append(Stop("newest call", State.OK, started.isoformat(timespec="seconds")))
    return stops
