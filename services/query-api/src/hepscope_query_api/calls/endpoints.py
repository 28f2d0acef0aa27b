"""``/calls`` and ``/calls/{call_id}``."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi import Query as Parameters

from hepscope_query_api.calls.parameters import (
    DESCRIBED_FILTERS,
    CallIdPath,
    CallQuery,
    OneCallQuery,
    call_not_found,
    choose,
)
from hepscope_query_api.calls.repository import KEY_SHAPE, CallRepository
from hepscope_query_api.calls.schemas import Call, CallDetail, OtherRecord, call_of
from hepscope_query_api.context import Shared
from hepscope_query_api.query.kept import calls_kept_since
from hepscope_query_api.query.parameters import given_filters, strict
from hepscope_query_api.query.period import last_day
from hepscope_query_api.query.place import place_of
from hepscope_query_api.schemas import Page
from hepscope_query_api.timestamps import format_time, from_us
from hepscope_query_api.web.raw_path import call_id_of

router = APIRouter(tags=["calls"])


@router.get("/calls", summary="List calls", dependencies=[Depends(strict(CallQuery))])
async def list_calls(
    request: Request, query: Annotated[CallQuery, Parameters()], shared: Shared
) -> Page[Call]:
    r"""Calls that began from `start` (default 24 h ago) until `end`, newest first.

    One item per Call-ID of any method; `method=INVITE` keeps the calls proper. Filters are joined
    by and. One that is repeated takes any of its values (`status=486&status=503`); with a leading
    `!` (`\!` is the mark itself) it takes all but this one, also items without a value
    (`method=!OPTIONS`). `*` is a wildcard (`\*` a star); an empty value asks for items without a
    value, `*` alone for those with one.
    """
    now_us = shared.now_us()
    place = place_of(request.url.path, query, KEY_SHAPE, lambda: last_day(query, now_us))
    calls, key = await CallRepository(shared.database.session(), now_us).page(
        place.period,
        given_filters(query, DESCRIBED_FILTERS),
        q=query.q,
        order=query.order,
        limit=query.limit,
        after=place.after,
    )
    return Page[Call](
        items=[call_of(facts, now_us, shared.names) for facts in calls],
        next_cursor=place.cursor(key),
    )


@router.get(
    "/calls/{call_id}", summary="Get one call", dependencies=[Depends(strict(OneCallQuery))]
)
async def get_call(
    call_id: CallIdPath, query: Annotated[OneCallQuery, Parameters()], shared: Shared
) -> CallDetail:
    """The newest call with this Call-ID, or the one `at` a time."""
    now_us = shared.now_us()
    wanted = call_id_of(call_id)
    session = shared.database.session()
    chosen = choose(await CallRepository(session, now_us).records(wanted), query.at)
    if chosen is None:
        raise call_not_found(wanted, await calls_kept_since(session))
    return CallDetail(
        **dict(call_of(chosen.call, now_us, shared.names)),
        other_records=[
            OtherRecord(started_at=format_time(from_us(other.started_us)))
            for other in chosen.others
        ],
    )
