"""``/stats/outcomes``."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi import Query as Parameters

from hepscope_query_api.calls.parameters import DESCRIBED_FILTERS
from hepscope_query_api.calls.selection import CallQuestion
from hepscope_query_api.context import Shared
from hepscope_query_api.query.parameters import given_filters, strict
from hepscope_query_api.query.period import last_day
from hepscope_query_api.stats.bins import MAX_DRAWN, bins_of
from hepscope_query_api.stats.outcomes import OutcomeRepository
from hepscope_query_api.stats.outcomes_parameters import OutcomesQuery
from hepscope_query_api.stats.outcomes_schemas import Outcomes

router = APIRouter(prefix="/stats", tags=["stats"])


@router.get(
    "/outcomes", summary="Calls by outcome over time", dependencies=[Depends(strict(OutcomesQuery))]
)
async def outcomes(query: Annotated[OutcomesQuery, Parameters()], shared: Shared) -> Outcomes:
    """Calls that began from `start` (default 24 h ago) until `end`, counted by how they went.

    Takes the filters of the list of calls and means the same calls. Bins begin at whole multiples
    of `step` since 1970, the first one at or before `start`; at most 120. Counts are exact unless
    `is_sampled`.
    """
    now_us = shared.now_us()
    period = last_day(query, now_us, ahead_us=0)
    bins = bins_of(period, query.step, most=MAX_DRAWN, least_s=1)
    question = CallQuestion(period, given_filters(query, DESCRIBED_FILTERS), query.q, now_us)
    return await OutcomeRepository(shared.database.session()).counts(question, bins)
