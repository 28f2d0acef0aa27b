"""Filters that are given several times, or left out by ``!``."""

import pytest

from hepscope_query_api.problems import ProblemError
from hepscope_query_api.query.bind import Bind
from hepscope_query_api.query.filters import Wanted, apply, wanted
from hepscope_query_api.query.predicates import code_field, text_field

TABLE = {"status": code_field("status"), "method": text_field("method")}


def test_values_to_have_and_not_to_have_are_told_apart() -> None:
    """By the first character; an escaped mark is a mark, one further in the value too."""
    given = [
        *[("method", text) for text in ("A", "!B", r"\!C", r"!\!D", "!!E", "F!", "", "!")],
        ("status", "!486"),
    ]

    assert wanted(given) == {
        "method": Wanted(["A", "!C", "F!", ""], ["B", r"\!D", "!E", ""]),
        "status": Wanted([], ["486"]),
    }


def test_any_of_those_to_have_and_none_of_those_not_to_have() -> None:
    """Filters are joined by and; what is not true is left out, also what is unknown."""
    bind = Bind()

    predicates = apply(
        [("status", "486"), ("status", "503"), ("method", "!INVITE"), ("status", "!600")],
        TABLE,
        bind,
    )

    assert predicates == [
        "(status = $1::bigint) or (status = $2::bigint)",
        "(status = $3::bigint) is not true",
        "(method = $4) is not true",
    ]
    assert bind.values == [486, 503, 600, "INVITE"]


def test_the_filter_at_fault_is_named() -> None:
    """Also behind a mark."""
    with pytest.raises(ProblemError, match="status: expected a code") as caught:
        apply([("method", "x"), ("status", "!busy")], TABLE, Bind())

    assert caught.value.members["parameter"] == "status"
