"""Addresses with and without <>, display names and parameters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hep.sip.address import NameAddr, split_address, unquote
from hep.sip.party import read_party, read_unusual_party

ADDRESSES = {
    "<sip:a@b>;tag=1": NameAddr("", "sip:a@b", ";tag=1", is_sound=True),
    '"A \\"B\\" <c>" <sip:a@b>': NameAddr('A "B" <c>', "sip:a@b", "", is_sound=True),
    "A B<sip:a@b;lr>;x": NameAddr("A B", "sip:a@b;lr", ";x", is_sound=True),
    "sip:a@b;tag=1;x=y": NameAddr("", "sip:a@b", ";tag=1;x=y", is_sound=True),
    "*": NameAddr("", "*", "", is_sound=True),
    '"" <sip:a@b>': NameAddr("", "sip:a@b", "", is_sound=True),
    "Bell, Alexander <sip:a@b>;tag=4": NameAddr(
        "Bell, Alexander", "sip:a@b", ";tag=4", is_sound=False
    ),
    '"Mr. J. User <sip:j@b>': NameAddr("Mr. J. User", "sip:j@b", "", is_sound=False),
    '"never closed': NameAddr("", '"never closed', "", is_sound=False),
    '"W" < sip:w@b > ;tag=1': NameAddr("W", "sip:w@b", ";tag=1", is_sound=False),
    '"W" x <sip:w@b>': NameAddr("W", "sip:w@b", "", is_sound=False),
    '"W" sip:w@b;tag=1': NameAddr("W", "sip:w@b", ";tag=1", is_sound=False),
    "<sip:a@b": NameAddr("", "sip:a@b", "", is_sound=False),
    "<sip:a@b>;;": NameAddr("", "sip:a@b", ";;", is_sound=False),
    "<sip:a@b> x": NameAddr("", "sip:a@b", "x", is_sound=False),
    "sip:a@b?x=y": NameAddr("", "sip:a@b?x=y", "", is_sound=False),
    "": NameAddr("", "", "", is_sound=True),
}


@pytest.mark.parametrize("value", ADDRESSES)
def test_address_gives_its_parts(value: str) -> None:
    """Quotes hide <> and escapes are undone; an unsound form gives what could be read."""
    assert split_address(value) == ADDRESSES[value]


def test_parameters_keep_separators_in_quotes() -> None:
    """A semicolon inside quotes ends no parameter."""
    address = split_address('<sip:a@b>;x="1;expires=9";EXPIRES=60')

    assert address.params == {"x": '"1;expires=9"', "expires": "60"}


def test_tag_counts_only_behind_the_bracket() -> None:
    """A tag inside <> belongs to the URI."""
    tags = {
        "<sip:a@b;tag=inside>;tag=outside": "outside",
        "<sip:a@b;tag=inside>": "",
        "sip:a@b;tag=bare": "bare",
        "<sip:a@b> ; TAG = spaced ;x": "spaced",
    }
    for value, tag in tags.items():
        assert read_party(value) == ("a", "b", tag, "", True)


def test_unquote_leaves_other_text() -> None:
    """Only a text in quotes loses them; a lone backslash at the end is nothing."""
    assert unquote('"a\\\\b\\"c"') == 'a\\b"c'
    assert unquote("plain") == "plain"
    assert unquote('"') == '"'


PARTY_PIECES = st.sampled_from(
    [
        '"',
        "<",
        ">",
        "sip:",
        "tel:",
        "alice",
        "@",
        ":",
        ";",
        ";tag=",
        "?",
        " ",
        ",",
        "[::1]",
        "\\",
        "\r",
    ]
)
USUAL = st.from_regex(
    r'\A("[A-Za-z ,<>]{0,6}" ?|[A-Za-z ]{0,6})<sip:([a-z;?.]{0,4}(:[a-z]{0,3})?@)?[a-z.]{1,5}'
    r"(:[0-9]{1,6})?([;?][a-z=;?]{0,6})?>(;tag=[a-z0-9.]{1,5})?\Z"
)


BLANKS = st.sampled_from(["", " ", "\r", "\t", "  "])


@given(BLANKS, st.one_of(USUAL, st.lists(PARTY_PIECES, max_size=12).map("".join)), BLANKS)
def test_the_fast_way_to_a_party_agrees(before: str, value: str, behind: str) -> None:
    """The pattern of the usual form gives what the careful reader gives, blanks or not."""
    value = value.strip(" \t\r")

    expected = read_unusual_party(value) if value else None
    assert read_party(before + value + behind) == expected


def test_a_blank_party_is_none() -> None:
    """A header without value says nothing, which is another fault than a bad one."""
    assert read_party(" \t\r") is None
