"""Bins of time: equal steps that cover a range, beginning at whole multiples of the step."""

from dataclasses import dataclass
from typing import Final

from hepscope_query_api.problems import ProblemError, invalid
from hepscope_query_api.query.period import ALWAYS, Period

SECOND_US: Final = 1_000_000
LEAST_STEP_S: Final = 60
"""What is kept are sums by the minute; what is counted anew may have shorter steps."""

MAX_POINTS: Final = 5_000
"""More than a screen is wide; a week by the minute needs two requests."""

MAX_DRAWN: Final = 120
"""Bars and steps of one chart; more cannot be told apart on a screen."""

_USUAL_POINTS: Final = 300
_USUAL_STEPS: Final = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600),
    *(7200, 10_800, 21_600, 43_200, 86_400),
)


@dataclass(frozen=True, slots=True)
class Bins:
    """Steps from ``start_us`` up to, not including, ``end_us``; microseconds since 1970."""

    start_us: int
    end_us: int
    step_s: int

    def __len__(self) -> int:
        return (self.end_us - self.start_us + self.step_us - 1) // self.step_us

    @property
    def step_us(self) -> int:
        """The step in microseconds."""
        return self.step_s * SECOND_US

    def time_us(self, number: int) -> int:
        """Return the start of a bin."""
        return self.start_us + number * self.step_us


def bins_of(
    period: Period, step_s: int | None, *, most: int = MAX_POINTS, least_s: int = LEAST_STEP_S
) -> Bins:
    """Return the bins of a range, each a multiple of ``least_s``; a step is chosen if not given.

    Raises ProblemError where there would be too many.
    """
    if step_s is None:
        return _usual_bins(period, min(most, _USUAL_POINTS), least_s)
    if step_s % least_s:
        raise invalid("step", f"step must be a multiple of {least_s} seconds.")
    bins = _bins(period, step_s)
    if len(bins) > most:
        raise _too_many(bins, most, least_s)
    return bins


def _bins(period: Period, step_s: int) -> Bins:
    step_us = step_s * SECOND_US
    # At a range without end the first multiple may lie before what a time can be.
    start_us = max(period.start_us - period.start_us % step_us, ALWAYS.start_us)
    return Bins(start_us, period.end_us, step_s)


def _usual_bins(period: Period, most: int, least_s: int) -> Bins:
    for step_s in _USUAL_STEPS:
        bins = _bins(period, step_s)
        if step_s >= least_s and len(bins) <= most:
            return bins
    # One less, as a range that does not begin at a multiple touches one bin more.
    day_us = _USUAL_STEPS[-1] * SECOND_US
    days = -(-(period.end_us - period.start_us) // (day_us * (most - 1)))
    return _bins(period, _USUAL_STEPS[-1] * days)


def _too_many(bins: Bins, most: int, least_s: int) -> ProblemError:
    shortest_s = -(-(bins.end_us - bins.start_us) // SECOND_US // most)
    shortest_s = -(-shortest_s // least_s) * least_s
    detail = (
        f"step {bins.step_s} would give {len(bins)} points, at most {most} are answered: "
        f"take a step of {shortest_s} s or more, or a shorter range."
    )
    return invalid("step", detail, expected=[f"at least {shortest_s}"])
