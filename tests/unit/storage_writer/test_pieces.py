"""Tests of the memories of encoded fields."""

import json

from hypothesis import given
from hypothesis import strategies as st

from hepscope_common.calls.bounds import stored_call_id
from hepscope_common.store.copy import EMPTY, NULL, inet, text, text_array
from hepscope_storage_writer.pieces import (
    MAX_CHARACTERS,
    MAX_PIECES,
    AddressPieces,
    ArrayPieces,
    CallIdPieces,
    FinalsPieces,
    TextPieces,
)


@given(st.lists(st.text(max_size=12), max_size=30))
def test_a_text_is_encoded_the_same_from_memory(values: list[str]) -> None:
    """A hit gives what a miss gave, and no text is null."""
    pieces = TextPieces(8)

    for value in [*values, *values]:
        assert pieces[value] == (text(value, 8) if value else NULL)


def test_the_number_of_texts_is_bounded() -> None:
    """A flood of values starts the memory anew and stays right."""
    pieces = TextPieces(8)
    for number in range(MAX_PIECES + 10):
        assert pieces[str(number)] == text(str(number))

    assert len(pieces) < 100
    assert pieces[""] == NULL


def test_the_size_of_texts_is_bounded() -> None:
    """A few huge values count as much as many small ones."""
    pieces = TextPieces(8)
    for number in range(5):
        assert pieces[str(number) * (MAX_CHARACTERS // 3)]

    assert len(pieces) < 5


def test_a_call_id_is_bounded_and_never_null() -> None:
    """Long ones take their stored form, none is the empty text."""
    pieces = CallIdPieces()

    assert pieces[""] == EMPTY
    assert pieces["a@b"] == text("a@b")
    assert pieces["c" * 2000] == text(stored_call_id("c" * 2000))


def test_addresses_of_other_widths_are_null() -> None:
    """Only 4 and 16 bytes are addresses."""
    pieces = AddressPieces()

    assert pieces[b"\x0a\0\0\1"] == inet(b"\x0a\0\0\1")
    assert (pieces[b""], pieces[b"123"]) == (NULL, NULL)


def test_the_number_of_addresses_and_arrays_is_bounded() -> None:
    """A scan of the address space does not grow memory."""
    addresses, arrays = AddressPieces(), ArrayPieces()
    for number in range(MAX_PIECES + 5):
        assert addresses[number.to_bytes(4, "big")]
        assert arrays[str(number),]

    assert len(addresses) < 100
    assert len(arrays) < 100
    assert arrays["a", "b"] == text_array(["a", "b"])


@given(
    st.dictionaries(st.text(max_size=5), st.tuples(st.integers(0, 2**63 - 1), st.text(max_size=9)))
)
def test_finals_are_json(finals: dict[str, tuple[int, str]]) -> None:
    """The field is version 1 and the JSON that the API reads; unstorable text is mapped."""
    field = FinalsPieces()(finals)

    assert field[4:5] == b"\x01"
    assert int.from_bytes(field[:4], "big") == len(field) - 4
    found = json.loads(field[5:])
    if not any("\0" in key + value[1] for key, value in finals.items()):
        assert found == {key: list(value) for key, value in finals.items()}
