"""Which call rows a batch's facts belong to: each row's key_time, found and remembered.

A row is named by (Call-ID, key_time). The owner of a bus partition is the only writer of its
calls, and the compare-and-set of positions fails if anyone stored in between, so a look-up
before the transaction is still true inside it. Times are microseconds since 1970.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

import asyncpg

from hepscope_common.calls import CallFacts, choose_key_time, lookup_window

Known = tuple[int, int]
"""key_time and last_at of the newest row of a Call-ID."""

CallKey = tuple[str, int]
"""Call-ID and key_time."""

# Bounds are parameters, so that the planner sees them and skips the leaves outside.
_LOOK_UP: Final = """
select distinct on (call_id) call_id, hepscope.unix_us(key_time), hepscope.unix_us(last_at)
from hepscope.call
where call_id = any($1)
  and key_time >= timestamptz 'epoch' + $2::bigint * interval '1 microsecond'
  and key_time < timestamptz 'epoch' + $3::bigint * interval '1 microsecond'
order by call_id, key_time desc
"""


def missing(known: Mapping[str, Known], facts: Iterable[CallFacts]) -> dict[str, CallFacts]:
    """Return facts whose Call-ID is not known, the last ones of each."""
    return {found.call_id: found for found in facts if found.call_id not in known}


async def look_up(
    connection: asyncpg.Connection, wanted: Mapping[str, CallFacts], *, silence_us: int
) -> dict[str, Known]:
    """Return what is stored of these Call-IDs; those of calls in progress are sought further back.

    One statement per look-back, since each leaf costs 2 us a Call-ID.
    """
    found: dict[str, Known] = {}
    for is_orphan in (False, True):
        part = [facts for facts in wanted.values() if facts.is_orphan is is_orphan]
        if not part:
            continue
        windows = [lookup_window(facts, silence_us) for facts in part]
        rows = await connection.fetch(
            _LOOK_UP,
            [facts.call_id for facts in part],
            min(window.low_us for window in windows),
            max(window.high_us for window in windows),
        )
        found.update({row[0]: (row[1], row[2]) for row in rows})
    return found


def assign(
    facts: Iterable[CallFacts],
    known: Mapping[str, Known],
    *,
    silence_us: int,
    floor_us: int,
) -> dict[CallKey, CallFacts]:
    """Return facts by the row they belong to; those of one row are merged.

    ``facts`` of one Call-ID come in the order of their arrival. No key lies below ``floor_us``,
    the end of what retention dropped.
    """
    rows: dict[CallKey, CallFacts] = {}
    newest: dict[str, Known] = {}
    for found in facts:
        call_id = found.call_id
        last = newest.get(call_id) or known.get(call_id)
        key_us = choose_key_time(last, found, silence_us, floor_us).key_time_us
        same = rows.get((call_id, key_us))
        if same is None:
            rows[call_id, key_us] = found
        else:
            # Into a copy: the facts of a batch are assigned anew when its transaction fails.
            rows[call_id, key_us] = replace(same, finals=dict(same.finals)).merge(found)
        if last is not None and last[0] == key_us:
            newest[call_id] = (key_us, max(last[1], found.last_us))
        elif last is None or key_us > last[0]:
            newest[call_id] = (key_us, found.last_us)
    return rows


def newest_of(rows: Mapping[CallKey, CallFacts], known: Mapping[str, Known]) -> dict[str, Known]:
    """Return what is known of each Call-ID once these rows are committed."""
    found: dict[str, Known] = {}
    for (call_id, key_us), facts in rows.items():
        last = found.get(call_id) or known.get(call_id)
        if last is None or key_us > last[0]:
            found[call_id] = (key_us, facts.last_us)
        elif key_us == last[0]:
            found[call_id] = (key_us, max(last[1], facts.last_us))
        else:
            found[call_id] = last
    return found
