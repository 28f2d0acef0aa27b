"""Media of all bins, and of the week before, by one statement over the minutes."""

from dataclasses import dataclass

from hepscope_query_api.media.minutes import MEDIA_METRICS
from hepscope_query_api.query.bind import Bind
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.period import Period
from hepscope_query_api.stats.overview.spans import BEFORE, Spans
from hepscope_query_api.timestamps import from_us

_PARTS = sorted({part for one in MEDIA_METRICS.values() for part in (one.total, one.count)})
_SUMS = ", ".join(f"sum({name})::float8 as {name}" for name in _PARTS)


@dataclass(frozen=True, slots=True)
class MediaCourse:
    """Means by metric: of each bin, of the range, and of the week before; None where none is."""

    values: dict[str, list[float | None]]
    mean: dict[str, float | None]
    before: dict[str, float | None]


async def read_media(session: Session, spans: Spans) -> MediaCourse:
    """Return the media of a range."""
    bins, bind = spans.bins, Bind()
    number = f"((hepscope.unix_us(minute) - {bind(bins.start_us)}::bigint) / {bind(bins.step_us)})"
    within, before = _within(spans.period, spans, bind), _within(spans.before, spans, bind)
    rows = await session.rows(
        f"select {number}::int as bin, {_SUMS} from hepscope.media_minute where {within} group by 1"
        f" union all select {BEFORE}, {_SUMS} from hepscope.media_minute where {before}",
        bind.values,
    )
    sums = {row["bin"]: {part: row[part] or 0.0 for part in _PARTS} for row in rows}
    inside = [sums[at] for at in sums if at != BEFORE]
    total = {part: sum(one[part] for one in inside) for part in _PARTS}
    nothing = dict.fromkeys(_PARTS, 0.0)
    return MediaCourse(
        values={
            name: [_mean(sums.get(at, nothing), name) for at in range(len(bins))]
            for name in MEDIA_METRICS
        },
        mean={name: _mean(total, name) for name in MEDIA_METRICS},
        before={name: _mean(sums.get(BEFORE, nothing), name) for name in MEDIA_METRICS},
    )


def _mean(sums: dict[str, float], name: str) -> float | None:
    metric = MEDIA_METRICS[name]
    return sums[metric.total] / sums[metric.count] / metric.scale if sums[metric.count] else None


def _within(period: Period, spans: Spans, bind: Bind) -> str:
    where = f"minute >= {bind(from_us(period.start_us))}"
    where += f" and minute < {bind(from_us(period.end_us))}"
    return f"{where} and node = {bind(spans.node)}" if spans.node else where
