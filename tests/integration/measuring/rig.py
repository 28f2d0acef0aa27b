"""Stores call flows by a real writer and measures them; what the attempts then are."""

import asyncio
from collections.abc import Iterable, Sequence

from hep import admit, partition_of
from hepscope_common.bus.memory import MemoryBus
from hepscope_common.bus.topics import SIGNALLING
from hepscope_common.calls import Attempt
from hepscope_common.runtime import Supervisor
from hepscope_common.store import kpi_minutes
from hepscope_storage_writer.measurer import Measurer
from hepscope_storage_writer.settings import WriterSettings
from integration.storage_writer.rig import PEER, fetch, resumed_bus, running
from support.builders import BASE_US
from support.sip_calls import Sent, folded, signals_of

DAY_US = 86_400_000_000
WRITER = WriterSettings(
    batch_wait_ms=0,
    retry_min_ms=5,
    retry_max_ms=20,
    node_flush_seconds=0.05,
    measure_quiet_seconds=0,
    measure_interval_seconds=0.02,
)

Row = tuple[object, ...]

FIELDS = (
    "call_id, method, hepscope.unix_us(started_at), host(source), source_port, host(destination),"
    " destination_port, coalesce(user_agent, ''), status, bye_status, is_ended, is_completed,"
    " follows_redirection, srd_us, pdd_us, rrd_us, sdd_us, duration_us"
)
"""What an attempt says, in the order of ``row_of``."""


def put(bus: MemoryBus, sent: Iterable[Sent]) -> None:
    """Put packets on a bus in the order given, each as a record of its own."""
    producer = bus.producer()
    for one in sent:
        admitted = admit(one.packet, received_at_us=one.received_us, peer=PEER)
        partition = partition_of(admitted.routing_key, bus.partitions)
        assert producer.offer(SIGNALLING, partition, admitted.packet, 1)


async def store(dsn: str, sent: Iterable[Sent]) -> None:
    """Store packets by a writer that starts, stores them, and ends."""
    bus = await resumed_bus(dsn)
    async with running(bus, dsn, WRITER):
        put(bus, sent)


async def measure(dsn: str, now_us: int = BASE_US + 2 * DAY_US) -> Measurer:
    """Measure everything that is queued or due by then, by a measurer that starts and ends."""
    measurer = Measurer(dsn, WRITER, Supervisor(), now_us=lambda: now_us)
    try:
        await finish(measurer)
    finally:
        measurer.close()
    assert not measurer.counts.failed
    return measurer


async def finish(measurer: Measurer) -> None:
    """Let a measurer do all that is due.

    Whoever had the lease before may have ended without the server knowing it yet.
    """
    while await measurer.wake() or measurer.counts.pending or not measurer.counts.is_leader:
        await asyncio.sleep(0)


async def stored_attempts(dsn: str, node: str = "") -> list[Row]:
    """Return the settled attempts, overall or as a node saw them."""
    where = f"'{node}' = any(nodes)" if node else "is_overall"
    rows = await fetch(
        dsn, f"select {FIELDS} from hepscope.attempt where is_settled and {where} order by 1, 3, 2"
    )
    return sorted((tuple(row) for row in rows), key=repr)


def expected_attempts(sent: Iterable[Sent], node: str = "") -> list[Row]:
    """Return the same as live counting of the packets in the order of their times gives it."""
    return sorted(map(row_of, folded(signals_of(sent), node)), key=repr)


def row_of(attempt: Attempt) -> Row:
    """Return an attempt as FIELDS."""
    return (
        attempt.call_id,
        attempt.method,
        attempt.started_us,
        ".".join(map(str, attempt.source)),
        attempt.source_port,
        ".".join(map(str, attempt.destination)),
        attempt.destination_port,
        attempt.user_agent,
        attempt.status,
        attempt.bye_status,
        attempt.is_ended,
        attempt.is_completed,
        attempt.follows_redirection,
        attempt.request_delay_us if attempt.is_settled else None,
        attempt.post_dial_delay_us if attempt.is_settled else None,
        attempt.registration_delay_us,
        attempt.disconnect_delay_us,
        attempt.duration_us,
    )


async def assert_sums_are_those_of_the_attempts(dsn: str) -> None:
    """Compare the sums by the minute with what SQL makes of the attempts."""
    sums = ", ".join(kpi_minutes.SUMS)
    stored = await fetch(
        dsn, f"select minute, node, method, status, {sums} from hepscope.kpi_minute"
    )
    kept = {tuple(row[:4]): tuple(row[4:]) for row in stored if any(row[4:])}
    assert kept == {tuple(row[:4]): tuple(row[4:]) for row in await fetch(dsn, _SUMS_AGAIN)}


def _delay(name: str, column: str, having: str = "true") -> Sequence[str]:
    return (
        f"count({column}) filter (where {having}) as {name}_count",
        f"coalesce(sum({column}) filter (where {having}), 0) as {name}_us",
    )


_ANSWERED = "status between 200 and 299"
_BY_NODE = """
select a.*, scope.node, coalesce(a.status, -1) as code,
  greatest(least(ended_at, answered_at + interval '1 day'), answered_at) as over_at
from hepscope.attempt a, lateral (
  select '' as node where is_overall union all select unnest(nodes)) scope
where is_settled
"""
_SUMS_AGAIN = f"""
with one as ({_BY_NODE}), part as (
  select date_trunc('minute', started_at) as minute, node, method, code,
    count(*) as attempts, count(*) filter (where follows_redirection) as follow_ups,
    count(*) filter (where is_completed) as completed, 0 as sessions_started,
    0 as sessions_ended, 0 as sessions_carried,
    {
    ", ".join(
        [
            *_delay("srd_successful", "srd_us", _ANSWERED),
            *_delay("srd_failed", "srd_us", f"not coalesce({_ANSWERED}, false)"),
            *_delay("pdd", "pdd_us"),
            *_delay("rrd", "rrd_us"),
            *_delay("sdd_successful", "sdd_us", "bye_status between 200 and 299"),
            *_delay("sdd_failed", "sdd_us", "not coalesce(bye_status between 200 and 299, false)"),
            *_delay("sdt_successful", "duration_us", "bye_status is not null"),
            *_delay("sdt_failed", "duration_us", "bye_status is null"),
        ]
    )
}
  from one group by 1, 2, 3, 4
  union all
  select date_trunc('minute', answered_at), node, method, code, 0, 0, 0, count(*), 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
  from one where answered_at is not null group by 1, 2, 3, 4
  union all
  select date_trunc('minute', over_at), node, method, code, 0, 0, 0, 0, count(*),
    count(*) filter (where date_trunc('day', over_at) > date_trunc('day', answered_at)),
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
  from one where answered_at is not null group by 1, 2, 3, 4
)
select minute, node, method, code, {
    ", ".join(f"sum({name})::bigint as {name}" for name in kpi_minutes.SUMS)
}
from part group by 1, 2, 3, 4
"""
