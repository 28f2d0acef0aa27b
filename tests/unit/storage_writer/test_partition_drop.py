"""What an operator's drop means, at fixed times."""

from hypothesis import given
from hypothesis import strategies as st

from hepscope_storage_writer.partition_drop import DropPlan, plan_drop
from hepscope_storage_writer.retention import Policy, StoredLeaf

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
MIDNIGHT = 1_769_904_000_000_000  # 2026-02-01T00:00:00Z
NOON = MIDNIGHT + 12 * HOUR_US
LEAVES = [
    StoredLeaf(root, f"{root}_{day}", MIDNIGHT + day * DAY_US, MIDNIGHT + (day + 1) * DAY_US, 10)
    for root in ("sip_call", "call", "packet_log")
    for day in range(-5, 3)
]


def policy(root: str) -> Policy:
    """Return a policy of day leaves."""
    return Policy(root, DAY_US, 2 * DAY_US, 30 * DAY_US, DAY_US, 0)


POLICIES = [policy(root) for root in ("packet_log", "sip_call", "call")]


def plan(before_us: int, *roots: str) -> DropPlan:
    """Return the plan at noon."""
    return plan_drop(POLICIES, LEAVES, roots=roots, before_us=before_us, now_us=NOON)


def test_whole_leaves_before_the_time_go_oldest_first() -> None:
    """The day that the time lies in stays, and the floor is its start."""
    found = plan(MIDNIGHT - 3 * DAY_US + HOUR_US, "sip_call", "call")

    assert [leaf.name for leaf in found.leaves] == [
        "call_-5",
        "sip_call_-5",
        "call_-4",
        "sip_call_-4",
    ]
    assert found.floors == {
        "sip_call": MIDNIGHT - 3 * DAY_US,
        "call": MIDNIGHT - 3 * DAY_US,
    }
    assert found.size_bytes == 40


def test_nothing_of_now_or_later_goes() -> None:
    """A time in the future means now."""
    found = plan(MIDNIGHT + 30 * DAY_US, "packet_log")

    assert [leaf.name for leaf in found.leaves] == [f"packet_log_{day}" for day in range(-5, 0)]
    assert found.floors == {"packet_log": MIDNIGHT}


def test_a_table_without_old_leaves_gets_its_floor_all_the_same() -> None:
    """What arrives later and is older makes no new partition."""
    found = plan(MIDNIGHT - 20 * DAY_US, "call")

    assert found.leaves == ()
    assert found.floors == {"call": MIDNIGHT - 20 * DAY_US}


def test_the_floor_is_never_inside_a_leaf_that_stays() -> None:
    """After the width became an hour, a day's leaf still counts as a whole."""
    hourly = Policy("call", HOUR_US, 2 * DAY_US, 30 * DAY_US, DAY_US, 0)
    before = MIDNIGHT - 2 * DAY_US + 5 * HOUR_US
    found = plan_drop([hourly], LEAVES, roots=["call"], before_us=before, now_us=NOON)

    assert found.floors == {"call": MIDNIGHT - 2 * DAY_US}


@given(st.integers(-10 * DAY_US, 10 * DAY_US))
def test_what_goes_is_below_the_floor_and_what_stays_above(offset_us: int) -> None:
    """Of each table, whatever the time: dropped, floor and kept never overlap."""
    found = plan(MIDNIGHT + offset_us, "sip_call", "packet_log")

    for root, floor_us in found.floors.items():
        own = [leaf for leaf in LEAVES if leaf.root == root]
        assert all(leaf.upper_us <= floor_us for leaf in own if leaf in found.leaves)
        assert all(leaf.lower_us >= floor_us for leaf in own if leaf not in found.leaves)
        assert floor_us <= NOON
