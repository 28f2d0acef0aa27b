"""Time windows that widen step by step, for lists by time without an index on it.

Messages have no btree on time (it would cost a tenth of their size), so "the newest 100 of a
day" would sort the day. Windows begin narrow at the end that is asked for and grow until a
page is full; together they cover the period exactly once. A gap without any message is crossed
in one step, narrow again behind it: a window as wide as the gap would read as much of what
lies there.
"""

from dataclasses import dataclass

from hepscope_query_api.query.parameters import Order
from hepscope_query_api.query.period import Period

FIRST_US = 2_000_000
GROWTH = 4
"""Nothing found for a day takes nine windows; a window reads at most four times too much."""


@dataclass(slots=True)
class Windows:
    """Adjacent windows of a period in the order of a list; ``period`` is what is left of it.

    Newest first, the first window reaches beyond the present: little lies there, and what does
    has to be found.
    """

    period: Period
    order: Order
    now_us: int
    width_us: int = FIRST_US
    gap_us: int = 0

    def next(self) -> Period | None:
        """Return the next window, None once the period is covered."""
        left = self.period
        if left.start_us >= left.end_us:
            return None
        length_us = self.gap_us + self.width_us
        self.gap_us, self.width_us = 0, self.width_us * GROWTH
        if self.order is Order.NEWEST:
            edge_us = max(min(left.end_us, self.now_us) - length_us, left.start_us)
            self.period = Period(left.start_us, edge_us)
            return Period(edge_us, left.end_us)
        edge_us = min(left.start_us + length_us, left.end_us)
        self.period = Period(edge_us, left.end_us)
        return Period(left.start_us, edge_us)

    def cross(self, time_us: int) -> bool:
        """Let the next window end shortly behind a time; False when it gets there anyway."""
        left = self.period
        newest = self.order is Order.NEWEST
        gap_us = left.end_us - time_us if newest else time_us - left.start_us
        if gap_us <= self.width_us:
            return False
        self.gap_us, self.width_us = gap_us, FIRST_US
        return True
