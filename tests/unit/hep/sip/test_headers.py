"""The header table and the splitting of lists."""

import pytest

from hep.sip.headers import HEADERS, Shape, canonical_name, header_row, quoted_end, split_list


def test_names_and_compact_forms_are_unique() -> None:
    """No two rows answer to one spelling."""
    names = [row.name.lower() for row in HEADERS]
    compact = [row.compact for row in HEADERS if row.compact]

    assert len(set(names)) == len(names)
    assert len(set(compact)) == len(compact)
    assert not set(compact) & set(names)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("i", "Call-ID"),
        ("V", "Via"),
        ("cseq", "CSeq"),
        ("WWW-AUTHENTICATE", "WWW-Authenticate"),
        ("wWw-aUTHENTICATe", "WWW-Authenticate"),
        ("X-Custom", "X-Custom"),
        ("\u212a", "\u212a"),
        ("", ""),
    ],
)
def test_names_become_canonical(name: str, expected: str) -> None:
    """Any case and the compact form give the registered spelling; unknown names stay."""
    assert canonical_name(name) == expected


@pytest.mark.parametrize("name", ["Authorization", "WWW-Authenticate", "Date", "From", "To"])
def test_headers_with_commas_of_their_own_are_no_lists(name: str) -> None:
    """Credentials, dates and parties are never split."""
    row = header_row(name)

    assert row is not None
    assert row.shape is not Shape.LIST


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a, b ,c", ["a", "b", "c"]),
        ("", []),
        (" , ,", []),
        ('"a,\\",b" <sip:x>, c', ['"a,\\",b" <sip:x>', "c"]),
        ("<sip:a,b@x>;q=1, <sip:c@x>", ["<sip:a,b@x>;q=1", "<sip:c@x>"]),
        ("agent (a, b), other", ["agent (a, b)", "other"]),
        ('"never closed, b', ['"never closed, b']),
        ("<never closed, b", ["<never closed, b"]),
        ("plain", ["plain"]),
    ],
)
def test_lists_split_outside_of_quotes_and_brackets(value: str, expected: list[str]) -> None:
    """A comma inside quotes, <> or parentheses is part of a value."""
    assert split_list(value) == expected


@pytest.mark.parametrize(
    ("value", "end"), [('"a"b', 3), (r'"a\"b"c', 6), (r'"a\\"b', 5), ('"a', 2), (r'"a\"', 4)]
)
def test_quoted_string_ends_at_its_own_quote(value: str, end: int) -> None:
    """An escaped quote does not end it; one that never ends goes to the end."""
    assert quoted_end(value, 0) == end
