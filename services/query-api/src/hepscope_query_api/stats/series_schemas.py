"""The shape of a metric over time."""

from hepscope_query_api.schemas import Shape, Time


class Point(Shape):
    """A value; of a bin from ``time`` on, or of ``concurrent_calls`` at that time."""

    time: Time
    value: float | None
    """Count, percent, or milliseconds; null where there is none."""


class Series(Shape):
    """A metric over time."""

    metric: str
    step_s: int
    """Seconds from point to point; bins begin at whole multiples of it since 1970."""
    points: list[Point]


class KeyedSeries(Shape):
    """The points of one status."""

    key: str
    """Final status, `none` for attempts without one, `other` for those beyond the 40 statuses that
    occur most."""
    points: list[Point]


class SplitSeries(Shape):
    """A metric over time, told apart."""

    metric: str
    step_s: int
    items: list[KeyedSeries]
    """Those that occur within the range, by key."""
