"""Reports of several ingests on one node, merged."""

from dataclasses import replace
from datetime import UTC, datetime

from hepscope_query_api.nodes.reports import Merged, Reported, merged

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
ONE = Reported(
    instance="a:9060",
    is_living=True,
    started_at=NOON,
    reported_at=NOON,
    report_age_s=1.0,
    last_seen=NOON,
    packets=10,
    bytes=1000,
    packets_per_s=0.1,
    bytes_per_s=10.0,
    refused_per_s=0.0,
    refused={"network": 1},
    quirks={"no_time": 1},
    clock_skew_us=-2500,
    hep_versions=[3],
)
NOTHING = Merged(
    packets_per_s=None,
    bytes_per_s=None,
    refused_per_s=None,
    refused={},
    quirks={},
    clock_skew_ms=None,
    hep_versions=[],
)


def test_without_a_living_report_nothing_is_known() -> None:
    """Unknown is not zero."""
    assert merged([]) == NOTHING
    assert merged([replace(ONE, is_living=False)]) == NOTHING


def test_the_skew_is_of_who_heard_the_node_last() -> None:
    """One that never heard it has none to tell."""
    later = replace(ONE, last_seen=NOON.replace(hour=13), clock_skew_us=7000)
    never = replace(ONE, last_seen=None, clock_skew_us=None)
    dead = replace(later, is_living=False, last_seen=NOON.replace(hour=14), clock_skew_us=9)

    assert merged([ONE, later, never, dead]).clock_skew_ms == 7.0
    assert merged([never]).clock_skew_ms is None


def test_sums_do_not_depend_on_the_order() -> None:
    """Of rates without the dust of binary fractions; names are sorted."""
    other = replace(ONE, packets_per_s=0.2, refused={"auth_key": 4}, hep_versions=[1])

    assert merged([ONE, other]) == merged([other, ONE])
    assert merged([ONE, other]).packets_per_s == 0.3
    assert list(merged([ONE, other]).refused.items()) == [("auth_key", 4), ("network", 1)]
    assert merged([ONE, other]).hep_versions == [1, 3]
