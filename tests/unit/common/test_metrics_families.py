"""Histograms, gauges that expire, exact names and the count of series."""

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST

from hepscope_common.metrics import (
    OTHER,
    CounterFamily,
    HistogramFamily,
    PlainCollector,
    RecentFamily,
    expose,
)


def test_observations_are_counted_in_every_bucket_above_them() -> None:
    """A bound is part of its bucket (le), and the infinite one holds all."""
    registry = CollectorRegistry()
    family = HistogramFamily("x_seconds", "X.", (0.1, 1, 5), ("kind",))
    PlainCollector(registry, [family])
    for number in (0.05, 0.1, 0.5, 7.0):
        family.observe(("a",), number)
    counts = [
        registry.get_sample_value("x_seconds_bucket", {"kind": "a", "le": le})
        for le in ("0.1", "1.0", "5.0", "+Inf")
    ]
    assert counts == [2, 3, 3, 4]
    assert registry.get_sample_value("x_seconds_sum", {"kind": "a"}) == pytest.approx(7.65)
    assert family.count(("a",)) == 4


def test_a_histogram_without_labels_is_visible_at_zero() -> None:
    """And one with labels where they are known."""
    registry = CollectorRegistry()
    bare = HistogramFamily("x_seconds", "X.", (1,))
    known = HistogramFamily("y_seconds", "Y.", (1,), ("result",), known=[("failed",)])
    PlainCollector(registry, [bare, known])
    assert registry.get_sample_value("x_seconds_count") == 0
    assert registry.get_sample_value("y_seconds_count", {"result": "failed"}) == 0


def test_a_full_histogram_observes_the_rest_as_other() -> None:
    """Hostile label values cannot grow it."""
    family = HistogramFamily("x_seconds", "X.", (1,), ("node", "kind"), max_series=2)
    for number in range(50):
        family.observe((str(number), "a"), 0.5)
    assert len(family.series) == 3
    assert family.count((OTHER, OTHER)) == 48


class Clock:
    """Seconds under the test's hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def gauge(registry: CollectorRegistry, clock: Clock, **options: float) -> RecentFamily:
    """Return a gauge that expires after a minute."""
    family = RecentFamily(
        "g", "G.", ("node",), expire_seconds=60, clock=clock, **options  # type: ignore[arg-type]
    )  # fmt: skip
    PlainCollector(registry, [family])
    return family


def test_a_reported_value_stands_until_it_expires() -> None:
    """Of a node that reports no more nothing is shown."""
    registry, clock = CollectorRegistry(), Clock()
    family = gauge(registry, clock)
    family.report(("a",), 3)
    clock.now = 59
    family.report(("b",), 4)
    assert registry.get_sample_value("g", {"node": "a"}) == 3
    clock.now = 60
    assert registry.get_sample_value("g", {"node": "a"}) is None
    assert registry.get_sample_value("g", {"node": "b"}) == 4


def test_without_a_window_the_last_value_counts() -> None:
    """As of any gauge."""
    registry, clock = CollectorRegistry(), Clock()
    family = gauge(registry, clock)
    for number in (1, 2, 9):
        family.report(("a",), number)
    assert registry.get_sample_value("g", {"node": "a"}) == 9


def test_with_a_window_the_mean_of_the_last_two_counts() -> None:
    """It changes only when something is reported."""
    registry, clock = CollectorRegistry(), Clock()
    family = gauge(registry, clock, window_seconds=10)

    def at(now: float, number: float) -> float | None:
        clock.now = now
        family.report(("a",), number)
        return registry.get_sample_value("g", {"node": "a"})

    assert [at(0, 10), at(5, 20)] == [10, 15]
    clock.now = 9
    assert registry.get_sample_value("g", {"node": "a"}) == 15
    assert at(10, 30) == 20
    assert at(20, 50) == 40
    assert at(59, 7) == 7


def test_a_full_gauge_makes_room_by_what_expired() -> None:
    """Else what is new is shown as other."""
    registry, clock = CollectorRegistry(), Clock()
    family = gauge(registry, clock, max_series=1)
    family.report(("a",), 1)
    family.report(("b",), 2)
    assert registry.get_sample_value("g", {"node": OTHER}) == 2
    clock.now = 100
    family.report(("c",), 3)
    assert registry.get_sample_value("g", {"node": "c"}) == 3


@pytest.mark.parametrize("accept", ["", "text/plain;version=1.0.0", CONTENT_TYPE_LATEST])
def test_a_counter_may_have_a_name_that_is_not_ours(accept: str) -> None:
    """Neither its samples nor its type line get the ending of the client library."""
    registry = CollectorRegistry()
    odd, usual = CounterFamily("odd_response", "O."), CounterFamily("x_total", "X.")
    PlainCollector(registry, [odd, usual])
    odd.add((), 3)
    text = expose(registry, accept)[0].decode()
    assert "# TYPE odd_response counter\nodd_response 3.0\n" in text
    assert "# HELP odd_response O." in text
    assert "odd_response_total" not in text
    assert "\nx_total 0.0\n" in text


def test_the_series_are_counted() -> None:
    """By metric and together, buckets included."""
    registry = CollectorRegistry()
    counter, histogram = CounterFamily("x_total", "X."), HistogramFamily("y", "Y.", (1, 2))
    PlainCollector(registry, [counter, histogram], series_name="series")
    assert registry.get_sample_value("series", {"metric": "x_total"}) == 1
    assert registry.get_sample_value("series", {"metric": "y"}) == 5
    assert registry.get_sample_value("series_exposed") == 6
