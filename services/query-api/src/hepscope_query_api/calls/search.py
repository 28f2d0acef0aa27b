"""The statement that finds a page of calls, by the way that suits what is asked.

Three ways, all with the same predicates and therefore the same answer:

- an index of ``call``, chosen by the planner, when nothing is asked, or an exact party or
  address;
- **by parties**: a part of a number is looked up in the small table of distinct parties (its
  trigram index), and each party found gives its newest calls by index. Used for up to
  MAX_PARTIES;
- newest first along ``call_started`` when more parties match: then so many calls do that the
  first page is found at once.

A trigram index on calls itself would serve the same searches, but its plan changes with the
data, and posting lists of digits grow with every call.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hepscope_query_api.calls.rows import COLUMNS
from hepscope_query_api.calls.words import Word, direct_predicates, parse_words, word_predicate
from hepscope_query_api.query.bind import Bind, all_of
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.filters import wanted
from hepscope_query_api.query.parameters import Order
from hepscope_query_api.query.pattern import Pattern, parse_pattern

MAX_PARTIES = 1000
"""Each costs a few index probes per daily partition, 2 us each."""

TRIGRAM = 3
"""Shorter pieces have no trigram to look up."""


@dataclass(slots=True)
class Search:
    """What is searched: predicates over ``call``, and the ways by which an index finds it."""

    order: Order
    limit: int
    bind: Bind = field(default_factory=Bind)
    predicates: list[str] = field(default_factory=list)
    parties: list[str] | None = None
    by_party: tuple[str, ...] = ()
    direct: list[str] = field(default_factory=list)

    def statement(self) -> str:
        """Return the SQL; its values are in ``bind``."""
        if self.parties is None:
            return self._select([], self.limit)
        parties = self.bind(self.parties)
        branches = [
            f"select found.* from unnest({parties}::text[]) party (value) cross join lateral "
            f"({self._select([f'{column} = party.value'], self.limit)}) found"
            for column in self.by_party
        ]
        branches += [self._select([predicate], self.limit) for predicate in self.direct]
        union = " union all ".join(f"({branch})" for branch in branches)
        # A call that is found in two ways is one call.
        return (
            f"select distinct on (started_at, call_id, key_time) * from ({union}) found "
            f"{self._order()} limit {self.limit}"
        )

    def _select(self, more: Sequence[str], limit: int) -> str:
        where = all_of([*self.predicates, *more])
        return f"select {COLUMNS} from hepscope.call where {where} {self._order()} limit {limit}"

    def _order(self) -> str:
        way = "desc" if self.order is Order.NEWEST else "asc"
        return f"order by started_at {way}, call_id {way}, key_time {way}"


async def use_parties(
    search: Search, session: Session, filters: Sequence[tuple[str, str]], q: str | None
) -> None:
    """Add the words of ``q`` to a search, and let it go by parties where that is faster."""
    words = parse_words(q) if q else []
    search.predicates += [word_predicate(word, search.bind) for word in words]
    asked = wanted(filters)
    choices = [
        (name, [parse_pattern(value) for value in asked[name].any_of])
        for name in ("from_user", "to_user")
        if name in asked and asked[name].any_of and all(asked[name].any_of)
    ]
    if any(len(patterns) == 1 and patterns[0].exact is not None for _, patterns in choices):
        return
    for name, patterns in sorted(choices, key=lambda it: -_shortest(it[1])):
        parties = await _parties_of(session, patterns)
        if parties is not None:
            search.parties, search.by_party = parties, (name,)
            return
    await _use_words(search, session, words)


def _shortest(patterns: Sequence[Pattern]) -> int:
    return min(pattern.longest_piece for pattern in patterns)


async def _parties_of(session: Session, patterns: Sequence[Pattern]) -> list[str] | None:
    """Return the parties that any pattern matches; None when they are too many or unindexed."""
    found = {pattern.exact for pattern in patterns if pattern.exact is not None}
    for pattern in patterns:
        if pattern.exact is None:
            parties = await _parties(session, "like", pattern.like, pattern)
            if parties is None:
                return None
            found.update(parties)
    return sorted(found) if len(found) <= MAX_PARTIES else None


async def _use_words(search: Search, session: Session, words: Sequence[Word]) -> None:
    for word in sorted(words, key=lambda it: -it.user.longest_piece):
        parties = await _parties(session, "ilike", word.user_like, word.user)
        if parties is not None:
            search.parties, search.by_party = parties, ("from_user", "to_user")
            search.direct = direct_predicates(word, search.bind)
            return


async def find_parties(session: Session, operator: str, like: str) -> list[str] | None:
    """Return the parties that a LIKE pattern matches; None when they are too many."""
    found = await session.rows(
        f"select value from hepscope.party where value {operator} $1 limit {MAX_PARTIES + 1}",
        [like],
    )
    return None if len(found) > MAX_PARTIES else [row["value"] for row in found]


async def _parties(
    session: Session, operator: str, like: str, pattern: Pattern
) -> list[str] | None:
    return None if pattern.longest_piece < TRIGRAM else await find_parties(session, operator, like)
