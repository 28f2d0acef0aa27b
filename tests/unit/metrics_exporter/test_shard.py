"""The time of a partition, and what is silent after a take-over."""

import pytest

from hepscope_common.calls import EventKind, Signal
from hepscope_metrics_exporter.shard import Shard

SECOND = 1_000_000
LATE = 5 * SECOND
BASE = 1_000 * SECOND


def shard(silent_until_us: int = 0) -> Shard:
    """Return a shard that waits five seconds for slow nodes, with an INVITE that nobody answers."""
    made = Shard(max_attempts=100, max_sessions=10, late_us=LATE, silent_until_us=silent_until_us)
    made.folding.feed(
        Signal(
            BASE, BASE, "edge", b"\x01", 1, b"\x02", 2, "c", "INVITE", 0, 1, "INVITE", "b", "f",
            "", "", False,
        )
    )  # fmt: skip
    return made


def settled(made: Shard, now_us: int) -> int:
    """Return how many attempts were settled, for counting, as time passed."""
    return sum(event.kind is EventKind.SETTLED for event in made.advance(now_us))


def test_an_attempt_waits_for_nodes_that_are_late() -> None:
    """Its timer, and five seconds more."""
    made = shard()
    assert settled(made, BASE + 32 * SECOND) == 0
    assert settled(made, BASE + 32 * SECOND + LATE) == 1


def test_time_never_goes_back() -> None:
    """Records of several ingests do not come in the order of their times."""
    made = shard()
    made.advance(BASE + 20 * SECOND)
    assert made.advance(BASE) == []
    assert made.time_us == BASE + 20 * SECOND - LATE


@pytest.mark.parametrize(("first_uncounted", "counts"), [(35, 1), (60, 0)])
def test_what_was_over_for_the_one_who_counted_is_silent(first_uncounted: int, counts: int) -> None:
    """Taken over after a minute: it was over before that, unless records were still to come."""
    made = shard(silent_until_us=BASE + 60 * SECOND)
    made.begin_to_count(BASE + first_uncounted * SECOND)
    assert settled(made, BASE + 60 * SECOND) == counts


def test_on_a_quiet_bus_the_take_over_itself_is_the_limit() -> None:
    """The owner before knew the time by its clock, as this one does."""
    made = shard(silent_until_us=BASE + 60 * SECOND)
    assert settled(made, BASE + 90 * SECOND) == 0
    other = shard(silent_until_us=BASE + 30 * SECOND)
    assert settled(other, BASE + 90 * SECOND) == 1
