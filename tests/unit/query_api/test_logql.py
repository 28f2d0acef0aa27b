"""LogQL: foreign text stays one string, selectors are checked, and queries are what Loki reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_query_api.logs.logql import MESSAGES, parse_selector, queries, quoted, spellings
from support.logql import parse

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(TEXT)
def test_quotes_any_text(text: str) -> None:
    """What Loki reads is what was meant, in one line of ASCII."""
    query = f"{{job={quoted('a')}}} |= {quoted(text)}"
    assert query.isascii()
    assert query.isprintable()
    assert parse(query).strings == ["a", text]


@given(st.lists(TEXT, min_size=1, max_size=9), TEXT)
def test_queries_hold_foreign_text_in_strings_only(keys: list[str], word: str) -> None:
    """Whatever ids hold, there are three queries with the same parts."""
    found = queries(keys, word, selector='app="x"', jobs=["my.job", "b"])
    strings = [parse(query).strings for query in found]
    copied = "my\\.job|b"
    assert strings[0] == [copied, MESSAGES, *spellings(keys)]
    if word:
        assert strings[1:] == [[copied, MESSAGES, word], ["x", copied, word]]
    else:
        assert len(strings) == 1


def test_an_id_that_is_no_utf_8_is_asked_for_as_loki_has_it() -> None:
    """Its labels hold a blank in place of U+FFFD."""
    assert spellings(["a\ufffdb", "c"]) == ["a\ufffdb", "c", "a b"]
    assert (
        '| call_id="a\\ufffdb" or call_id="a b"'
        in queries(["a\ufffdb"], "", selector="", jobs=["x"])[0]
    )


@pytest.mark.parametrize(
    "text",
    ['{job=~".+"}', '{ a = `b` , c!="d\\"}" }', '{a!~"x",b=~"y"}', ' {_x1="}"} '],
)
def test_takes_stream_selectors(text: str) -> None:
    """In all their forms; what is between the braces fits into a longer selector."""
    assert parse(f'{{{parse_selector(text)}, job!~"x"}} |= "y"').matchers[-1] == ("job", "!~", "x")


@pytest.mark.parametrize(
    "text",
    [
        *("", "job", "{}", "{job}", '{job="a"', '{job="a"} |= "b"', '{job="a" app="b"}'),
        *('{job="a",}', '{1="a"}', '{job="a\nb"}', "{job=`a`b`}", '{job=="a"}', "{job='a'}"),
        '{job="a"} or {job="b"}',
    ],
)
def test_refuses_what_is_no_stream_selector(text: str) -> None:
    """The message shows what would be one, or where it goes wrong."""
    with pytest.raises(ValueError, match="stream selector"):
        parse_selector(text)
