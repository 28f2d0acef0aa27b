"""``/stats/overview``."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from fastapi import Query as Parameters
from pydantic import Field

from hepscope_query_api.calls.selection import CallQuestion
from hepscope_query_api.context import Shared
from hepscope_query_api.nodes.repository import NodeRepository
from hepscope_query_api.nodes.schemas import Node, node_of
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.parameters import Order, RangeQuery, strict
from hepscope_query_api.query.period import ALWAYS, last_day
from hepscope_query_api.stats.bins import MAX_DRAWN, bins_of
from hepscope_query_api.stats.kpi_schemas import kpis_of
from hepscope_query_api.stats.outcomes import OutcomeRepository
from hepscope_query_api.stats.outcomes_schemas import Outcomes
from hepscope_query_api.stats.overview.answer import (
    cluster_of,
    media_means,
    status_courses,
    week_before,
)
from hepscope_query_api.stats.overview.clusters import clusters
from hepscope_query_api.stats.overview.course import read_course
from hepscope_query_api.stats.overview.delays import read_delays
from hepscope_query_api.stats.overview.failing import read_failing
from hepscope_query_api.stats.overview.measuring import is_measuring
from hepscope_query_api.stats.overview.media import read_media
from hepscope_query_api.stats.overview.registered import count_registered
from hepscope_query_api.stats.overview.sayers import read_sayer
from hepscope_query_api.stats.overview.schemas import Overview
from hepscope_query_api.stats.overview.spans import Spans
from hepscope_query_api.stats.parameters import NODE_TEXT, NodeName
from hepscope_query_api.stats.series import CONCURRENT
from hepscope_query_api.stats.series_repository import SeriesRepository
from hepscope_query_api.timestamps import format_time, from_us

router = APIRouter(prefix="/stats", tags=["stats"])

MOST_NODES: Final = 200


class OverviewQuery(RangeQuery):
    """Parameters of the overview."""

    step: int | None = Field(
        None,
        ge=1,
        le=366 * 86_400,
        description="Seconds from step to step, a multiple of 60; chosen for at most 120 steps "
        "where it is left out.",
    )
    node: NodeName | None = Field(None, min_length=1, max_length=256, description=NODE_TEXT)


@router.get("/overview", summary="The overview", dependencies=[Depends(strict(OverviewQuery))])
async def overview(query: Annotated[OverviewQuery, Parameters()], shared: Shared) -> Overview:
    """Everything that the first screen draws, from `start` (default 24 h ago) until `end`.

    The KPIs of the range and of the same hours a week before, calls by outcome, metrics over time,
    clusters of failures, and the nodes. One statement reads each kind, one after the other, so it
    holds one connection; who goes away ends it.
    """
    now_us = shared.now_us()
    bins = bins_of(last_day(query, now_us, ahead_us=0), query.step, most=MAX_DRAWN)
    spans = Spans(bins, query.node or "")
    session = shared.database.session()
    # Before the figures: what is measured between both is then missing in neither.
    is_waiting = await is_measuring(session, spans.period)
    course = await read_course(session, spans)
    delays = await read_delays(session, spans)
    media = await read_media(session, spans)
    outcomes = await _outcomes(session, spans, now_us)
    under_way = await SeriesRepository(session, bins, spans.node).concurrent()
    attempts = [sum(one.counted.invites.values()) for one in course.bins]
    failing = await read_failing(session, spans)
    is_only = len({(one.address, one.port) for one in failing}) == 1
    is_now = bins.start_us <= now_us < bins.end_us + bins.step_us
    return Overview(
        start=format_time(from_us(bins.start_us)),
        end=format_time(from_us(bins.end_us)),
        step_s=bins.step_s,
        kpis=kpis_of(course.total(), delays.delays),
        media=media_means(media.mean),
        before=week_before(spans, course, delays, media),
        outcomes=outcomes.items,
        is_measuring=is_waiting,
        kept_since=outcomes.kept_since,
        is_sampled=outcomes.is_sampled,
        statuses=status_courses(course),
        course={
            **course.values(),
            # Of the future nobody knows.
            CONCURRENT: [
                count if bins.time_us(at) <= now_us else None for at, count in enumerate(under_way)
            ],
            **media.values,
        },
        clusters=[
            cluster_of(
                one,
                await read_sayer(session, one, bins, spans.node),
                bins,
                shared.names,
                spans.node,
                is_only=is_only,
            )
            for one in clusters(failing, attempts)
        ],
        registered=await count_registered(session, now_us, spans.node) if is_now else None,
        nodes=await _nodes(session),
    )


async def _outcomes(session: Session, spans: Spans, now_us: int) -> Outcomes:
    # A name may look like a pattern, and a mark in front of it would negate it.
    exact = spans.node.replace("\\", "\\\\").replace("*", "\\*")
    exact = f"\\{exact}" if exact.startswith("!") else exact
    filters = [("method", "INVITE")] + ([("nodes", exact)] if exact else [])
    question = CallQuestion(spans.period, filters, None, now_us)
    return await OutcomeRepository(session).counts(question, spans.bins)


async def _nodes(session: Session) -> list[Node]:
    repository = NodeRepository(session)
    rows, _ = await repository.page(ALWAYS, [], order=Order.NEWEST, limit=MOST_NODES, after=None)
    reports = await repository.reports([(row["kind"], row["name"]) for row in rows])
    return [node_of(row, reports[row["kind"], row["name"]]) for row in rows]
