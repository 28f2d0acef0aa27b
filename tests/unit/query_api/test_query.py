"""From parameters to SQL: timestamps, patterns, addresses, predicates, cursors, windows."""

import base64
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_query_api.messages.windows import FIRST_US, Windows
from hepscope_query_api.problems import Kind, ProblemError
from hepscope_query_api.query.address import AddressFilter, parse_address
from hepscope_query_api.query.bind import Bind, all_of
from hepscope_query_api.query.cursor import Cursor, decode_cursor, digest_of, encode_cursor
from hepscope_query_api.query.parameters import ListQuery, Order
from hepscope_query_api.query.pattern import parse_pattern
from hepscope_query_api.query.period import AHEAD_US, ALWAYS, DAY_US, Period, last_day, whole
from hepscope_query_api.query.predicates import code_field, endpoint_field, text_field
from hepscope_query_api.timestamps import format_time, from_us, parse_time, to_us

moments = st.integers(ALWAYS.start_us, ALWAYS.end_us).map(from_us)


@given(moments)
def test_times_have_27_characters_and_read_back(moment: datetime) -> None:
    """UTC, six digits, Z."""
    text = format_time(moment)

    assert (len(text), text[-1], text[10]) == (27, "Z", "T")
    assert parse_time(text) == moment
    assert from_us(to_us(moment)) == moment


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-03-01T00:00:00Z", "2026-03-01T00:00:00.000000Z"),
        ("2026-03-01t00:00:00.5z", "2026-03-01T00:00:00.500000Z"),
        ("2026-03-01T00:00:00.123456789Z", "2026-03-01T00:00:00.123456Z"),
        ("2026-03-01T01:00:00+01:00", "2026-03-01T00:00:00.000000Z"),
        ("2026-03-01T01:00:00 01:00", "2026-03-01T00:00:00.000000Z"),
        ("2026-02-28T20:30:00-03:30", "2026-03-01T00:00:00.000000Z"),
    ],
)
def test_times_are_read_in_any_rfc_3339_form(text: str, meant: str) -> None:
    """Any offset, up to nine digits, either case."""
    assert format_time(parse_time(text)) == meant


