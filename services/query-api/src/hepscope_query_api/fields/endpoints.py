"""``/fields`` and ``/fields/{name}/values``."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi import Query as Parameters

from hepscope_query_api.calls.parameters import DESCRIBED_FILTERS
from hepscope_query_api.calls.selection import CallQuestion
from hepscope_query_api.context import Shared
from hepscope_query_api.fields.catalogue import all_fields
from hepscope_query_api.fields.parameters import FieldName, ValuesQuery, check_field
from hepscope_query_api.fields.repository import ValueRepository
from hepscope_query_api.fields.schemas import Fields, FieldValues
from hepscope_query_api.query.parameters import NoQuery, given_filters, strict
from hepscope_query_api.query.pattern import stored_text
from hepscope_query_api.query.period import last_day

router = APIRouter(tags=["fields"])


@router.get("/fields", summary="List fields", dependencies=[Depends(strict(NoQuery))])
async def list_fields() -> Fields:
    """What calls, messages and registrations can be filtered by."""
    return Fields(items=all_fields())


@router.get(
    "/fields/{name}/values",
    summary="List the values of a field",
    dependencies=[Depends(strict(ValuesQuery))],
)
async def list_values(
    name: FieldName, query: Annotated[ValuesQuery, Parameters()], shared: Shared
) -> FieldValues:
    """Values that calls from `start` (default 24 h ago) until `end` have in a field, with counts.

    Takes the filters of the list of calls, and counts in those that fit them. In a range that
    holds very many calls the newest are counted, and `is_sampled` says so.
    """
    check_field(name)
    now_us = shared.now_us()
    question = CallQuestion(
        last_day(query, now_us), given_filters(query, DESCRIBED_FILTERS), query.q, now_us
    )
    repository = ValueRepository(shared.database.session(), question, shared.names)
    return await repository.values(name, stored_text(query.prefix), query.limit)
