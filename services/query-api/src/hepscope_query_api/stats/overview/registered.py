"""How many addresses of record are registered at a moment.

A registration keeps its newest state only, so this can be told of now, not of a past moment.
"""

from typing import Final

from hepscope_query_api.query.bind import Bind
from hepscope_query_api.query.database import Session
from hepscope_query_api.registrations.filters import state_sql
from hepscope_query_api.timestamps import from_us

LONGEST_DAYS: Final = 7
"""How far back the REGISTER may lie: none of use is valid for longer."""


async def count_registered(session: Session, now_us: int, node: str) -> int:
    """Return how many are registered now; those that a node saw."""
    bind = Bind()
    now = f"{bind(from_us(now_us))}::timestamptz"
    where = [f"day > {now} - interval '{LONGEST_DAYS} days'", "registered_at is not null"]
    if node:
        where.append(f"{bind(node)} = any(nodes)")
    row = await session.row(
        "select count(distinct (aor_user, aor_domain))::int as count from hepscope.registration"
        f" where {' and '.join(where)} and ({state_sql(now)}) = 'registered'",
        bind.values,
    )
    return 0 if row is None else int(row["count"])
