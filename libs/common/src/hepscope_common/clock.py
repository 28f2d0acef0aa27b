"""The wall clock, in the unit of the whole code: integer microseconds since the Unix epoch."""

import time
from collections.abc import Callable
from typing import TypeAlias

Clock: TypeAlias = Callable[[], int]
"""Returns the present in microseconds since the Unix epoch; components take one."""


def wall_clock_us() -> int:
    """Return the present; it may jump, so never measure an age with it."""
    return time.time_ns() // 1000
