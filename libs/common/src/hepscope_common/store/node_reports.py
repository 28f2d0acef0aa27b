"""Table ``node_report``: what each ingest says of its nodes, one row per slot of its table.

Rows are put in the storing transaction, in the order of the bus, which is that of an ingest's
reports, whatever its clock does meanwhile. Another bus (a replay has one of its own) changes a row
only if it brings a later time; a row from the future, whose clock was wrong, gives way to any.
"""

from collections.abc import Mapping
from typing import Final

import asyncpg

from hepscope_common.node_report import NodeReport, NodeState
from hepscope_common.store.json_text import JsonValue, encode_json


def _time(us: str) -> str:
    """Return the SQL of a time that is given in Unix microseconds; exact, unlike to_timestamp."""
    return f"timestamptz 'epoch' + {us} * interval '1 microsecond'"


_STORE: Final = f"""
insert into hepscope.node_report as stored (bus_id, instance, slot, kind, name, node_id,
  started_at, reported_at, period_ms, packets, bytes, refused, packets_per_s, bytes_per_s,
  refused_per_s, first_seen, last_seen, last_refused, clock_skew_us, hep_versions, quirks,
  listeners)
select $1, instance, slot, kind, name, node_id,
  {_time("started_us")}, {_time("reported_us")}, period_ms, packets, packet_bytes, refused,
  packets_per_s, bytes_per_s, refused_per_s, {_time("first_seen_us")}, {_time("last_seen_us")},
  {_time("last_refused_us")}, clock_skew_us, hep_versions, quirks, listeners
from jsonb_to_recordset($2::jsonb) as row (instance text, slot int, kind text, name text,
  node_id bigint, started_us bigint, reported_us bigint, period_ms int, packets bigint,
  packet_bytes bigint, refused jsonb, packets_per_s float8, bytes_per_s float8,
  refused_per_s float8, first_seen_us bigint, last_seen_us bigint, last_refused_us bigint,
  clock_skew_us bigint, hep_versions smallint[], quirks jsonb, listeners jsonb)
order by instance, slot
on conflict (instance, slot) do update set
  bus_id = excluded.bus_id, kind = excluded.kind, name = excluded.name, node_id = excluded.node_id,
  started_at = excluded.started_at, reported_at = excluded.reported_at,
  stored_at = excluded.stored_at, period_ms = excluded.period_ms, packets = excluded.packets,
  bytes = excluded.bytes, refused = excluded.refused, packets_per_s = excluded.packets_per_s,
  bytes_per_s = excluded.bytes_per_s, refused_per_s = excluded.refused_per_s,
  first_seen = excluded.first_seen, last_seen = excluded.last_seen,
  last_refused = excluded.last_refused, clock_skew_us = excluded.clock_skew_us,
  hep_versions = excluded.hep_versions, quirks = excluded.quirks, listeners = excluded.listeners
where excluded.bus_id = stored.bus_id or excluded.reported_at >= stored.reported_at
  or stored.reported_at > now() + interval '5 minutes'
"""
"""Sorted, so that writers that share rows, before and after a hand-over, lock them in one order."""

_EXPIRE: Final = f"""
delete from hepscope.node_report
where stored_at < {_time("$1::bigint")} - $2::float8 * interval '1 day'
"""

_Row = Mapping[str, JsonValue]


class ReportedNodes:
    """Reports of a batch, the last of each slot."""

    __slots__ = ("_rows", "packets")

    def __init__(self) -> None:
        self._rows: dict[tuple[str, int], _Row] = {}
        self.packets = 0
        """How many packets brought them."""

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, report: NodeReport) -> None:
        """Take a report, those of an ingest in the order of the bus."""
        self.packets += 1
        for state in report.nodes:
            self._rows[report.instance, state.slot] = _row(report, state)

    def rows(self) -> list[_Row]:
        """Return what is to be stored."""
        return list(self._rows.values())


def _row(report: NodeReport, state: NodeState) -> _Row:
    told = report.listeners if state.slot == 0 else None
    return {
        "instance": report.instance,
        "started_us": report.started_us,
        "reported_us": report.reported_us,
        "period_ms": report.period_ms,
        "listeners": None if told is None else [one.model_dump(mode="json") for one in told],
        **state.model_dump(mode="json"),
    }


async def store(connection: asyncpg.Connection, bus_id: str, reported: ReportedNodes) -> int:
    """Put reports of a bus into the table, in the caller's transaction; return how many changed."""
    if not len(reported):
        return 0
    status = await connection.execute(_STORE, bus_id, encode_json(reported.rows()).decode())
    return int(status.rpartition(" ")[2])


async def expire(connection: asyncpg.Connection, as_of_us: int, *, days: float) -> int:
    """Forget rows that nobody has repeated for so long; return how many.

    An ingest that lives repeats all its rows every few minutes, so they are those of silent ones.
    """
    status = await connection.execute(_EXPIRE, as_of_us, days)
    return int(status.rpartition(" ")[2])
