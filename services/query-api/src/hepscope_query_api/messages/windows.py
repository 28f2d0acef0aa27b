"""Time windows that widen step by step, for newest-first lists without an index on time.

Messages have no btree on time (it would cost a tenth of their size), so "the newest 100 of a
day" would sort the day. Windows begin narrow at the end that is asked for and grow until a
page is full; together they cover the period exactly once.
"""

from collections.abc import Iterator

from hepscope_query_api.query.parameters import Order
from hepscope_query_api.query.period import Period

FIRST_US = 2_000_000
GROWTH = 4
"""Nothing found for a day takes nine windows; a window reads at most four times too much."""


def widening(period: Period, order: Order, now_us: int) -> Iterator[Period]:
    """Yield adjacent windows of a period in the order of a list.

    Newest first, the first window reaches beyond the present: little lies there, and what does
    has to be found.
    """
    width = FIRST_US
    if order is Order.OLDEST:
        start = period.start_us
        while start < period.end_us:
            end = min(start + width, period.end_us)
            yield Period(start, end)
            start, width = end, width * GROWTH
        return
    end = period.end_us
    begin = min(end, now_us)
    while end > period.start_us:
        start = max(min(begin, end) - width, period.start_us)
        yield Period(start, end)
        end, width = start, width * GROWTH
