"""Several calls asked for together: the one in the path, and those given by ``with``."""

from collections.abc import Sequence
from typing import Final, TypeVar

from pydantic import Field, create_model

from hepscope_query_api.calls.parameters import PartOfCallQuery
from hepscope_query_api.calls.scope import Scope, scope_of
from hepscope_query_api.context import Context
from hepscope_query_api.problems import Json, Kind, ProblemError, invalid
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.parameters import ListQuery
from hepscope_query_api.query.period import whole
from hepscope_query_api.schemas import text_or_none
from hepscope_query_api.timestamps import format_time, from_us
from hepscope_query_api.web.raw_path import stored_id

MAX_WITH: Final = 20
"""Calls beside the first; a ladder of more legs cannot be read."""

WITH: Final = (
    "Another call, by its Call-ID: several in one. Up to 20; of a Call-ID with several calls, the "
    "one that `at` chooses, else the nearest to the first call's start."
)
NAMED_CHARS: Final = 200

_Query = TypeVar("_Query", bound=PartOfCallQuery)


def with_calls(model: type[_Query]) -> type[_Query]:
    """Add ``with`` to the parameters of a call; its name is a keyword, so no attribute does."""
    declared: list[str] = Field(default_factory=list, max_length=MAX_WITH, description=WITH)
    added: type[_Query] = create_model(  # type: ignore[call-overload]  # a name from a table
        model.__name__,
        __base__=model,
        __doc__=model.__doc__,
        __module__=model.__module__,
        **{"with": (list[str], declared)},
    )
    return added


async def scopes_of(
    shared: Context, session: Session, call_id: str, query: PartOfCallQuery
) -> list[Scope]:
    """Return the scopes of the calls asked for, the one in the path first, each once.

    Raises ProblemError (not-found), which names every Call-ID of which nothing is stored.
    """
    within = whole(ListQuery.model_validate({"start": query.start, "end": query.end}))
    others = [stored_id(text) for text in getattr(query, "with")]
    if "" in others:
        # All that came without a Call-ID is stored under it.
        raise invalid("with", "with: a Call-ID is expected, not nothing.")
    at = text_or_none(query.at)
    found: list[Scope] = []
    missing: dict[str, ProblemError] = {}
    for wanted in dict.fromkeys([call_id, *others]):
        try:
            scope = await scope_of(shared, session, wanted, at=at, within=within)
        except ProblemError as problem:
            if problem.kind is not Kind.NOT_FOUND:
                raise
            missing[wanted] = problem
            continue
        found.append(scope)
        if at is None and wanted == call_id and scope.call is not None:
            at = format_time(from_us(scope.call.started_us))
    if missing:
        raise missing[call_id] if [*missing] == [call_id] else _not_found([*missing])
    return found


def _not_found(missing: Sequence[str]) -> ProblemError:
    names: list[Json] = [one[:NAMED_CHARS] for one in missing]
    listed = ", ".join(f"“{name}”" for name in names)
    subject = "No call has the Call-ID" if len(names) == 1 else "No calls have the Call-IDs"
    return ProblemError(
        Kind.NOT_FOUND,
        f"{subject} {listed}. Leave out with={names[-1]}, or look it up in the list of calls: "
        "it may be older than what is kept.",
        parameter="with",
        call_ids=names,
    )
