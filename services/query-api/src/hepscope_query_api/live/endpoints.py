"""``/live``: what is stored, as it is stored, as server-sent events."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header
from fastapi import Query as Parameters
from fastapi.responses import StreamingResponse

from hepscope_query_api.context import Shared
from hepscope_query_api.live.events import resumed_at
from hepscope_query_api.live.parameters import LiveQuery
from hepscope_query_api.live.stream import LiveStream
from hepscope_query_api.messages.filters import MESSAGE_FILTERS
from hepscope_query_api.messages.parameters import DESCRIBED_FILTERS
from hepscope_query_api.query.bind import Bind
from hepscope_query_api.query.filters import apply
from hepscope_query_api.query.parameters import given_filters, strict

router = APIRouter(tags=["live"])

STREAM = {"text/event-stream": {"schema": {"type": "string"}}}
RESUME = "The `id` of the last event that was received, up to 30 s ago: what came since is sent."


@router.get(
    "/live",
    summary="Follow messages and calls",
    dependencies=[Depends(strict(LiveQuery))],
    response_class=StreamingResponse,
    responses={
        200: {"description": "Events without an end.", "content": {"text/event-stream": {}}}
    },
)
async def follow(
    query: Annotated[LiveQuery, Parameters()],
    shared: Shared,
    last_event_id: Annotated[str | None, Header(description=RESUME)] = None,
) -> LiveStream:
    """Server-sent events; the data of each is JSON.

    `hello` first, and `history`: the calls of the last ten minutes. `messages` about each second:
    what was committed since the one before, `items` as in `GET messages`, of a flood the messages
    of one call of `one_of`. `calls` about every 2 s: how many are under way, begin and fail, and
    the newest of them. `lost`, `from` and `to` when messages could not be sent; `trouble` when the
    database does not answer.
    """
    filters = given_filters(query, DESCRIBED_FILTERS)
    # Refused before the stream begins: afterwards there is no status to say so.
    apply(filters, MESSAGE_FILTERS, Bind())
    return LiveStream(shared.live, filters, resumed_at(last_event_id))
