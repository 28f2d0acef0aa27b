"""Since when calls are kept: what lies before has been removed by retention."""

from datetime import datetime
from typing import Final

from hepscope_query_api.query.database import Session

_KEPT: Final = """
select least(floor, (select min(lower) from hepscope.leaves(root) where upper > floor)) as since
from hepscope.partition_policy
where root = 'hepscope.call'::regclass and floor > '-infinity'
"""


async def calls_kept_since(session: Session) -> datetime | None:
    """Return the moment before which no call is kept; partitions go as a whole, the oldest first.

    None while retention has not been at work yet; raises ProblemError.
    """
    row = await session.row(_KEPT)
    return None if row is None else row["since"]
