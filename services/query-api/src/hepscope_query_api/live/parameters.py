"""Query parameters of the live stream."""

from hepscope_query_api.messages.parameters import DESCRIBED_FILTERS
from hepscope_query_api.query.parameters import Query, filtered_by


@filtered_by(DESCRIBED_FILTERS)
class LiveQuery(Query):
    """Filters of the messages that are sent; the calls go by those that calls have too."""
