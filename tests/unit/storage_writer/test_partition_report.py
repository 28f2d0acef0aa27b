"""How it stands with a leaf."""

from dataclasses import replace

import pytest

from hepscope_storage_writer.partition_report import LeafState, state_of
from hepscope_storage_writer.retention import CLOSE_AFTER_US, StoredLeaf

LEAF = StoredLeaf("call", "call_x", 1000, 2000)


@pytest.mark.parametrize(
    ("as_of_us", "state"),
    [
        (999, LeafState.AHEAD),
        (1000, LeafState.CURRENT),
        (2000 + CLOSE_AFTER_US - 1, LeafState.CURRENT),
        (2000 + CLOSE_AFTER_US, LeafState.PAST),
    ],
)
def test_time_decides(as_of_us: int, state: LeafState) -> None:
    """Rows arrive late, so a leaf stays current for a while."""
    assert state_of(LEAF, as_of_us) is state


def test_the_last_vacuum_and_a_detach_show() -> None:
    """An interrupted detach hides everything else about a leaf."""
    past = 2000 + CLOSE_AFTER_US
    assert state_of(replace(LEAF, closed=True), past) is LeafState.CLOSED
    assert state_of(replace(LEAF, closed=True, pending=True), past) is LeafState.DETACHING
