"""The worst figures of a call's reports, merged into its record.

Minimum and maximum, so any order and any repetition gives the same. Records are locked in the
order in which storing transactions lock them: by day, then by Call-ID.
"""

from collections.abc import Mapping
from typing import Final

import asyncpg

from hepscope_storage_writer.media_join import AT, SLACK_US
from hepscope_storage_writer.media_queue import Worst
from hepscope_storage_writer.times import DAY_US

LOOK_BACK_US: Final = 7 * DAY_US
"""How long a call may last whose reports count."""

# The newest record that begins before the report, else the first one after it.
_WRITE: Final = f"""
with worst as (
  select k.call_id, c.key_time, min(k.mos) as mos, max(k.loss) as loss, max(k.jitter) as jitter
  from unnest($1::text[], $2::bigint[], $3::real[], $4::real[], $5::real[])
    k (call_id, time_us, mos, loss, jitter)
  cross join lateral (
    select key_time from hepscope.call
    where call_id = k.call_id and key_time >= {AT.format("$6")} and key_time <= {AT.format("$7")}
    order by key_time > {AT.format(f"k.time_us + {SLACK_US}")},
      abs(hepscope.unix_us(key_time) - k.time_us) limit 1) c
  group by 1, 2
), locked as (
  select c.call_id, c.key_time, w.mos, w.loss, w.jitter
  from hepscope.call c join worst w on w.call_id = c.call_id and w.key_time = c.key_time
  where c.key_time >= {AT.format("$6")} and c.key_time <= {AT.format("$7")}
    and (least(c.worst_mos, w.mos), greatest(c.worst_loss, w.loss),
      greatest(c.worst_jitter, w.jitter))
      is distinct from (c.worst_mos, c.worst_loss, c.worst_jitter)
  order by date_bin('1 day', c.key_time, timestamptz '2000-01-01 00:00:00+00'), c.call_id,
    c.key_time
  for update of c
)
update hepscope.call c set worst_mos = least(c.worst_mos, l.mos),
  worst_loss = greatest(c.worst_loss, l.loss), worst_jitter = greatest(c.worst_jitter, l.jitter)
from locked l
where c.call_id = l.call_id and c.key_time = l.key_time
  and c.key_time >= {AT.format("$6")} and c.key_time <= {AT.format("$7")}
"""


async def write_worst(connection: asyncpg.Connection, worst: Mapping[str, Worst]) -> int:
    """Merge figures into the records of calls, in the caller's transaction; returns how many."""
    if not worst:
        return 0
    figures = list(worst.values())
    status: str = await connection.execute(
        _WRITE,
        list(worst),
        [one.time_us for one in figures],
        [one.mos for one in figures],
        [one.loss for one in figures],
        [one.jitter_ms for one in figures],
        min(one.time_us for one in figures) - LOOK_BACK_US,
        max(one.time_us for one in figures) + DAY_US,
    )
    return int(status.rpartition(" ")[2])
