"""When calls begin: the shape of a day, with a rush when meetings begin.

The hour of the day (UTC) sets the level, the minute a peak after each full and half hour.
"""

from bisect import bisect_left
from itertools import accumulate
from math import exp
from random import Random

MINUTE_US = 60_000_000

# Calls of an office in each hour of the day, relative to its busiest.
HOURS = (
    0.10, 0.07, 0.06, 0.06, 0.08, 0.15, 0.30, 0.60, 0.90, 1.00, 0.98, 0.85,
    0.70, 0.85, 0.95, 0.92, 0.80, 0.60, 0.40, 0.30, 0.25, 0.20, 0.15, 0.12,
)  # fmt: skip

# How high the rush is, and in how many minutes it fades.
RUSH = 1.2
RUSH_MINUTES = 6.0


def level(time_us: int) -> float:
    """Return how many calls begin at that time, relative to a busy quiet minute."""
    minute = time_us // MINUTE_US
    hour, rest = divmod(minute % (24 * 60), 60)
    here, following = HOURS[hour], HOURS[(hour + 1) % 24]
    usual = here + (following - here) * rest / 60
    return usual * (1 + RUSH * exp(-(minute % 30) / RUSH_MINUTES))


def arrivals(random: Random, count: int, start_us: int, end_us: int) -> list[int]:
    """Return ``count`` ascending times in [start, end), denser where the level is higher."""
    minutes = range(start_us, end_us, MINUTE_US)
    heights = list(accumulate(level(minute) for minute in minutes))
    times = []
    for _ in range(count):
        at = bisect_left(heights, random.random() * heights[-1])
        begin = minutes[min(at, len(minutes) - 1)]
        times.append(random.randrange(begin, min(begin + MINUTE_US, end_us)))
    return sorted(times)