@pytest.mark.parametrize(
    "text",
    [
        *("", "now", "2026-03-01", "2026-03-01T00:00:00", "2026-3-1T00:00:00Z", "1772323200"),
        *("2026-13-01T00:00:00Z", "2026-03-01T24:00:00Z", "2026-03-01T00:00:60Z"),
        *("2026-03-01T00:00:00+24:00", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"),
        *("٢٠٢٦-03-01T00:00:00Z", "2026-03-01T00:00:00Z\n", "2026-03-01T00:00:00.Z"),
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    """ValueError, whatever the text."""
    with pytest.raises(ValueError, match=r"expected a time|no such time"):
        parse_time(text)


@pytest.mark.parametrize(
    ("text", "pieces", "like"),
    [
        ("4930", ("4930",), "4930"),
        ("49*30", ("49", "30"), "49%30"),
        ("*", ("", ""), "%"),
        (r"\*67\*", ("*67*",), "*67*"),
        (r"\\*", ("\\", ""), "\\\\%"),
        (r"\x", (r"\x",), r"\\x"),
        ("a\\", ("a\\",), "a\\\\"),
        ("50%_", ("50%_",), r"50\%\_"),
        ("a\0b", ("a\ufffdb",), "a\ufffdb"),
    ],
)
def test_patterns_are_split_at_wildcards(text: str, pieces: tuple[str, ...], like: str) -> None:
    r"""``\*`` is a star, LIKE's own wildcards are characters."""
    pattern = parse_pattern(text)

    assert (pattern.pieces, pattern.like) == (pieces, like)
    assert pattern.exact == (pieces[0] if len(pieces) == 1 else None)


@given(st.text(max_size=30))
def test_an_escaped_text_means_itself(text: str) -> None:
    """Whatever the text, with stars and backslashes escaped it is exact."""
    escaped = text.replace("\\", "\\\\").replace("*", "\\*")

    assert parse_pattern(escaped).exact == text.replace("\0", "\ufffd")


ADDRESSES = {
    "10.0.0.5": AddressFilter(address="10.0.0.5"),
    "10.0.0.5:5060": AddressFilter(address="10.0.0.5", port=5060),
    "2001:db8::1": AddressFilter(address="2001:db8::1"),
    "2001:DB8:0::1": AddressFilter(address="2001:db8::1"),
    "[2001:db8::1]": AddressFilter(address="2001:db8::1"),
    "[2001:db8::1]:5060": AddressFilter(address="2001:db8::1", port=5060),
    "10.0.0.7/8": AddressFilter(network="10.0.0.0/8"),
    "2001:db8::/32": AddressFilter(network="2001:db8::/32"),
    "*:5060": AddressFilter(port=5060),
    "*": AddressFilter(),
}


@pytest.mark.parametrize("text", ADDRESSES)
def test_addresses_networks_and_ports(text: str) -> None:
    """Each form is read as what it names."""
    assert parse_address(text) == ADDRESSES[text]


@given(st.text(max_size=20))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    """ValueError and nothing else."""
    try:
        parse_address(text)
    except ValueError:
        return
    assert any(char in text for char in ".:*")


def test_values_are_bound_never_spliced() -> None:
    """A predicate holds placeholders only."""
    bind = Bind()
    hostile = "'; drop table call; --"
    sql = all_of(
        [text_field("from_user")(hostile, bind), text_field("method")(f"{hostile}*", bind)]
    )

    assert sql == "(from_user = $1) and (method like $2)"
    assert bind.values == [hostile, f"{hostile}%"]


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("486", "status = $1::bigint"),
        ("4*", "status between 400 and 499"),
        ("4**", "status between 400 and 499"),
        ("48*", "status::text like $1"),
        ("*", "status is not null"),
        ("", "status is null"),
    ],
)
def test_codes_with_wildcards_are_ranges_where_they_can_be(text: str, sql: str) -> None:
    """A range can use the index of failed calls."""
    assert code_field("status")(text, Bind()) == sql


def test_an_empty_predicate_is_true() -> None:
    """No filter keeps every row."""
    assert all_of([]) == "true"
    assert endpoint_field("source")("*", Bind()) == "(source is not null)"


NOW_US = to_us(parse_time("2026-03-11T12:00:00Z"))


def test_the_default_period_ends_after_now() -> None:
    """Clocks of agents may be an hour ahead; the last 24 h begin 24 h ago."""
    assert last_day(ListQuery(), NOW_US) == Period(NOW_US - DAY_US, NOW_US + AHEAD_US)
    assert whole(ListQuery()) == ALWAYS


def test_a_half_given_period_is_completed() -> None:
    """An end alone asks for the day before it."""
    end = ListQuery(end="2026-01-02T00:00:00Z")
    period = last_day(end, NOW_US)

    assert format_time(period.start) == "2026-01-01T00:00:00.000000Z"
    assert (period.end - period.start) == timedelta(days=1)


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    """The problem names both ends."""
    query = ListQuery(start="2026-01-02T00:00:00Z", end="2026-01-01T00:00:00Z")
    with pytest.raises(ProblemError, match="must be before end") as refused:
        whole(query)

    assert refused.value.kind is Kind.INVALID_PARAMETER


keys = st.tuples(
    st.integers(-(1 << 63) + 1, (1 << 63) - 1),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
)


@given(keys)
def test_cursors_read_back(key: tuple[int, str]) -> None:
    """Whatever the key, the cursor leads to it again."""
    cursor = Cursor(NOW_US, NOW_US + 1, key)

    assert decode_cursor(encode_cursor(cursor, "d"), "d", (int, str)) == cursor


@given(
    st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: base64.b64encode(raw).decode())
)
def test_any_other_text_is_no_cursor(text: str) -> None:
    """ProblemError and nothing else."""
    with pytest.raises(ProblemError) as refused:
        decode_cursor(text, "d", (int, str))

    assert refused.value.kind is Kind.INVALID_CURSOR


