"""Tests of which row facts belong to."""

from hypothesis import given
from hypothesis import strategies as st

from hepscope_storage_writer.key_times import assign, missing, newest_of
from hepscope_storage_writer.times import DAY_US, HOUR_US
from support.builders import BASE_US
from unit.storage_writer.test_batch import make_facts


def test_an_unknown_call_is_named_by_its_first_message() -> None:
    """The key is the earliest time in the batch."""
    rows = assign([make_facts(7)], {}, silence_us=DAY_US, floor_us=0)

    assert list(rows) == [("a", BASE_US + 7)]


def test_a_known_call_keeps_its_key() -> None:
    """Later and earlier messages go to the row that is there."""
    known = {"a": (BASE_US, BASE_US + 5)}

    rows = assign([make_facts(-9), make_facts(9)], known, silence_us=DAY_US, floor_us=0)

    assert list(rows) == [("a", BASE_US)]
    assert rows["a", BASE_US].message_count == 2


def test_an_initial_request_after_the_silence_makes_a_new_row() -> None:
    """The cache then knows the new one."""
    known = {"a": (BASE_US, BASE_US)}
    facts = [make_facts(DAY_US + 1), make_facts(DAY_US + 5, initial=False)]

    rows = assign(facts, known, silence_us=DAY_US, floor_us=0)

    assert list(rows) == [("a", BASE_US + DAY_US + 1)]
    assert newest_of(rows, known) == {"a": (BASE_US + DAY_US + 1, BASE_US + DAY_US + 5)}


def test_no_key_lies_below_the_floor() -> None:
    """Where retention dropped the leaf, the row is made at its end."""
    floor = BASE_US + HOUR_US

    rows = assign([make_facts(0)], {"b": (1, 1)}, silence_us=DAY_US, floor_us=floor)

    assert list(rows) == [("a", floor)]


def test_facts_can_be_assigned_again() -> None:
    """A transaction that failed is repeated with the same facts; nothing was added twice."""
    facts = [make_facts(0), make_facts(1)]

    for _ in range(2):
        rows = assign(facts, {}, silence_us=DAY_US, floor_us=0)

        assert [found.message_count for found in rows.values()] == [2]


def test_only_unknown_calls_are_looked_up() -> None:
    """One look-up for each Call-ID that the cache does not have."""
    facts = [make_facts(0, call_id="a"), make_facts(0, call_id="b"), make_facts(1, call_id="b")]

    assert list(missing({"a": (1, 1)}, facts)) == ["b"]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5), st.booleans()), max_size=20))
def test_every_message_is_counted_in_one_row(found: list[tuple[str, int, bool]]) -> None:
    """Whatever silences lie between them, no message is lost or counted twice."""
    facts = [
        make_facts(hours * HOUR_US, initial=initial, call_id=call_id)
        for call_id, hours, initial in found
    ]

    rows = assign(facts, {}, silence_us=HOUR_US, floor_us=0)

    assert sum(row.message_count for row in rows.values()) == len(found)
    assert {call_id for call_id, _ in rows} == {call_id for call_id, _, _ in found}
