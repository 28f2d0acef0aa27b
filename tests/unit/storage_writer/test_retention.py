"""Decisions about partitions, at fixed times."""

from hypothesis import given
from hypothesis import strategies as st

from hepscope_storage_writer.retention import (
    AHEAD_MAX,
    CLOSE_AFTER_US,
    FREED_TO,
    Policy,
    StoredLeaf,
    active,
    closing,
    disk_budget,
    expired,
    floor_of_age,
    missing_starts,
    plan_budget,
)

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
MIDNIGHT = 1_769_904_000_000_000  # 2026-02-01T00:00:00Z
NOON = MIDNIGHT + 12 * HOUR_US
MB = 1_000_000


def policy(root: str = "sip_call", **changed: int) -> Policy:
    """Return a policy of day leaves, kept for 30 days."""
    values = {
        "width_us": DAY_US,
        "ahead_us": 2 * DAY_US,
        "keep_us": 30 * DAY_US,
        "minimum_keep_us": DAY_US,
        "drop_order": 0,
    }
    return Policy(root, **(values | changed))


def leaf(day: int, root: str = "sip_call", size: int = MB, *, pending: bool = False) -> StoredLeaf:
    """Return the leaf of a day, counted from the day of NOON."""
    lower = MIDNIGHT + day * DAY_US
    return StoredLeaf(root, f"{root}_{day}", lower, lower + DAY_US, size, pending=pending)


def test_leaves_are_made_from_now_to_the_end_of_ahead() -> None:
    """Two days ahead of noon: today, tomorrow and the day after, whose start is not beyond."""
    assert missing_starts(policy(), [], NOON) == [NOON, MIDNIGHT + DAY_US, MIDNIGHT + 2 * DAY_US]


def test_leaves_that_exist_are_not_made_again() -> None:
    """Only what no leaf of this root covers is missing."""
    leaves = [leaf(0), leaf(2), leaf(1, "call")]

    assert missing_starts(policy(), leaves, NOON) == [MIDNIGHT + DAY_US]


def test_leaves_below_the_floor_are_expired() -> None:
    """A drop that raised the floor and then failed is made up for; one of the future is not."""
    leaves = [leaf(-3), leaf(-2), leaf(-1), leaf(0), leaf(1)]
    raised = policy(floor_us=MIDNIGHT - DAY_US)
    beyond = policy(floor_us=MIDNIGHT + 9 * DAY_US)

    assert expired(raised, leaves, NOON) == [leaf(-3), leaf(-2)]
    assert expired(beyond, leaves, NOON) == [leaf(-3), leaf(-2), leaf(-1)]


def test_leaf_of_another_width_counts_by_what_it_covers() -> None:
    """After the width became an hour, a day's leaf still covers its day."""
    hourly = policy(width_us=HOUR_US, ahead_us=13 * HOUR_US)

    assert missing_starts(hourly, [leaf(0)], NOON) == [
        MIDNIGHT + DAY_US,
        MIDNIGHT + DAY_US + HOUR_US,
    ]


def test_number_made_in_one_round_is_bounded() -> None:
    """A minute wide and a year ahead is done over many rounds."""
    narrow = policy(width_us=60_000_000, ahead_us=365 * DAY_US)

    assert len(missing_starts(narrow, [], NOON)) == AHEAD_MAX


def test_leaf_expires_once_all_of_it_is_older_than_keep() -> None:
    """The upper end decides: a leaf that ends exactly keep ago is expired, a younger one is not."""
    leaves = [leaf(-30), leaf(-31), leaf(-32), leaf(-40, "call")]

    assert expired(policy(), leaves, MIDNIGHT) == [leaf(-32), leaf(-31)]
    assert expired(policy(), leaves, MIDNIGHT - 1) == [leaf(-32)]


def test_nothing_expires_while_a_detach_is_unfinished() -> None:
    """PostgreSQL allows one pending detach a table, so the rest waits for its end."""
    assert expired(policy(), [leaf(-40, pending=True), leaf(-39)], NOON) == []


def test_floor_is_a_bin_start_at_most_keep_ago() -> None:
    """A row older than keep by less than a leaf still finds its leaf."""
    assert floor_of_age(policy(), NOON) == MIDNIGHT - 30 * DAY_US


def test_budget_that_holds_drops_nothing() -> None:
    """Exactly full is not over."""
    plan = plan_budget([policy()], [leaf(-9)], used_bytes=100, budget_bytes=100, as_of_us=NOON)

    assert (plan.drops, plan.shortfall_bytes) == ((), 0)


