"""How old data may be: what the partition policies say, remembered for a while.

``keep_us`` is the age of the oldest data kept of any kind; ``call_floor_us`` is the end of the
times of which call rows were dropped, 1970 while none were. Microseconds.
"""

from typing import Final

import asyncpg

from hepscope_storage_writer.times import DAY_US

DEFAULT_KEEP_US: Final = 30 * DAY_US

_READ: Final = """
select (extract(epoch from max(keep)) * 1000000)::bigint,
  hepscope.unix_us(max(floor) filter (where root = 'hepscope.call'::regclass))
from hepscope.partition_policy
"""


class Expiry:
    """The policies as last read; everything that holds it sees a change at once."""

    __slots__ = ("call_floor_us", "keep_us")

    def __init__(self, keep_us: int = DEFAULT_KEEP_US, call_floor_us: int = 0) -> None:
        self.keep_us = keep_us
        self.call_floor_us = call_floor_us

    async def read(self, connection: asyncpg.Connection) -> None:
        """Read the policies again. Raises asyncpg's errors."""
        row = await connection.fetchrow(_READ)
        if row is not None and row[0] is not None:
            self.keep_us = max(row[0], 0)
            self.call_floor_us = max(row[1] or 0, 0)
