"""What commands print and read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_standalone.console import parse_time, table, utc_text
from support.builders import BASE_US


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    """And no line ends in blanks."""
    assert table([("a", "bb"), ("ccc", "")]) == "a    bb\nccc"


def test_foreign_text_moves_no_cursor() -> None:
    """Control characters are spelled out before widths are counted."""
    assert table([("\x1b[2J",), ("x",)]) == "\\x1b[2J\nx"


@pytest.mark.parametrize("text", ["2026-11-23T08:53:20Z", "2026-11-23T09:53:20+01:00"])
def test_times_are_utc_unless_they_say_otherwise(text: str) -> None:
    """What is printed can be read again."""
    assert parse_time(text) == BASE_US
    assert parse_time(utc_text(BASE_US)) == BASE_US
    assert parse_time("2026-11-23T08:53:20") == BASE_US


@given(st.integers())
def test_any_number_is_a_time_or_a_dash(time_us: int) -> None:
    """Times come from packets."""
    text = utc_text(time_us)
    assert text == "-" or parse_time(text) == time_us
