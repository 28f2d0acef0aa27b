"""Findings about partitions, at fixed times."""

from dataclasses import replace

from hepscope_storage_writer.partition_check import Problem, Stored, find_problems
from hepscope_storage_writer.retention import DetachedLeaf, Policy, StoredLeaf

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
MIDNIGHT = 1_769_904_000_000_000  # 2026-02-01T00:00:00Z
NOON = MIDNIGHT + 12 * HOUR_US
POLICY = Policy("call", DAY_US, 2 * DAY_US, 7 * DAY_US, DAY_US, 0, MIDNIGHT - 7 * DAY_US)


def leaf(day: int) -> StoredLeaf:
    """Return the leaf of a day, closed when it is past."""
    lower = MIDNIGHT + day * DAY_US
    return StoredLeaf("call", f"call_{day}", lower, lower + DAY_US, closed=day < 0)


SOUND = Stored(policies=[POLICY], leaves=[leaf(day) for day in range(-7, 3)])


def problems(stored: Stored) -> list[tuple[Problem, str]]:
    """Return what is wrong at noon, and with which table."""
    return [(found.problem, found.table) for found in find_problems(stored, NOON)]


def with_leaves(*leaves: StoredLeaf) -> Stored:
    """Return the sound state with some of its leaves changed, by name."""
    changed = {leaf.name: leaf for leaf in leaves}
    kept = [leaf for leaf in SOUND.leaves if leaf.name not in changed]
    return replace(SOUND, leaves=[*kept, *leaves])


def test_a_sound_state_has_no_findings() -> None:
    """Leaves of a week behind and two days ahead; the last one ahead may still be missing."""
    assert problems(SOUND) == []
    assert problems(replace(SOUND, leaves=SOUND.leaves[:-1])) == []


def test_missing_leaves_are_found() -> None:
    """Without tomorrow's leaf a day is left, without today's nothing."""
    for count in (1, 2, 3):
        assert problems(replace(SOUND, leaves=SOUND.leaves[:-count])) == (
            [] if count == 1 else [(Problem.MISSING_AHEAD, "call")]
        )
    (found,) = find_problems(replace(SOUND, leaves=SOUND.leaves[:-2]), NOON)
    assert found.detail == "1 partitions, the first for 12.0 h from now"


def test_strays_and_tables_out_of_place_are_found() -> None:
    """Counted rows, detached tables of both kinds, indexes that cannot be used."""
    stored = replace(
        SOUND,
        strays={"sip_call": 3},
        detached=[
            DetachedLeaf("call", "call_a", 5, dropping=True),
            DetachedLeaf("call", "call_b", 5, dropping=False),
        ],
        invalid_indexes=[("call", "call_from")],
    )
    assert [
        (found.problem, found.table, found.detail) for found in find_problems(stored, NOON)
    ] == [
        (Problem.INVALID_INDEX, "call", "index call_from cannot be used"),
        (Problem.DETACHED, "call_a", "5 bytes, about to be dropped"),
        (Problem.DETACHED, "call_b", "5 bytes, put aside by an operator"),
        (Problem.STRAY_ROWS, "sip_call", "3 rows without a partition"),
    ]


def test_a_half_detached_leaf_is_found_once() -> None:
    """It is neither judged by its age nor by its last vacuum."""
    pending = replace(leaf(-7), pending=True, closed=False)

    assert problems(with_leaves(pending)) == [(Problem.DETACHING, "call_-7")]


def test_a_leaf_that_is_past_lacks_its_last_vacuum_after_a_day() -> None:
    """Yesterday's may still wait for its turn, the day before's not."""
    open_ = [replace(leaf(day), closed=False) for day in (-1, -2)]

    assert problems(with_leaves(*open_)) == [(Problem.NOT_CLOSED, "call_-2")]


def test_leaves_that_should_have_gone_are_found() -> None:
    """Below the floor a drop failed; above it and too old none was tried."""
    stored = with_leaves(leaf(-8), leaf(-20))
    unfloored = replace(stored, policies=[replace(POLICY, floor_us=None)])

    assert problems(stored) == [(Problem.BELOW_FLOOR, "call_-20"), (Problem.BELOW_FLOOR, "call_-8")]
    assert problems(unfloored) == [(Problem.OVERDUE, "call_-20")]


def test_a_floor_in_the_future_is_found() -> None:
    """Whatever arrives would be a stray; all leaves below it count as left over."""
    ahead = replace(SOUND, policies=[replace(POLICY, floor_us=NOON + 1)], leaves=[leaf(0), leaf(1)])

    assert problems(ahead) == [(Problem.FLOOR_AHEAD, "call")]
