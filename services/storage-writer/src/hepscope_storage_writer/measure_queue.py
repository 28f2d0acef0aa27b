"""Table ``measure_queue``: which calls and registrations the storing transactions touched.

A row per transaction, written in it: what is stored is measured, whoever crashes when. It is read
in order and deleted with the transaction that measured the last of its calls. Times are
microseconds since 1970.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

import asyncpg

from hepscope_common.calls import CallFacts
from hepscope_common.calls.methods import METHOD_BITS
from hepscope_common.calls.registration import RegistrationFacts
from hepscope_storage_writer.key_times import CallKey

CALL_METHODS: Final = METHOD_BITS["INVITE"] | METHOD_BITS["BYE"]
"""What calls are made of, requests and answers; all others have no attempt."""

SLICE_US: Final = 600_000_000
"""Registrations that were touched so far apart are measured apart."""

_PUT: Final = """
insert into hepscope.measure_queue
  (call_ids, call_times_us, register_ids, register_first_us, register_last_us)
values ($1, $2, $3, $4, $5)
"""

TAKE_ROWS: Final = 200
"""Rows taken at a time, if they name few calls each."""

_TAKE: Final = f"""
select id, extract(epoch from now() - stored_at)::float8 as age_s, call_ids, call_times_us,
  register_ids, register_first_us, register_last_us
from (
  select *, sum(size) over (order by id) - size as before
  from (
    select *, cardinality(call_ids) + cardinality(register_ids) as size
    from hepscope.measure_queue where id <> all($1::bigint[]) order by id limit {TAKE_ROWS}
  ) found
) summed
where before < $2 order by id
"""

_DELETE: Final = "delete from hepscope.measure_queue where id = any($1::bigint[])"

_OLDEST: Final = """
select extract(epoch from now() - stored_at)::float8 from hepscope.measure_queue
order by id limit 1
"""


class TouchedCall(NamedTuple):
    """A call: its Call-ID and a time between its first and last message."""

    call_id: str
    time_us: int


class TouchedRegistration(NamedTuple):
    """Registrations of a Call-ID, by the slice of time that they are in."""

    call_id: str
    slice: int


Touched: TypeAlias = TouchedCall | TouchedRegistration


class QueueRow(NamedTuple):
    """What one transaction touched; of registrations with their first and last message."""

    id: int
    age_seconds: float
    calls: list[TouchedCall]
    registrations: dict[TouchedRegistration, tuple[int, int]]


async def put(
    connection: asyncpg.Connection,
    calls: Mapping[CallKey, CallFacts],
    registrations: Mapping[str, Sequence[tuple[int, RegistrationFacts]]],
) -> None:
    """Queue what a batch touched, in its transaction."""
    keys = [key for key, facts in calls.items() if facts.methods & CALL_METHODS]
    registered = [facts for found in registrations.values() for _, facts in found]
    if not keys and not registered:
        return
    await connection.execute(
        _PUT,
        [call_id for call_id, _ in keys],
        [key_us for _, key_us in keys],
        [facts.call_id for facts in registered],
        [facts.started_us for facts in registered],
        [facts.last_us for facts in registered],
    )


async def take(
    connection: asyncpg.Connection, *, known: Iterable[int], room: int
) -> list[QueueRow]:
    """Return rows in order, but for the known ones; they stay until they are deleted.

    As many as there is room for what they name; the last one may be too much. Ids are given
    before the commit, so one that comes later may be lower than a known one.
    """
    return [_row(row) for row in await connection.fetch(_TAKE, list(known), room)]


async def delete(connection: asyncpg.Connection, ids: Iterable[int]) -> None:
    """Delete rows of which everything is measured."""
    await connection.execute(_DELETE, list(ids))


async def oldest_seconds(connection: asyncpg.Connection) -> float:
    """Return how long ago the first row was stored; 0 for an empty queue."""
    return float(await connection.fetchval(_OLDEST) or 0)


def _row(row: asyncpg.Record) -> QueueRow:
    registrations: dict[TouchedRegistration, tuple[int, int]] = {}
    spans = zip(row["register_ids"], row["register_first_us"], row["register_last_us"], strict=True)
    for call_id, first_us, last_us in spans:
        at = TouchedRegistration(call_id, first_us // SLICE_US)
        known = registrations.get(at, (first_us, last_us))
        registrations[at] = min(known[0], first_us), max(known[1], last_us)
    calls = zip(row["call_ids"], row["call_times_us"], strict=True)
    return QueueRow(row["id"], row["age_s"], [TouchedCall(*call) for call in calls], registrations)
