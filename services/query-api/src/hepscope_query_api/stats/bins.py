"""Bins of time: equal steps that cover a range, beginning at whole multiples of the step."""

from dataclasses import dataclass
from typing import Final

from hepscope_query_api.problems import ProblemError, invalid
from hepscope_query_api.query.period import ALWAYS, Period

SECOND_US: Final = 1_000_000
LEAST_STEP_S: Final = 60
"""What is kept are sums by the minute."""

MAX_POINTS: Final = 5_000
"""More than a screen is wide; a week by the minute needs two requests."""

_USUAL_POINTS: Final = 300
_USUAL_STEPS: Final = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)


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


def bins_of(period: Period, step_s: int | None, *, most: int = MAX_POINTS) -> Bins:
    """Return the bins of a range; a step is chosen where none is given.

    Raises ProblemError where there would be too many.
    """
    if step_s is None:
        step_s = _usual_step(period, min(most, _USUAL_POINTS))
    if step_s % LEAST_STEP_S:
        raise invalid("step", f"step must be a multiple of {LEAST_STEP_S} seconds.")
    step_us = step_s * SECOND_US
    # At a range without end the first multiple may lie before what a time can be.
    start_us = max(period.start_us - period.start_us % step_us, ALWAYS.start_us)
    bins = Bins(start_us, period.end_us, step_s)
    if len(bins) > most:
        raise _too_many(bins, most)
    return bins


def _usual_step(period: Period, most: int) -> int:
    seconds = (period.end_us - period.start_us) // SECOND_US
    for step_s in _USUAL_STEPS:
        if seconds <= step_s * most:
            return step_s
    days = -(-seconds // (_USUAL_STEPS[-1] * most))
    return _USUAL_STEPS[-1] * days


def _too_many(bins: Bins, most: int) -> ProblemError:
    least_s = -(-(bins.end_us - bins.start_us) // SECOND_US // most)
    least_s = -(-least_s // LEAST_STEP_S) * LEAST_STEP_S
    detail = (
        f"step {bins.step_s} would give {len(bins)} points, at most {most} are answered: "
        f"take a step of {least_s} s or more, or a shorter range."
    )
    return invalid("step", detail, expected=[f"at least {least_s}"])
