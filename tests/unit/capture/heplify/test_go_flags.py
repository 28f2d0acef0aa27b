"""Go's flag syntax, with an error wherever Go would go on in silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_capture.heplify.go_flags import FlagError, Kind, read_flags

KNOWN = {"i": Kind.TEXT, "b": Kind.NUMBER, "dd": Kind.BOOL, "S": Kind.BOOL}


@pytest.mark.parametrize(
    "words",
    [["-i", "eth0"], ["--i", "eth0"], ["-i=eth0"], ["--i=eth0"]],
)
def test_one_dash_or_two_and_a_blank_or_an_equals_sign(words: list[str]) -> None:
    """All the same."""
    assert read_flags(words, KNOWN) == {"i": ["eth0"]}


def test_a_value_may_look_like_a_flag() -> None:
    """Go takes the next word, whatever it is."""
    assert read_flags(["-i", "-dd", "-i=a=b", "-i", ""], KNOWN) == {"i": ["-dd", "a=b", ""]}


def test_booleans_stand_alone_or_behind_an_equals_sign() -> None:
    """With the words of strconv.ParseBool."""
    words = ["-dd", "-S=F", "-dd=0", "--S=TRUE"]
    assert read_flags(words, KNOWN) == {"dd": ["true", "false"], "S": ["false", "true"]}


REFUSED = {
    "there is no flag -foo": ["-foo"],
    "-i needs a value": ["-i"],
    "of a boolean as -dd=false": ["-dd", "false", "-i", "eth0"],
    "'eth0' belongs to no flag": ["eth0", "-dd"],
    "'-' belongs to no flag": ["-"],
    "'--' belongs to no flag": ["--", "-dd"],
    "'---i' is no flag": ["---i", "eth0"],
    "'-=x' is no flag": ["-=x"],
    "-dd=maybe: neither true nor false": ["-dd=maybe"],
    "-b many: no whole number": ["-b", "many"],
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_go_refuses_or_passes_over_is_refused(text: str) -> None:
    """With a line that tells which word it is."""
    with pytest.raises(FlagError) as caught:
        read_flags(REFUSED[text], KNOWN)
    assert text in str(caught.value)


@given(st.lists(st.text(max_size=6), max_size=6))
def test_any_words_are_read_or_refused(words: list[str]) -> None:
    """Nothing else comes out."""
    try:
        found = read_flags(words, KNOWN)
    except FlagError:
        return
    assert set(found) <= set(KNOWN)
