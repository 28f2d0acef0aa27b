"""What was open when it was measured: the calls and registrations to be looked at again.

An attempt that is open has the time at which its timers have run out (``due_at``).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import asyncpg

from hepscope_storage_writer.measure_queue import (
    SLICE_US,
    Touched,
    TouchedCall,
    TouchedRegistration,
)

_DUE: Final = """
select distinct call_id, method = 'REGISTER', hepscope.unix_us(started_at)
from hepscope.attempt
where due_at <= timestamptz 'epoch' + $1::bigint * interval '1 microsecond' limit $2
"""

_GIVE_UP: Final = """
update hepscope.attempt set due_at = null
where due_at <= timestamptz 'epoch' + $1::bigint * interval '1 microsecond'
  and call_id = any($2::text[])
"""


class Open(NamedTuple):
    """Open calls and registrations, the latter with their first and last attempt."""

    touched: list[Touched]
    spans: dict[TouchedRegistration, tuple[int, int]]
    is_all: bool

    @property
    def call_ids(self) -> list[str]:
        """The Call-IDs, some more than once."""
        return [one.call_id for one in self.touched]


async def read(connection: asyncpg.Connection, now_us: int, limit: int) -> Open:
    """Return what is due by now, of at most so many attempts."""
    rows = await connection.fetch(_DUE, now_us, limit)
    calls: list[Touched] = []
    spans: dict[TouchedRegistration, tuple[int, int]] = {}
    for call_id, is_registration, started_us in rows:
        if is_registration:
            one = TouchedRegistration(call_id, started_us // SLICE_US)
            known = spans.get(one, (started_us, started_us))
            spans[one] = min(known[0], started_us), max(known[1], started_us)
        else:
            calls.append(TouchedCall(call_id, started_us))
    return Open([*calls, *spans], spans, len(rows) < limit)


async def give_up(connection: asyncpg.Connection, now_us: int, call_ids: Sequence[str]) -> None:
    """Look no more at what is still due: of a call whose messages are gone nothing can be learned.

    What was measured meanwhile and is open has a later time by now.
    """
    await connection.execute(_GIVE_UP, now_us, call_ids)
