"""``/calls/{call_id}/media``."""

from typing import Annotated

import asyncpg
from fastapi import APIRouter, Depends
from fastapi import Query as Parameters

from hepscope_common.names import Names
from hepscope_query_api.calls.parameters import CallIdPath, PartOfCallQuery
from hepscope_query_api.calls.scope import Scope, scope_of
from hepscope_query_api.context import Shared
from hepscope_query_api.media.repository import Found, MediaRepository
from hepscope_query_api.media.schemas import (
    CallMedia,
    MediaPoint,
    MediaStream,
    MediaSummary,
    Range,
)
from hepscope_query_api.problems import Kind, ProblemError
from hepscope_query_api.query.parameters import ListQuery, strict
from hepscope_query_api.query.period import whole
from hepscope_query_api.schemas import endpoint_of, text_or_none
from hepscope_query_api.timestamps import format_time
from hepscope_query_api.web.raw_path import call_id_of

router = APIRouter(tags=["media"])

CUMULATIVE = "cumulative"
DIGITS = 6
"""Figures are kept in four bytes; further digits would be noise."""


@router.get(
    "/calls/{call_id}/media",
    summary="Get the media of a call",
    dependencies=[Depends(strict(PartOfCallQuery))],
)
async def get_media(
    call_id: CallIdPath, query: Annotated[PartOfCallQuery, Parameters()], shared: Shared
) -> CallMedia:
    """Loss, jitter, round trip, MOS and R of each stream of a call, as it was reported.

    The whole call, unless `start` and `end` take a part. No stream where nothing was reported.
    """
    session = shared.database.session()
    repository = MediaRepository(session)
    wanted = call_id_of(call_id)
    within = whole(ListQuery(start=query.start, end=query.end))
    try:
        scope = await scope_of(shared, session, wanted, at=query.at, within=within)
    except ProblemError as problem:
        if problem.kind is not Kind.NOT_FOUND or not await repository.has_reports(wanted):
            raise
        scope = Scope(wanted, None, within)
    found = await repository.media(scope.call_id, scope.period)
    return CallMedia(
        call_id=scope.call_id,
        streams=[_stream(row, found, shared.names) for row in found.streams],
        is_thinned=found.is_thinned,
        streams_left_out=found.streams_left_out,
    )


def _stream(row: asyncpg.Record, found: Found, names: Names) -> MediaStream:
    return MediaStream(
        ssrc=row["ssrc"],
        source=endpoint_of(row["stream_source"], row["stream_source_port"], names, row["node"]),
        destination=endpoint_of(
            row["stream_destination"], row["stream_destination_port"], names, row["node"]
        ),
        node=text_or_none(row["node"]),
        kind=row["kind"],
        way=text_or_none(row["way"]),
        medium=row["medium"],
        codec=row["codec"],
        codec_from=row["codec_from"],
        loss_window=text_or_none(row["loss_window"]),
        joined_by=text_or_none(row["joined_by"]),
        reporter=row["reporter"],
        summary=_summary(row),
        points=[_point(point) for point in found.points[row["key"]]],
    )


def _summary(row: asyncpg.Record) -> MediaSummary:
    loss = _range(row, "loss")
    if row["loss_window"] == CUMULATIVE:
        loss = Range(mean=None, worst=loss.worst)
    return MediaSummary(
        reports=row["reports"],
        first=format_time(row["first"]),
        last=format_time(row["last"]),
        loss=loss,
        jitter_ms=_range(row, "jitter_ms"),
        round_trip_ms=_range(row, "round_trip_ms"),
        mos=_range(row, "mos"),
        r=_range(row, "r"),
        mos_said=_range(row, "mos_said"),
        packets_lost=row["packets_lost"],
    )


def _range(row: asyncpg.Record, name: str) -> Range:
    return Range(mean=rounded(row[f"{name}_mean"]), worst=rounded(row[f"{name}_worst"]))


def _point(row: asyncpg.Record) -> MediaPoint:
    return MediaPoint(
        time=format_time(row["time"]),
        loss=rounded(row["loss"]),
        discarded=rounded(row["discarded"]),
        packets_lost=row["packets_lost"],
        packets=row["packets"],
        jitter_ms=rounded(row["jitter_ms"]),
        round_trip_ms=rounded(row["round_trip_ms"]),
        round_trip_said=row["is_round_trip_said"],
        one_way_ms=rounded(row["one_way_ms"]),
        mos=rounded(row["mos"]),
        r=rounded(row["r"]),
        context=row["context"],
        mos_lq_said=rounded(row["mos_lq_said"]),
        mos_cq_said=rounded(row["mos_cq_said"]),
        r_lq_said=rounded(row["r_lq_said"]),
        r_cq_said=rounded(row["r_cq_said"]),
        is_final=row["is_final"],
    )


def rounded(value: float | None) -> float | None:
    """Return a figure with as many digits as were kept."""
    return None if value is None else float(f"{value:.{DIGITS}g}")
