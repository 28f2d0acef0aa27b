"""Media over time, from the sums by the minute: means over reports, bin by bin.

A bin without a report is a gap (None). MOS and R are our estimates, of all kinds and scales
together: where codecs of several bands are in use, they say whether it gets better or worse, not
how good it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hepscope_query_api.query.bind import Bind
from hepscope_query_api.query.database import Session
from hepscope_query_api.stats.bins import Bins
from hepscope_query_api.timestamps import from_us


@dataclass(frozen=True, slots=True)
class MediaMetric:
    """A mean: a sum over a count, in units of which ``scale`` make one."""

    total: str
    count: str
    scale: float


MEDIA_METRICS: Final[Mapping[str, MediaMetric]] = {
    "media_mos": MediaMetric("mos_milli", "mos_count", 1000),
    "media_r": MediaMetric("r_centi", "r_count", 100),
    "media_loss": MediaMetric("loss_ppm", "loss_count", 10_000),
    "media_jitter": MediaMetric("jitter_us", "jitter_count", 1000),
    "media_round_trip": MediaMetric("round_trip_us", "round_trip_count", 1000),
}
"""MOS, R, loss in percent, jitter and round trip in milliseconds."""


async def media_course(
    session: Session, bins: Bins, metric: MediaMetric, node: str | None
) -> list[float | None]:
    """Return the mean of each bin; ``node`` None is all nodes."""
    bind = Bind()
    start, step = bind(bins.start_us), bind(bins.step_us)
    where = f"minute >= {bind(from_us(bins.start_us))} and minute < {bind(from_us(bins.end_us))}"
    if node is not None:
        where += f" and node = {bind(node)}"
    rows = await session.rows(
        f"select ((hepscope.unix_us(minute) - {start}::bigint) / {step}::bigint)::int as bin,"
        f" sum({metric.total})::float8 / sum({metric.count})::float8 as mean"
        f" from hepscope.media_minute where {where} and {metric.count} > 0 group by 1",
        bind.values,
    )
    means: dict[int, float] = {row["bin"]: row["mean"] / metric.scale for row in rows}
    return [means.get(number) for number in range(len(bins))]
