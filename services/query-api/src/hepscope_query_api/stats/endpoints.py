"""``/stats/kpi`` and ``/stats/series``."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi import Query as Parameters

from hepscope_common.store.kpi_minutes import NO_FINAL
from hepscope_query_api.context import Context, Shared
from hepscope_query_api.media.minutes import MEDIA_METRICS, media_course
from hepscope_query_api.problems import invalid
from hepscope_query_api.query.parameters import strict
from hepscope_query_api.query.period import last_day
from hepscope_query_api.query.place import place_of
from hepscope_query_api.schemas import Page
from hepscope_query_api.stats.bins import MAX_POINTS, Bins, bins_of
from hepscope_query_api.stats.grouping import By, Grouping, named_targets
from hepscope_query_api.stats.kpi_repository import KpiRepository
from hepscope_query_api.stats.kpi_schemas import KeyedKpis, Kpis
from hepscope_query_api.stats.parameters import KpiQuery, SeriesQuery
from hepscope_query_api.stats.series import BY_STATUS, CONCURRENT, METRICS, NAMES, Bin, Metric
from hepscope_query_api.stats.series_repository import SeriesRepository
from hepscope_query_api.stats.series_schemas import KeyedSeries, Point, Series, SplitSeries
from hepscope_query_api.timestamps import format_time, from_us

router = APIRouter(prefix="/stats", tags=["stats"])

KEY_SHAPE = (str,)
"""Keyset of KPIs by something: the key."""

MAX_SPLIT_POINTS = MAX_POINTS // 5
"""Of each of some dozen statuses."""

MAX_STATUSES = 40
"""Told apart, those that occur most."""


@router.get("/kpi", summary="KPIs of calls", dependencies=[Depends(strict(KpiQuery))])
async def kpi(
    request: Request, query: Annotated[KpiQuery, Parameters()], shared: Shared
) -> Kpis | Page[KeyedKpis]:
    """RFC 6076 and telephone metrics of the attempts that began from `start` until `end`.

    The last 24 h where they are left out. An attempt is counted once per Call-ID and From tag, at
    the hop seen first, with its retries after a challenge; an INVITE that follows a redirection is
    a further one. It belongs to the time of its first request. Those that are not yet settled are
    left out. With `by` a list, ordered by `key`.
    """
    place = place_of(request.url.path, query, KEY_SHAPE, lambda: last_day(query, shared.now_us()))
    session = shared.database.session()
    targets = []
    if query.by is By.TARGET:
        targets = await named_targets(session, place.period, query.node, shared.names)
    grouping = Grouping(place.period, node=query.node, by=query.by, targets=targets)
    repository = KpiRepository(session, grouping)
    if query.by is None:
        return await repository.total()
    after = None if place.after is None else str(place.after.key[0])
    items, last = await repository.page(limit=query.limit, after=after)
    return Page[KeyedKpis](items=items, next_cursor=place.cursor(None if last is None else (last,)))


@router.get("/series", summary="A metric over time", dependencies=[Depends(strict(SeriesQuery))])
async def series(
    query: Annotated[SeriesQuery, Parameters()], shared: Shared
) -> Series | SplitSeries:
    """A metric in steps from `start` (default 24 h ago) until `end`.

    Steps begin at whole multiples of `step` since 1970, the first one at or before `start`; each
    holds the attempts that began in it. Counts are numbers of attempts, ratios percent, means
    milliseconds; a ratio or mean of nothing is null. `concurrent_calls` are the sessions under way
    at the time of the point, those that were answered before `start` too; a session whose BYE is
    never seen ends after a day. `media_*` are means over the reports of a step: MOS and R as we
    estimate them, loss in percent.
    """
    if query.metric not in NAMES:
        detail = f"No metric is called “{query.metric}”; there are {', '.join(NAMES)}."
        raise invalid("metric", detail, expected=list(NAMES))
    if query.by is not None and query.metric not in BY_STATUS:
        detail = f"{query.metric} cannot be told apart by status; {', '.join(BY_STATUS)} can."
        raise invalid("by", detail, expected=list(BY_STATUS))
    period = last_day(query, shared.now_us(), ahead_us=0)
    most = MAX_POINTS if query.by is None else MAX_SPLIT_POINTS
    bins = bins_of(period, query.step, most=most)
    session = shared.database.session()
    if query.metric in MEDIA_METRICS:
        means = await media_course(session, bins, MEDIA_METRICS[query.metric], query.node)
        points = [_point(bins, at, mean) for at, mean in enumerate(means)]
        return Series(metric=query.metric, step_s=bins.step_s, points=points)
    repository = SeriesRepository(session, bins, query.node or "")
    if query.metric == CONCURRENT:
        points = await _concurrent(repository, bins, shared)
        return Series(metric=query.metric, step_s=bins.step_s, points=points)
    metric = METRICS[query.metric]
    if query.by is None:
        points = _points(metric, bins, await repository.sums(metric))
        return Series(metric=query.metric, step_s=bins.step_s, points=points)
    items = await _by_status(repository, metric, bins)
    return SplitSeries(metric=query.metric, step_s=bins.step_s, items=items)


async def _by_status(repository: SeriesRepository, metric: Metric, bins: Bins) -> list[KeyedSeries]:
    """Return counts by status, and of the statuses over MAX_STATUSES together."""
    statuses = await repository.statuses(metric, MAX_STATUSES + 1)
    by_status = await repository.sums_by_status(metric, statuses[:MAX_STATUSES])
    items = [
        KeyedSeries(
            key="none" if status == NO_FINAL else str(status), points=_points(metric, bins, found)
        )
        for status, found in sorted(by_status.items())
        if any(metric.value(one) for one in found)
    ]
    if len(statuses) > MAX_STATUSES:
        everything = enumerate(await repository.sums(metric))
        rest = [
            (metric.value(one) or 0)
            - sum(metric.value(found[at]) or 0 for found in by_status.values())
            for at, one in everything
        ]
        if any(rest):
            points = [_point(bins, at, value) for at, value in enumerate(rest)]
            items.append(KeyedSeries(key="other", points=points))
    return items


async def _concurrent(repository: SeriesRepository, bins: Bins, shared: Context) -> list[Point]:
    """Return sessions under way; of the future nobody knows."""
    now_us = shared.now_us()
    return [
        _point(bins, at, count if bins.time_us(at) <= now_us else None)
        for at, count in enumerate(await repository.concurrent())
    ]


def _points(metric: Metric, bins: Bins, found: list[Bin]) -> list[Point]:
    return [_point(bins, at, metric.value(one)) for at, one in enumerate(found)]


def _point(bins: Bins, number: int, value: float | None) -> Point:
    return Point(time=format_time(from_us(bins.time_us(number))), value=value)
