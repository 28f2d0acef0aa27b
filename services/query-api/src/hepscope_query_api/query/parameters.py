"""Query parameters, strictly: an unknown or repeated one is refused, never ignored.

Every endpoint describes its parameters as a model; fields that are lists may be given several
times (see ``filters`` for what that means).
"""

import difflib
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, create_model

from hepscope_query_api.problems import Json, Kind, ProblemError

MAX_LIMIT = 1000
DEFAULT_LIMIT = 100
MAX_REPEATS = 16
"""How often one filter may be given; each makes the statement longer."""


ADDRESSES = "`10.0.0.5`, `10.0.0.5:5060`, `10.0.0.0/8`, `10.1.*`"
"""What a filter of an address takes."""


class Order(StrEnum):
    """Newest first, or oldest first."""

    NEWEST = "-time"
    OLDEST = "time"


class Query(BaseModel):
    """Base of the parameters of an endpoint."""

    model_config = ConfigDict(extra="forbid", frozen=True)


_Query = TypeVar("_Query", bound=Query)


class NoQuery(Query):
    """The endpoint takes no parameters."""


class RangeQuery(Query):
    """What everything over a range of times takes."""

    start: str | None = Field(
        None, description="Items from this time on (RFC 3339), inclusive. See the list's default."
    )
    end: str | None = Field(None, description="Items before this time (RFC 3339), exclusive.")


class ListQuery(RangeQuery):
    """What every list takes."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="At most so many items.")
    order: Order = Field(Order.NEWEST, description="`-time` is newest first, `time` oldest first.")
    cursor: str | None = Field(
        None,
        max_length=2048,
        description="`next_cursor` of the page before; all other parameters must be repeated.",
    )


def filtered_by(table: Mapping[str, str]) -> Callable[[type[_Query]], type[_Query]]:
    """Return a decorator that adds the filters of a list to its parameters: name, description.

    Each may be given several times; ``given_filters`` reads them.
    """
    fields = {name: (list[str], _filter(text)) for name, text in table.items()}

    def add(model: type[_Query]) -> type[_Query]:
        added: type[_Query] = create_model(  # type: ignore[call-overload]  # names from a table
            model.__name__,
            __base__=model,
            __doc__=model.__doc__,
            __module__=model.__module__,
            **fields,
        )
        return added

    return add


def _filter(text: str) -> list[str]:
    declared: list[str] = Field(default_factory=list, max_length=MAX_REPEATS, description=text)
    return declared


def given_filters(query: Query, names: Iterable[str]) -> list[tuple[str, str]]:
    """Return each filter that was given with each of its values."""
    return [(name, value) for name in names for value in getattr(query, name)]


def strict(model: type[Query]) -> Callable[[Request], None]:
    """Return a dependency that refuses unknown parameters and repeated single ones."""
    known = list(model.model_fields)
    repeatable = {
        name
        for name, field in model.model_fields.items()
        if typing.get_origin(field.annotation) is list
    }

    def check(request: Request) -> None:
        for name in request.query_params:
            if name not in known:
                raise unknown_parameter(name, known)
            if name not in repeatable and len(request.query_params.getlist(name)) > 1:
                raise ProblemError(
                    Kind.INVALID_PARAMETER, f"{name} is given more than once.", parameter=name
                )

    return check


def unknown_parameter(name: str, known: Sequence[str]) -> ProblemError:
    """Return the problem of a parameter that the endpoint does not have."""
    near = difflib.get_close_matches(name, known, 1)
    detail = f"No parameter is called “{name[:100]}”."
    if near:
        detail += f" Did you mean {near[0]}?"
    expected: list[Json] = list(known)
    return ProblemError(Kind.UNKNOWN_PARAMETER, detail, parameter=name[:100], expected=expected)


def validation_problem(error: RequestValidationError) -> ProblemError:
    """Return the problem of parameters that do not have the shape of their model."""
    faults: list[Json] = []
    for fault in error.errors():
        name = str(fault["loc"][1]) if len(fault["loc"]) > 1 else str(fault["loc"][0])
        faults.append({"parameter": name, "detail": str(fault["msg"])})
    first = faults[0]
    assert isinstance(first, dict)
    detail = f"{first['parameter']}: {first['detail']}."
    return ProblemError(Kind.INVALID_PARAMETER, detail, parameter=first["parameter"], errors=faults)
