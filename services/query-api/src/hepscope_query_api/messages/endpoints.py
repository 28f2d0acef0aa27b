"""``/messages``, ``/messages/{id}``, and the messages of a call."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi import Query as Parameters

from hepscope_query_api.calls.parameters import CallIdPath
from hepscope_query_api.calls.scope import Scope, scope_of
from hepscope_query_api.context import Context, Shared
from hepscope_query_api.messages.filters import roots_of
from hepscope_query_api.messages.flow_endpoint import router as flow
from hepscope_query_api.messages.identity import parse_message_id
from hepscope_query_api.messages.parameters import (
    DESCRIBED_FILTERS,
    CallMessageQuery,
    IncludeQuery,
    MessageQuery,
)
from hepscope_query_api.messages.repository import KEY_SHAPE, MessageRepository, Selection
from hepscope_query_api.messages.schemas import Message, message_of
from hepscope_query_api.problems import Kind, ProblemError
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.parameters import given_filters, strict
from hepscope_query_api.query.period import last_day, whole
from hepscope_query_api.query.place import Place, place_of
from hepscope_query_api.schemas import Page
from hepscope_query_api.web.raw_path import call_id_of

router = APIRouter(tags=["messages"])
router.include_router(flow)


@router.get(
    "/messages",
    summary="List messages",
    dependencies=[Depends(strict(MessageQuery))],
    response_model_exclude_unset=True,
)
async def list_messages(
    request: Request, query: Annotated[MessageQuery, Parameters()], shared: Shared
) -> Page[Message]:
    """Messages captured from `start` (default 24 h ago) until `end`, newest first.

    SIP only, unless `protocol_type` asks for other HEP types. A search for what is rare reads
    all messages of the period: give a `call_id`, or a short period.
    """
    now_us = shared.now_us()
    place = place_of(request.url.path, query, KEY_SHAPE, lambda: last_day(query, now_us))
    return await _page(shared, shared.database.session(), query, place, None)


@router.get(
    "/calls/{call_id}/messages",
    summary="List the messages of a call",
    dependencies=[Depends(strict(CallMessageQuery))],
    response_model_exclude_unset=True,
)
async def list_call_messages(
    request: Request,
    call_id: CallIdPath,
    query: Annotated[CallMessageQuery, Parameters()],
    shared: Shared,
) -> Page[Message]:
    """All messages of a call, whenever they were captured; newest first, as every list."""
    place = place_of(request.url.path, query, KEY_SHAPE, lambda: whole(query))
    session = shared.database.session()
    scope = await scope_of(shared, session, call_id_of(call_id), at=query.at, within=place.period)
    return await _page(shared, session, query, place, scope)


@router.get(
    "/messages/{id}",
    summary="Get one message",
    dependencies=[Depends(strict(IncludeQuery))],
    response_model_exclude_unset=True,
)
async def get_message(
    message_id: Annotated[str, Path(alias="id", description="`id` of a message.")],
    query: Annotated[IncludeQuery, Parameters()],
    shared: Shared,
) -> Message:
    """One message, by its opaque id."""
    payload = query.include is not None
    try:
        wanted = parse_message_id(message_id)
    except ValueError as error:
        raise _message_not_found() from error
    repository = MessageRepository(shared.database.session(), shared.now_us())
    row = await repository.one(wanted, payload=payload)
    if row is None:
        raise _message_not_found()
    return message_of(row, shared.names, payload=payload)


async def _page(
    shared: Context, session: Session, query: MessageQuery, place: Place, scope: Scope | None
) -> Page[Message]:
    payload = query.include is not None
    wanted = Selection(
        roots_of(query.protocol_type),
        period=place.period if scope is None else scope.period,
        call_id=None if scope is None else scope.call_id,
        filters=given_filters(query, DESCRIBED_FILTERS),
        payload=payload,
        order=query.order,
        after=place.after,
    )
    rows, key = await MessageRepository(session, shared.now_us()).page(wanted, query.limit)
    return Page[Message](
        items=[message_of(row, shared.names, payload=payload) for row in rows],
        next_cursor=place.cursor(key),
    )


def _message_not_found() -> ProblemError:
    return ProblemError(
        Kind.NOT_FOUND,
        "No message has this id. It may be older than what is kept; ids come from lists of "
        "messages and from flows, and are used as they are.",
    )
