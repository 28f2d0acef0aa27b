"""Fields of calls whose values can be listed, as SQL over ``call``.

Those that are told apart by few values, and parties. What is (almost) different in each call, as
Call-IDs and times, is not worth a list.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from hepscope_query_api.calls.derived import outcome_sql, state_sql
from hepscope_query_api.query.bind import Bind


class Seen(NamedTuple):
    """Where the values of a field are."""

    value: Callable[[datetime, Bind], str]
    """SQL of the value as text, at the moment now."""
    source: str = ""
    """What is joined to ``call`` for it."""
    is_code: bool = False
    """A prefix is that of a number: a code is never looked for by its last digits."""


def _stored(sql: str) -> Callable[[datetime, Bind], str]:
    return lambda _now, _bind: sql


def _derived(sql_of: Callable[[str], str]) -> Callable[[datetime, Bind], str]:
    return lambda now, bind: f"({sql_of(f'{bind(now)}::timestamptz')})"


PARTIES: Final = frozenset({"from_user", "to_user"})
"""Fields whose every value is in the table of parties."""

ADDRESSES: Final = frozenset({"source", "destination"})

SEEN: Final[Mapping[str, Seen]] = {
    **{
        name: Seen(_stored(name))
        for name in (
            *("method", "reason", "from_user", "from_domain", "to_user", "to_domain"),
            *("ruri_user", "ruri_domain", "user_agent"),
        )
    },
    "status": Seen(_stored("status::text"), is_code=True),
    "state": Seen(_derived(state_sql)),
    "outcome": Seen(_derived(outcome_sql)),
    "source": Seen(_stored("host(source)")),
    "destination": Seen(_stored("host(destination)")),
    "nodes": Seen(_stored("node.name"), source="cross join lateral unnest(nodes) node (name)"),
}
