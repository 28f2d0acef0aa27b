"""Whether figures of the range are about to change: what is stored but not yet measured."""

from typing import Final

from hepscope_query_api.query.database import Session
from hepscope_query_api.query.period import Period

MOST_ROWS: Final = 1_000
"""Of the queue, a row per storing transaction: the newest, as the range usually is up to now."""

_WAITING: Final = f"""
select exists (
  select from (
    select call_times_us || register_first_us as times from hepscope.measure_queue
    order by id desc limit {MOST_ROWS}
  ) newest, unnest(newest.times) as at where at >= $1 and at < $2
) as is_waiting
"""


async def is_measuring(session: Session, period: Period) -> bool:
    """Return whether calls or registrations of the range wait to be measured.

    A call is measured some seconds after its last message; raises ProblemError.
    """
    row = await session.row(_WAITING, [period.start_us, period.end_us])
    return row is not None and bool(row["is_waiting"])