FORGED = [
    [2, "d", 0, 1, 5, "x"],
    [1, "e", 0, 1, 5, "x"],
    [1, "d", 0, 1, 5],
    [1, "d", 0, 1, "5", "x"],
    [1, "d", 0, 1, True, "x"],
    [1, "d", 0, 1, 1 << 64, "x"],
    [1, "d", 1, 0, 5, "x"],
    [1, "d", 0, 1 << 62, 5, "x"],
    [1, "d", 0, 1, 5, "\0"],
    [1, "d", 0, 1, 5, "\ud800"],
    {"1": 2},
]


@pytest.mark.parametrize("fields", FORGED)
def test_a_forged_cursor_is_refused(fields: object) -> None:
    """Everything in a cursor is checked again: it comes from outside."""
    text = base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")
    with pytest.raises(ProblemError):
        decode_cursor(text, "d", (int, str))


def test_the_digest_is_that_of_the_query_without_page_and_cursor() -> None:
    """A list may go on with another page size, not with another filter."""
    one = digest_of("/calls", {"from_user": ["a"], "limit": 1, "cursor": "x", "q": None})

    assert one == digest_of("/calls", {"from_user": ["a"], "limit": 9, "cursor": None})
    assert one != digest_of("/calls", {"from_user": ["b"]})
    assert one != digest_of("/messages", {"from_user": ["a"]})


def every(windows: Windows, gaps: Iterator[int]) -> Iterator[Period]:
    """Yield all windows, going over a gap after each one as long as there are any."""
    while (window := windows.next()) is not None:
        yield window
        for time_us in islice(gaps, 1):
            windows.cross(time_us)


@given(
    st.integers(0, 10**13),
    st.integers(1, 10**13),
    st.integers(-(10**13), 2 * 10**13),
    st.sampled_from(Order),
    st.lists(st.integers(0, 2 * 10**13), max_size=3),
)
def test_windows_cover_a_period_exactly_once(
    start_us: int, length_us: int, now_us: int, order: Order, gaps: list[int]
) -> None:
    """Adjacent, in the order of the list, few; wherever gaps are told to end."""
    period = Period(start_us, start_us + length_us)
    windows = list(every(Windows(period, order, now_us), iter(gaps)))

    edges = windows if order is Order.OLDEST else windows[::-1]
    assert edges[0].start_us == period.start_us
    assert edges[-1].end_us == period.end_us
    assert all(one.end_us == two.start_us for one, two in pairwise(edges))
    assert all(window.start_us < window.end_us for window in windows)
    assert len(windows) <= 2 + 2 * len(gaps) + length_us.bit_length() / 2


@pytest.mark.parametrize("order", Order)
def test_a_gap_is_crossed_by_one_window_that_ends_shortly_behind_it(order: Order) -> None:
    """However wide, so that little of what lies there is read; then windows widen again."""
    period = Period(NOW_US - DAY_US, NOW_US)
    windows = Windows(period, order, NOW_US)
    newest = order is Order.NEWEST
    first = windows.next()
    assert first is not None
    windows.cross(NOW_US - DAY_US // 2)
    crossing, behind = windows.next(), windows.next()
    assert crossing is not None
    assert behind is not None

    widths = [window.end_us - window.start_us for window in (first, behind)]
    assert widths == [FIRST_US, 4 * FIRST_US]
    middle = NOW_US - DAY_US // 2
    if newest:
        assert crossing == Period(middle - FIRST_US, NOW_US - FIRST_US)
    else:
        assert crossing == Period(period.start_us + FIRST_US, middle + FIRST_US)


def test_a_gap_that_the_next_window_covers_changes_nothing() -> None:
    """Or a search for what is rare would never get on to wider windows."""
    one, two = (Windows(Period(0, NOW_US), Order.NEWEST, NOW_US) for _ in range(2))
    for windows in (one, two):
        windows.next()

    assert not one.cross(NOW_US - 2 * FIRST_US)
    assert one.next() == two.next()


def test_the_first_window_of_newest_messages_reaches_behind_now() -> None:
    """What clocks ahead have stamped is in it, and no hour of it is read for nothing."""
    period = Period(NOW_US - DAY_US, NOW_US + AHEAD_US)
    first = Windows(period, Order.NEWEST, NOW_US).next()

    assert first == Period(NOW_US - FIRST_US, NOW_US + AHEAD_US)
