"""How old data may be: what the partition policies say, remembered for a while.

Each kind of data (root) has an age up to which it is kept, and a floor, the end of the times of
which partitions were dropped; 1970 while none were. Microseconds.
"""

from typing import Final

import asyncpg

from hepscope_storage_writer.call_table import CALLS
from hepscope_storage_writer.times import DAY_US, FIRST_US

DEFAULT_KEEP_US: Final = 30 * DAY_US

_READ: Final = """
select c.relname, (extract(epoch from p.keep) * 1000000)::bigint, hepscope.unix_us(p.floor)
from hepscope.partition_policy p join pg_class c on c.oid = p.root
"""


class Expiry:
    """The policies as last read; everything that holds it sees a change at once."""

    __slots__ = ("_floors", "_keeps")

    def __init__(self) -> None:
        self._keeps: dict[str, int] = {}
        self._floors: dict[str, int] = {}

    @property
    def call_floor_us(self) -> int:
        """The floor of call rows."""
        return self._floors.get(CALLS.root, FIRST_US)

    def oldest_us(self, root: str, now_us: int) -> int:
        """Return the oldest time that rows of a root may have and be kept.

        Never before what merge keys can hold, however long data are kept: zero is no time.
        """
        kept_from_us = now_us - self._keeps.get(root, DEFAULT_KEEP_US)
        floor_us = self._floors.get(root, FIRST_US)
        # Once per packet: a comparison costs a third of max.
        return max(floor_us, kept_from_us)

    def set(self, root: str, *, keep_us: int, floor_us: int | None) -> None:
        """Take the policy of a root over; no floor is minus infinity."""
        self._keeps[root] = max(keep_us, 0)
        self._floors[root] = max(floor_us or 0, FIRST_US)

    async def read(self, connection: asyncpg.Connection) -> None:
        """Read the policies again. Raises asyncpg's errors."""
        for root, keep_us, floor_us in await connection.fetch(_READ):
            self.set(root, keep_us=keep_us, floor_us=floor_us)
