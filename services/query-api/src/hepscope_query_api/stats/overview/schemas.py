"""The shape of the overview."""

from hepscope_query_api.nodes.schemas import Node
from hepscope_query_api.schemas import Endpoint, Shape, Time
from hepscope_query_api.stats.kpi_schemas import Kpis, RatioValue
from hepscope_query_api.stats.outcomes_schemas import OutcomeCounts


class MediaMeans(Shape):
    """Means over the reports on media; null where there is none."""

    mos: float | None
    """As we estimate it, of codecs of all bands together."""
    loss: float | None
    """Percent."""
    jitter_ms: float | None
    round_trip_ms: float | None


class WeekBefore(Shape):
    """The same hours a week earlier."""

    start: Time
    end: Time
    attempts: int
    """0 also where the time was removed by retention, or came before the first packet."""
    registrations: int
    ratios: dict[str, RatioValue]
    """By name, as in the KPIs."""
    pdd_p95_ms: float | None
    media: MediaMeans


class StatusCourse(Shape):
    """The attempts of one final status."""

    key: str
    """Final status, `none` for attempts without one, `other` for those beyond the 40 statuses that
    occur most."""
    count: int
    counts: list[int]
    """In each step."""


class FailureCluster(Shape):
    """Calls to one target that failed with one status far more than usual within the range.

    In each of these steps, joined over one between, the share of all calls that failed so is at
    least 3 times its median over the range, and they are at least 2; together at least 10.
    """

    status: int | None
    """Null: without any final."""
    target: Endpoint | None
    """Destination of the first hop; null where all calls that failed went to the same one."""
    said_by: Endpoint | None
    """Who made the final of most of them, as their messages tell: the target, or a hop behind it;
    null where that cannot be told."""
    start: Time
    end: Time
    count: int


class Overview(Shape):
    """Everything that the first screen draws of a range of times."""

    start: Time
    """Start of the first step, at or before the start of the range."""
    end: Time
    step_s: int
    """Seconds from step to step; steps begin at whole multiples of it since 1970."""
    kpis: Kpis
    """Of the attempts that began within the range."""
    media: MediaMeans
    before: WeekBefore
    outcomes: list[OutcomeCounts]
    """Calls that began within the range, settled or not, by how they went; in each step."""
    is_measuring: bool
    """Whether calls or registrations of the range are stored but not yet among the attempts."""
    kept_since: Time | None
    """Calls that began before are removed by retention; null where none ever was."""
    is_sampled: bool
    """Whether outcomes are estimated from a part of the calls, as the range holds too many."""
    statuses: list[StatusCourse]
    """Attempts by final status."""
    course: dict[str, list[float | None]]
    """Metrics over time, as in the series, a value for each step."""
    clusters: list[FailureCluster]
    """The largest, at most 3."""
    registered: int | None
    """Addresses of record registered now; null where the range does not reach up to now."""
    nodes: list[Node]
    """The 200 heard or refused last, whatever the range is."""