def test_budget_gives_up_the_lowest_order_first_and_its_oldest_leaf_first() -> None:
    """Logs go before calls, old before young, and no more than needed to get under the mark."""
    policies = [policy("call", drop_order=60), policy("packet_log", drop_order=10)]
    logs = [leaf(day, "packet_log", 10 * MB) for day in (-2, -5)]
    leaves = [leaf(-20, "call", 10 * MB), *logs, leaf(0, "packet_log", 10 * MB)]
    plan = plan_budget(policies, leaves, used_bytes=110 * MB, budget_bytes=100 * MB, as_of_us=NOON)

    assert plan.drops == (logs[1], logs[0])
    assert plan.shortfall_bytes == 0


def test_budget_spares_what_is_under_the_minimum_age() -> None:
    """The leaves of today and of yesterday, which ended half a day ago, stay; the lack is told."""
    leaves = [leaf(0), leaf(-1), leaf(-2), leaf(1)]
    plan = plan_budget([policy()], leaves, used_bytes=100 * MB, budget_bytes=50 * MB, as_of_us=NOON)

    assert plan.drops == (leaf(-2),)
    assert plan.shortfall_bytes == 99 * MB - int(50 * MB * FREED_TO)


def test_budget_without_anything_to_drop_says_what_it_lacks() -> None:
    """Nothing droppable: no drop, and an alarm by its size."""
    plan = plan_budget(
        [policy(minimum_keep_us=0)], [leaf(0)], used_bytes=2 * MB, budget_bytes=0, as_of_us=NOON
    )

    assert (plan.drops, plan.shortfall_bytes) == ((), 2 * MB)


def test_budget_leaves_a_table_with_an_unfinished_detach_alone() -> None:
    """It turns to the next table instead of waiting."""
    policies = [policy("packet_log"), policy("call", drop_order=60)]
    leaves = [
        leaf(-9, "packet_log", pending=True),
        leaf(-8, "packet_log"),
        leaf(-9, "call", 50 * MB),
    ]
    plan = plan_budget(policies, leaves, used_bytes=100 * MB, budget_bytes=90 * MB, as_of_us=NOON)

    assert plan.drops == (leaf(-9, "call", 50 * MB),)


@given(
    st.lists(
        st.tuples(st.integers(-60, 3), st.sampled_from(["a", "b", "c"]), st.integers(0, 9 * MB)),
        max_size=40,
        unique_by=lambda item: item[:2],
    ),
    st.integers(0, 400 * MB),
    st.integers(0, 400 * MB),
)
def test_budget_always_frees_enough_or_says_so_and_never_takes_today(
    shapes: list[tuple[int, str, int]], used: int, budget: int
) -> None:
    """Used less dropped less shortfall is at most the mark; dropping ends once it is reached."""
    policies = [policy(root, drop_order=order) for order, root in enumerate("abc")]
    leaves = [leaf(day, root, size) for day, root, size in shapes]
    plan = plan_budget(policies, leaves, used_bytes=used, budget_bytes=budget, as_of_us=NOON)
    dropped = sum(leaf.size_bytes for leaf in plan.drops)

    assert all(leaf.upper_us <= NOON - DAY_US for leaf in plan.drops)
    if used > budget:
        assert used - dropped - plan.shortfall_bytes <= int(budget * FREED_TO)
        if plan.drops:
            assert used - (dropped - plan.drops[-1].size_bytes) > int(budget * FREED_TO)
    else:
        assert not plan.drops


def test_disk_budget_is_a_share_of_what_is_ours_or_free() -> None:
    """What others store does not count; a disk without room allows nothing, not less."""
    assert disk_budget(database_bytes=400, free_bytes=600, wal_bytes=100) == 700
    assert disk_budget(database_bytes=0, free_bytes=10, wal_bytes=100) == 0


def test_active_leaves_are_those_of_now_and_just_past() -> None:
    """Rows arrive late; future leaves are empty, old ones settled."""
    leaves = [leaf(-1), leaf(0), leaf(1)]

    assert active(leaves, MIDNIGHT + 1) == [leaf(-1), leaf(0)]
    assert active(leaves, NOON) == [leaf(0)]


def test_closing_takes_the_oldest_past_leaf_once() -> None:
    """An hour past its end a leaf is due, unless it is closed or on its way out."""
    done = StoredLeaf("sip_call", "done", MIDNIGHT - 9 * DAY_US, MIDNIGHT - 8 * DAY_US, closed=True)
    leaves = [leaf(0), leaf(-1), leaf(-2), leaf(-5, pending=True), done]

    assert closing(leaves, NOON) == leaf(-2)
    assert closing([leaf(-1)], MIDNIGHT + CLOSE_AFTER_US - 1) is None
    assert closing([leaf(-1)], MIDNIGHT + CLOSE_AFTER_US) == leaf(-1)
