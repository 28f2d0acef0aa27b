"""Clusters of failures: when calls to one target failed with one status far more than usual.

The rule, also told on the page: a bin counts where the share of all its calls that failed so is at
least TIMES the median of that share over the range, and that are at least LEAST_IN_BIN calls; such
bins, joined over one between, are a cluster of LEAST_CALLS or more. So what fails all the time is
none, nor is what follows the traffic of the day, nor a single call at night.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

LEAST_CALLS: Final = 10
LEAST_IN_BIN: Final = 2
TIMES: Final = 3
GAP_BINS: Final = 1
MOST_CLUSTERS: Final = 3


@dataclass(frozen=True, slots=True)
class Failing:
    """Calls to one target that ended with one status, by bin."""

    status: int | None
    """None: without any final."""
    address: str
    port: int
    counts: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Some of them, from one bin until, not including, another."""

    failing: Failing
    first: int
    end: int
    count: int


def clusters(failing: Iterable[Failing], attempts: Sequence[int]) -> list[Cluster]:
    """Return the largest clusters, given the calls of every bin whatever became of them."""
    found = [cluster for one in failing for cluster in _of(one, attempts)]
    found.sort(key=lambda one: (-one.count, one.first, one.failing.address))
    return found[:MOST_CLUSTERS]


def _of(failing: Failing, attempts: Sequence[int]) -> Iterable[Cluster]:
    shares = [failing.counts.get(at, 0) / count for at, count in enumerate(attempts) if count]
    usual = median(shares) if shares else 0.0
    high = [
        at
        for at, count in sorted(failing.counts.items())
        if count >= LEAST_IN_BIN and count >= TIMES * usual * attempts[at]
    ]
    for first, end in _runs(high):
        count = sum(failing.counts.get(at, 0) for at in range(first, end))
        if count >= LEAST_CALLS:
            yield Cluster(failing, first, end, count)


def _runs(bins: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Yield first and end of bins that follow each other, but for a gap."""
    first = last = None
    for at in bins:
        if first is None or last is None:
            first = at
        elif at - last > GAP_BINS + 1:
            yield first, last + 1
            first = at
        last = at
    if first is not None and last is not None:
        yield first, last + 1
