"""``/calls/{call_id}/logs``."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi import Query as Parameters
from pydantic import Field

from hepscope_query_api.calls.parameters import AT, CallIdPath, moment_of
from hepscope_query_api.calls.scope import scope_of
from hepscope_query_api.context import Context, Shared
from hepscope_query_api.logs.line import KEY_SHAPE, Key, Source
from hepscope_query_api.logs.loki_lines import LokiLines
from hepscope_query_api.logs.repository import LogRepository
from hepscope_query_api.logs.schemas import CallLogs, LogSource, SourceState, log_line
from hepscope_query_api.logs.scope import LogScope, log_scope, scope_without_call
from hepscope_query_api.logs.search import LogPage, LogSearch
from hepscope_query_api.problems import Kind, ProblemError
from hepscope_query_api.query.parameters import ListQuery, strict
from hepscope_query_api.query.period import Period, whole
from hepscope_query_api.query.place import Place, place_of
from hepscope_query_api.web.raw_path import call_id_of

router = APIRouter(tags=["logs"])

LOKI_OFF = "api.loki_url is not set."


class CallLogsQuery(ListQuery):
    """Parameters of the logs of a call."""

    at: str | None = Field(None, description=AT)


@router.get(
    "/calls/{call_id}/logs",
    summary="List the logs of a call",
    dependencies=[Depends(strict(CallLogsQuery))],
)
async def list_call_logs(
    request: Request,
    call_id: CallIdPath,
    query: Annotated[CallLogsQuery, Parameters()],
    shared: Shared,
) -> CallLogs:
    """Log lines that name a call: sent as HEP (type 100 and the like), or found in Loki.

    From a minute (`api.logs_margin_seconds`) before its first message to a minute after its
    last; newest first, as every list. A page may hold fewer than `limit` lines though there are
    more: `next_cursor` tells. Look at `sources`: where Loki failed, its lines are missing.

    Of a call of which nothing is stored (any more) Loki, if there is one, is asked about the last
    quarter of a year, or a day around `at`.
    """
    place = place_of(request.url.path, query, KEY_SHAPE, lambda: whole(query))
    logs = shared.logs
    scope = await _scope(shared, call_id_of(call_id), query.at, place.period)
    loki = LokiLines(logs.loki, logs.choice, scope) if logs.loki is not None else None
    search = LogSearch(LogRepository(shared.database.session, scope), loki)
    page = await search.page(query.order, _after(place), query.limit)
    return CallLogs(
        items=[log_line(line) for line in page.lines],
        next_cursor=place.cursor(page.next),
        sources=[_DATABASE, _loki(shared, page)],
        explore_url=logs.grafana.explore_url(
            logs.choice.queries(scope.keys, scope.word), scope.near
        ),
    )


async def _scope(shared: Context, call_id: str, at: str | None, within: Period) -> LogScope:
    session = shared.database.session()
    try:
        found = await scope_of(shared, session, call_id, at=at, within=within)
    except ProblemError as problem:
        if problem.kind is not Kind.NOT_FOUND or shared.logs.loki is None:
            raise
        return scope_without_call(
            call_id, at_us=moment_of(at), within=within, now_us=shared.now_us()
        )
    return await log_scope(session, found, within=within, margin_us=shared.logs.margin_us)


_DATABASE = LogSource(name=Source.DATABASE, state=SourceState.OK, detail="")


def _loki(shared: Context, page: LogPage) -> LogSource:
    if shared.logs.loki is None:
        return LogSource(name=Source.LOKI, state=SourceState.OFF, detail=LOKI_OFF)
    if page.trouble is not None:
        return LogSource(name=Source.LOKI, state=SourceState.FAILED, detail=page.trouble.detail)
    return LogSource(name=Source.LOKI, state=SourceState.OK, detail=page.note)


def _after(place: Place) -> Key | None:
    if place.after is None:
        return None
    time_us, rank, number, digest = place.after.key
    return Key(int(time_us), int(rank), int(number), str(digest))
