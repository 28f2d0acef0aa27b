"""Clusters of failures: what is far above the usual of the range, and what is not."""

from hepscope_query_api.stats.overview.clusters import Cluster, Failing, clusters

STEADY = [60] * 96


def failing(counts: dict[int, int], status: int | None = 503) -> Failing:
    """Calls to one target that failed with a status, by bin."""
    return Failing(status, "198.51.100.20", 5060, counts)


def test_an_outage_is_a_cluster() -> None:
    """From its first bin to its last, whatever else failed before."""
    outage = failing({3: 1, 60: 29, 61: 29, 90: 1})
    assert clusters([outage], STEADY) == [Cluster(outage, 60, 62, 58)]


def test_a_bin_between_joins_two_and_two_bins_part_them() -> None:
    """What failed in between is counted with them."""
    joined = failing({10: 8, 11: 1, 12: 8})
    assert [(one.first, one.end, one.count) for one in clusters([joined], STEADY)] == [(10, 13, 17)]
    parted = failing({10: 11, 13: 12})
    assert [(one.first, one.count) for one in clusters([parted], STEADY)] == [(13, 12), (10, 11)]


def test_what_fails_all_the_time_is_none() -> None:
    """Nor what follows the traffic of the day."""
    assert clusters([failing(dict.fromkeys(range(96), 5))], STEADY) == []
    day = [10] * 48 + [100] * 48
    assert clusters([failing(dict.fromkeys(range(48, 96), 10))], day) == []


def test_few_calls_are_none() -> None:
    """Ten are needed, at least two in a bin."""
    assert clusters([failing({10: 9})], STEADY) == []
    assert clusters([failing(dict.fromkeys(range(40, 50), 1))], STEADY) == []
    assert clusters([failing({})], [0] * 96) == []


def test_the_largest_three_are_told() -> None:
    """By their calls."""
    many = [failing({at: 10 + at}, 500 + at) for at in range(5)]
    assert [one.failing.status for one in clusters(many, STEADY)] == [504, 503, 502]
