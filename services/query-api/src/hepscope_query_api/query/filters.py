"""A list's filters: the table from parameter to predicate, applied to what was asked."""

from collections.abc import Iterable, Mapping

from hepscope_query_api.problems import invalid
from hepscope_query_api.query.bind import Bind
from hepscope_query_api.query.predicates import Predicate


def apply(
    given: Iterable[tuple[str, str]], table: Mapping[str, Predicate], bind: Bind
) -> list[str]:
    """Return the predicates of the filters given; raises ProblemError naming the one at fault."""
    return [_one(name, value, table[name], bind) for name, value in given]


def _one(name: str, value: str, predicate: Predicate, bind: Bind) -> str:
    try:
        return predicate(value, bind)
    except ValueError as error:
        raise invalid(name, f"{name}: {error}.") from error
