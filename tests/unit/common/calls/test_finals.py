"""Finals: merging per method, and the bound."""

from hypothesis import given
from hypothesis import strategies as st

from hepscope_common.calls.finals import MAX_FINALS, Finals, merge_finals
from hepscope_common.calls.methods import METHODS

names = st.one_of(st.sampled_from(METHODS), st.integers(0, 60).map("X{:02d}".format))
finals = st.dictionaries(
    names, st.tuples(st.integers(0, 3), st.sampled_from(["", "OK", "No"])), max_size=MAX_FINALS
)


def merged(*several: Finals) -> Finals:
    """Return all merged, from nothing, left to right."""
    result: Finals = {}
    for one in several:
        merge_finals(result, one)
    return result


def test_greater_key_wins_per_method() -> None:
    """Methods do not meet."""
    one: Finals = {"INVITE": (1, "a"), "BYE": (5, "b")}

    assert merged(one, {"INVITE": (2, "c")}) == {"INVITE": (2, "c"), "BYE": (5, "b")}


def test_registered_methods_survive_a_flood_of_invented_ones() -> None:
    """The bound drops invented methods, never the ones that matter."""
    flood: Finals = {f"AAA{number}": (number, "") for number in range(100)}

    result = merged(flood, {"INVITE": (1, "OK")})

    assert len(result) == MAX_FINALS
    assert result["INVITE"] == (1, "OK")


@given(finals, finals, finals)
def test_merge_is_commutative_associative_and_idempotent(a: Finals, b: Finals, c: Finals) -> None:
    """Also where the bound drops methods."""
    assert merged(a, b) == merged(b, a)
    assert merged(merged(a, b), c) == merged(a, merged(b, c))
    assert merged(a, b, a) == merged(a, b)
