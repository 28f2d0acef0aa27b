"""Port lists as people write them."""

import pytest

from hepscope_capture.ports import parse_ports


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("5060", {5060}),
        ("5060, 5080", {5060, 5080}),
        ("5060-5062,6000", {5060, 5061, 5062, 6000}),
        ("0-1,65535", {0, 1, 65535}),
        ("7-7", {7}),
    ],
)
def test_lists_and_ranges(text: str, ports: set[int]) -> None:
    """Both ends of a range belong to it."""
    assert parse_ports(text) == ports


@pytest.mark.parametrize(
    "text", ["", ",", "sip", "5060,", "65536", "-1", "5-", "1-2-3", "\u0665", "9" * 99]
)
def test_anything_else_is_refused_by_name(text: str) -> None:
    """The error names the item."""
    with pytest.raises(ValueError, match="is no port"):
        parse_ports(text)


def test_a_range_that_ends_before_it_starts_is_refused() -> None:
    """It would silently be empty."""
    with pytest.raises(ValueError, match="ends before it starts"):
        parse_ports("5090-5060")
