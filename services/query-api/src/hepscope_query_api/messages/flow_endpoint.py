"""``/calls/{call_id}/flow``: one call, or several, as a ladder.

Once the rows are read, all the work is done in a thread: ladders of thousands of messages take a
good part of a second, in which the API has others to answer.
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Final

import asyncpg
from fastapi import APIRouter, Depends, Response
from fastapi import Query as Parameters
from pydantic import Field

from hepscope_common.calls.flow import flow_of
from hepscope_common.names import Names
from hepscope_query_api.calls.parameters import CallIdPath, PartOfCallQuery
from hepscope_query_api.calls.scope import Scope
from hepscope_query_api.context import Shared
from hepscope_query_api.messages.call_rows import ladder_rows
from hepscope_query_api.messages.filters import roots_of
from hepscope_query_api.messages.flow import flow_messages, legs_of, view_of
from hepscope_query_api.messages.flow_schemas import FlowView
from hepscope_query_api.messages.parameters import TYPES
from hepscope_query_api.messages.several import scopes_of, with_calls
from hepscope_query_api.query.parameters import strict
from hepscope_query_api.web.raw_path import call_id_of

router = APIRouter(tags=["messages"])

FLOW_LIMIT: Final = 10_000
"""Messages at most. Ladders that are longer come from clients that use one Call-ID for ever."""


@with_calls
class FlowQuery(PartOfCallQuery):
    """Parameters of a flow."""

    protocol_type: str | None = Field(None, description=TYPES)
    fold: bool = Field(
        True, description="`0`: copies of one message that several nodes saw are arrows each."
    )


@router.get(
    "/calls/{call_id}/flow",
    summary="Get the flow of a call",
    dependencies=[Depends(strict(FlowQuery))],
    response_model=FlowView,
)
async def get_flow(
    call_id: CallIdPath, query: Annotated[FlowQuery, Parameters()], shared: Shared
) -> Response:
    """The call as a ladder: hosts as columns, an arrow per message in the order of events.

    With `with`, several calls in one ladder, which share their hosts. What several nodes saw of
    one message is one arrow with `copies`; what was sent again is an arrow with `resend`. Holds
    10,000 messages of all calls together.
    """
    session = shared.database.session()
    scopes = await scopes_of(shared, session, call_id_of(call_id), query)
    roots = roots_of(query.protocol_type)
    rows, truncated = await ladder_rows(session, scopes, roots, FLOW_LIMIT)
    body = await asyncio.to_thread(
        _answer,
        scopes,
        rows,
        shared.names,
        now_us=shared.now_us(),
        fold=query.fold,
        truncated=truncated,
    )
    return Response(body, media_type="application/json")


def _answer(
    scopes: Sequence[Scope],
    rows: Sequence[asyncpg.Record],
    names: Names,
    *,
    now_us: int,
    fold: bool,
    truncated: bool,
) -> str:
    flow = flow_of(flow_messages(rows), fold=fold)
    view = view_of(flow, legs_of(scopes, rows, now_us), names, truncated=truncated)
    return view.model_dump_json()
