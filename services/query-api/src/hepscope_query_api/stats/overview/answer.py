"""The answer of the overview, put together of what its parts read."""

from hepscope_common.calls import kpi
from hepscope_common.names import Names
from hepscope_query_api.schemas import named
from hepscope_query_api.stats.bins import Bins
from hepscope_query_api.stats.kpi_schemas import ratio_values
from hepscope_query_api.stats.overview.clusters import Cluster
from hepscope_query_api.stats.overview.course import Course, status_key
from hepscope_query_api.stats.overview.delays import SpanDelays
from hepscope_query_api.stats.overview.media import MediaCourse
from hepscope_query_api.stats.overview.sayers import Sayer
from hepscope_query_api.stats.overview.schemas import (
    FailureCluster,
    MediaMeans,
    StatusCourse,
    WeekBefore,
)
from hepscope_query_api.stats.overview.spans import Spans
from hepscope_query_api.timestamps import format_time, from_us


def media_means(mean: dict[str, float | None]) -> MediaMeans:
    """Return means by metric as the API names them."""
    return MediaMeans(
        mos=mean["media_mos"],
        loss=mean["media_loss"],
        jitter_ms=mean["media_jitter"],
        round_trip_ms=mean["media_round_trip"],
    )


def week_before(spans: Spans, course: Course, delays: SpanDelays, media: MediaCourse) -> WeekBefore:
    """Return what was a week before."""
    counted = course.before.counted
    return WeekBefore(
        start=format_time(spans.before.start),
        end=format_time(spans.before.end),
        attempts=kpi.total(counted.invites),
        registrations=kpi.total(counted.registers),
        ratios=ratio_values(counted),
        pdd_p95_ms=delays.before_pdd_p95_ms,
        media=media_means(media.before),
    )


def status_courses(course: Course) -> list[StatusCourse]:
    """Return the attempts of each status, the most frequent first."""
    by_key: dict[str, list[int]] = {}
    for status, counts in course.statuses().items():
        known = by_key.setdefault(status_key(status), [0] * len(counts))
        by_key[status_key(status)] = [one + more for one, more in zip(known, counts, strict=True)]
    items = [StatusCourse(key=key, count=sum(all_), counts=all_) for key, all_ in by_key.items()]
    return sorted(items, key=lambda one: (-one.count, one.key))


def cluster_of(
    cluster: Cluster,
    said_by: Sayer | None,
    bins: Bins,
    names: Names,
    node: str,
    *,
    is_only: bool,
) -> FailureCluster:
    """Return a cluster with its target, unless that is the only one there is."""
    failing = cluster.failing
    return FailureCluster(
        status=failing.status,
        target=None if is_only else named(failing.address, failing.port, names, node),
        said_by=None if said_by is None else named(*said_by, names, node),
        start=format_time(from_us(bins.time_us(cluster.first))),
        end=format_time(from_us(bins.time_us(cluster.end))),
        count=cluster.count,
    )
