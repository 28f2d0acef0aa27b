"""JSON texts for jsonb columns."""

import json

from hypothesis import given
from hypothesis import strategies as st

from hepscope_common.store.json_text import DEPTH_LIMIT, JsonValue, encode_json

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


@given(json_values)
def test_any_document_gives_strict_json_without_nul_or_surrogates(value: JsonValue) -> None:
    """What comes out is valid UTF-8 JSON that says nothing that jsonb refuses."""
    text = encode_json(value).decode()

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    json.loads(text, parse_constant=refuse)
    assert "\\u0000" not in text
    assert "\0" not in text


def test_plain_documents_are_kept() -> None:
    """Ordinary values come out as they went in, without spaces."""
    assert encode_json({"a": ["ä", 1, 1.5, True, None]}) == '{"a":["ä",1,1.5,true,null]}'.encode()


def test_backslash_before_u0000_is_text_not_nul() -> None:
    """The six characters of an escape, sent as text, stay these six characters."""
    assert json.loads(encode_json("\\u0000")) == "\\u0000"


def test_integer_without_a_decimal_text_becomes_a_hexadecimal_one() -> None:
    """Large numbers stay numbers; one that Python refuses to write is kept to be read."""
    assert json.loads(encode_json(1 << 64)) == 1 << 64
    assert json.loads(encode_json(1 << 20_000)) == hex(1 << 20_000)


def test_depth_is_bounded() -> None:
    """A document that nests without end is cut at DEPTH_LIMIT and says so."""
    deep: JsonValue = 1
    for _ in range(10_000):
        deep = [deep]

    text = encode_json(deep).decode()

    assert text == "[" * DEPTH_LIMIT + '"(nested too deep)"' + "]" * DEPTH_LIMIT
