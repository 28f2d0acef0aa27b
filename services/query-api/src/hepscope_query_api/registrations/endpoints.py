"""``/registrations``."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi import Query as Parameters

from hepscope_query_api.context import Shared
from hepscope_query_api.query.parameters import (
    ListQuery,
    filter_parameter,
    given_filters,
    strict,
)
from hepscope_query_api.query.period import last_day
from hepscope_query_api.query.place import place_of
from hepscope_query_api.registrations.repository import KEY_SHAPE, RegistrationRepository
from hepscope_query_api.registrations.schemas import Registration, registration_of
from hepscope_query_api.schemas import Page

router = APIRouter(tags=["registrations"])


class RegistrationQuery(ListQuery):
    """Parameters of the list of registrations."""

    call_id: list[str] = filter_parameter("Call-ID.")
    aor_user: list[str] = filter_parameter("User of the address of record.")
    aor_domain: list[str] = filter_parameter("Domain of the address of record.")
    contact: list[str] = filter_parameter("Contact.")
    state: list[str] = filter_parameter("registered, unregistered, challenged, failed or pending.")
    status: list[str] = filter_parameter("Latest final code: `403`, or `4*`.")
    reason: list[str] = filter_parameter("Its reason phrase.")
    expires_s: list[str] = filter_parameter("Lifetime, exactly.")
    registered_at: list[str] = filter_parameter("When the lifetime was stated, exactly.")
    started_at: list[str] = filter_parameter("First message of the last day, exactly.")
    last_at: list[str] = filter_parameter("Last message, exactly.")
    user_agent: list[str] = filter_parameter("User-Agent.")
    source: list[str] = filter_parameter(
        "Client: `10.0.0.5`, `10.0.0.5:5060`, `10.0.0.0/8`, `10.1.*`."
    )
    destination: list[str] = filter_parameter("Registrar.")
    message_count: list[str] = filter_parameter("Messages of the last day.")
    nodes: list[str] = filter_parameter("A node that captured it.")


FILTERS = [name for name in RegistrationQuery.model_fields if name not in ListQuery.model_fields]


@router.get(
    "/registrations",
    summary="List registrations",
    dependencies=[Depends(strict(RegistrationQuery))],
)
async def list_registrations(
    request: Request, query: Annotated[RegistrationQuery, Parameters()], shared: Shared
) -> Page[Registration]:
    """Registrations heard of from `start` (default 24 h ago) until `end`, one per Call-ID.

    Ordered by the first message of the last day on which it was heard of. Filters are joined
    by and, and look at that day.
    """
    now_us = shared.now_us()
    place = place_of(request.url.path, query, KEY_SHAPE, lambda: last_day(query, now_us))
    found, key = await RegistrationRepository(shared.database.session(), now_us).page(
        place.period,
        given_filters(query, FILTERS),
        order=query.order,
        limit=query.limit,
        after=place.after,
    )
    return Page[Registration](
        items=[registration_of(facts, now_us) for facts in found], next_cursor=place.cursor(key)
    )
