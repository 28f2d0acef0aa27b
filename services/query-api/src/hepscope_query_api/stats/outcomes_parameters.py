"""Parameters of ``/stats/outcomes``."""

from pydantic import Field

from hepscope_query_api.calls.parameters import DESCRIBED_FILTERS, WORDS
from hepscope_query_api.query.parameters import RangeQuery, filtered_by


@filtered_by(DESCRIBED_FILTERS)
class OutcomesQuery(RangeQuery):
    """Parameters of outcomes over time."""

    q: str | None = Field(None, description=WORDS)
    step: int | None = Field(
        None,
        ge=1,
        le=366 * 86_400,
        description="Seconds from bin to bin; chosen for at most 120 bins where it is left out.",
    )
