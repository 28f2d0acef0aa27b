"""The shape of outcomes over time."""

from hepscope_common.calls.outcome import CallOutcome
from hepscope_query_api.schemas import Shape, Time


class OutcomeCounts(Shape):
    """The calls of one outcome."""

    outcome: CallOutcome
    count: int
    """Within the range."""
    counts: list[int]
    """In each bin."""


class Outcomes(Shape):
    """Calls by outcome over time."""

    step_s: int
    """Seconds from bin to bin; bins begin at whole multiples of it since 1970."""
    start: Time
    """Start of the first bin, at or before the start of the range."""
    total: int
    """Calls within the range."""
    kept_since: Time | None
    """Calls that began before are removed by retention; null where none ever was."""
    is_sampled: bool
    """Whether the counts are estimated from a part of the calls, as the range holds too many."""
    items: list[OutcomeCounts]
    """Each outcome, also those that did not occur."""
