"""The worst case of regular expressions: never below what ``re`` does, refused where not known."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_capture.inputs.search_cost import steps_of

SIZE = 1000


@pytest.mark.parametrize(
    ("expression", "power"),
    [
        (r"abc", 1),
        (r"callid=(\S+)", 2),
        (r"(?i)call-?id: (\S{2,80})", 1),
        (r"\[(\d+)\]", 2),
        (r"\s*([^\s]+) x", 2),
        (r"^(.*),x", 1),
        (r"(\w+)@(\w+)\b", 2),
        (r"(.*)x", 2),
        (r"(.*),(.*),x", 3),
        (r"x*x*x*y", 4),
        (r"(?:a|b)?(c+)d", 2),
        (r"(?:.*|b)(c*)d", 3),
        (r"[]a]+[^]b]+\x41", 3),
    ],
)
def test_the_worst_case_grows_as_this_power_of_the_size(expression: str, power: int) -> None:
    """Only what has a choice multiplies."""
    once, twice = (steps_of(expression.encode(), size) for size in (SIZE, 2 * SIZE))
    assert twice / once == pytest.approx(2**power, rel=0.15)


def test_each_choice_doubles() -> None:
    """However short the text is."""
    assert steps_of(b"^" + b"a?" * 20 + b"a" * 20, SIZE) > 2**20


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        (r"(a+)+b", "a group cannot be repeated"),
        (r"(?:a|a)*b", "a group cannot be repeated"),
        (r"(?:ab){2}", "a group cannot be repeated"),
        (r"(?=a)b", "not allowed"),
        (r"(?<!a)b", "not allowed"),
        (r"(a)\1", "not allowed"),
        (r"(?P<x>a)(?P=x)", "not allowed"),
        (r"a++b", "not allowed"),
        (r"\Aa", "not allowed"),
        (r"(?x)a", "not allowed"),
        (r"(a", "no regular expression"),
        (r"a**", "no regular expression"),
        (r"[z-a]", "no regular expression"),
    ],
)
def test_what_is_not_allowed_is_refused(expression: str, why: str) -> None:
    """With a word of why."""
    with pytest.raises(ValueError, match=why):
        steps_of(expression.encode(), SIZE)


PIECES = st.sampled_from(
    [b"a", b".", b"\\d", b"[^x]", b"*", b"+", b"?", b"{1,3}", b"(", b")", b"|", b"^", b"$", b"\\"]
)


@given(st.one_of(st.binary(max_size=12), st.lists(PIECES, max_size=12).map(b"".join)))
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_whatever_is_given_costs_something_or_is_refused(expression: bytes) -> None:
    """And nothing but ValueError is raised."""
    with contextlib.suppress(ValueError):
        assert steps_of(expression, SIZE) > 0
