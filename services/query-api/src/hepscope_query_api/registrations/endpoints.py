"""``/registrations``."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi import Query as Parameters

from hepscope_query_api.context import Shared
from hepscope_query_api.query.parameters import (
    ADDRESSES,
    ListQuery,
    filtered_by,
    given_filters,
    strict,
)
from hepscope_query_api.query.period import last_day
from hepscope_query_api.query.place import place_of
from hepscope_query_api.registrations.repository import KEY_SHAPE, RegistrationRepository
from hepscope_query_api.registrations.schemas import Registration, registration_of
from hepscope_query_api.schemas import Page

router = APIRouter(tags=["registrations"])

DESCRIBED_FILTERS: Mapping[str, str] = {
    "call_id": "Call-ID.",
    "aor_user": "User of the address of record.",
    "aor_domain": "Domain of the address of record.",
    "contact": "Contact.",
    "state": "registered, unregistered, challenged, failed or pending.",
    "status": "Latest final code: `403`, or `4*`.",
    "reason": "Its reason phrase.",
    "expires_s": "Lifetime, exactly.",
    "registered_at": "When the lifetime was stated, exactly.",
    "started_at": "First message of the last day, exactly.",
    "last_at": "Last message, exactly.",
    "user_agent": "User-Agent.",
    "source": f"Client: {ADDRESSES}.",
    "destination": "Registrar.",
    "message_count": "Messages of the last day.",
    "nodes": "A node that captured it.",
}


@filtered_by(DESCRIBED_FILTERS)
class RegistrationQuery(ListQuery):
    """Parameters of the list of registrations."""


@router.get(
    "/registrations",
    summary="List registrations",
    dependencies=[Depends(strict(RegistrationQuery))],
)
async def list_registrations(
    request: Request, query: Annotated[RegistrationQuery, Parameters()], shared: Shared
) -> Page[Registration]:
    """Registrations going on between `start` (default 24 h ago) and `end`, one per Call-ID.

    One goes on from the first to the last message of a day. Ordered by the first message of the
    last such day. Filters are joined by and, and look at that day.
    """
    now_us = shared.now_us()
    place = place_of(request.url.path, query, KEY_SHAPE, lambda: last_day(query, now_us))
    found, key = await RegistrationRepository(shared.database.session(), now_us).page(
        place.period,
        given_filters(query, DESCRIBED_FILTERS),
        order=query.order,
        limit=query.limit,
        after=place.after,
    )
    return Page[Registration](
        items=[registration_of(facts, now_us, shared.names) for facts in found],
        next_cursor=place.cursor(key),
    )
