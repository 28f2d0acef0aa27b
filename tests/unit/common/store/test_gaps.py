"""Tests of where a position goes that its log does not hold."""

import pytest

from hepscope_common.store.gaps import End, Gap, Standing, gap_of

AT = Standing("bus", "t", 0, 100, 3, "", 0)


@pytest.mark.parametrize(("start", "end"), [(0, 100), (100, 100), (100, 500), (50, 150)])
def test_a_position_in_its_log_has_no_gap(start: int, end: int) -> None:
    """Both ends included: the next record may be the one to come."""
    assert gap_of(AT, start, end) is None


@pytest.mark.parametrize(
    ("start", "end", "to", "expected"),
    [
        (130, 200, None, (130, 30)),
        (130, 200, End.START, (130, 30)),
        (130, 200, End.END, (200, 100)),
        (0, 40, None, (40, 40)),
        (10, 40, End.END, (40, 30)),
        (10, 40, End.START, (10, 0)),
        (0, 0, None, (0, 0)),
    ],
    ids=["expired", "to start", "to end", "anew", "anew to end", "anew to start", "anew, empty"],
)
def test_the_way_back_into_the_log(
    start: int, end: int, to: End | None, expected: tuple[int, int]
) -> None:
    """Where the position goes, and how many records nobody will store."""
    assert gap_of(AT, start, end, to=to) == Gap(AT, *expected)
