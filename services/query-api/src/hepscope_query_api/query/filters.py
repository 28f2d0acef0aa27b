r"""A list's filters: the table from parameter to predicate, applied to what was asked.

Of one filter that is given several times any value will do; a leading ``!`` means none but this
one: ``status=4*&status=!486`` are the calls with 4xx but for 486. An item without a value is not
486 either, so ``!486`` keeps it. ``\!`` is an exclamation mark. Several filters are joined by and.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from hepscope_query_api.problems import invalid
from hepscope_query_api.query.bind import Bind
from hepscope_query_api.query.predicates import Predicate


class Wanted(NamedTuple):
    """The values of one filter, without the ``!`` of those that must not be."""

    any_of: Sequence[str]
    none_of: Sequence[str]


def wanted(given: Iterable[tuple[str, str]]) -> dict[str, Wanted]:
    """Return what is wanted of each filter that was given."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for name, text in given:
        any_of, none_of = found.setdefault(name, ([], []))
        if text.startswith("!"):
            none_of.append(text[1:])
        else:
            any_of.append(text[1:] if text.startswith("\\!") else text)
    return {name: Wanted(*values) for name, values in found.items()}


def apply(
    given: Iterable[tuple[str, str]], table: Mapping[str, Predicate], bind: Bind
) -> list[str]:
    """Return the predicates of the filters given; raises ProblemError naming the one at fault."""
    predicates = []
    for name, (any_of, none_of) in wanted(given).items():
        options = [f"({_one(name, value, table[name], bind)})" for value in any_of]
        if options:
            predicates.append(" or ".join(options))
        refused = [f"({_one(name, value, table[name], bind)})" for value in none_of]
        predicates += [f"{option} is not true" for option in refused]
    return predicates


def _one(name: str, value: str, predicate: Predicate, bind: Bind) -> str:
    try:
        return predicate(value, bind)
    except ValueError as error:
        raise invalid(name, f"{name}: {error}.") from error
