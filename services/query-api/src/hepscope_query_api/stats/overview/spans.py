"""The range of the overview in bins, and the same span a week before."""

from dataclasses import dataclass
from typing import Final

from hepscope_query_api.query.period import ALWAYS, DAY_US, Period
from hepscope_query_api.stats.bins import Bins

WEEK_US: Final = 7 * DAY_US
BEFORE: Final = -1
"""Number of the bin that the week before is, as a whole."""


@dataclass(frozen=True, slots=True)
class Spans:
    """What is asked for; ``node`` "" is all nodes as one capture."""

    bins: Bins
    node: str

    @property
    def period(self) -> Period:
        """The range, from the start of its first bin."""
        return Period(self.bins.start_us, self.bins.end_us)

    @property
    def before(self) -> Period:
        """The same hours of the week before, as far as there is one."""
        start_us, end_us = self.bins.start_us - WEEK_US, self.bins.end_us - WEEK_US
        return Period(max(start_us, ALWAYS.start_us), max(end_us, ALWAYS.start_us))
