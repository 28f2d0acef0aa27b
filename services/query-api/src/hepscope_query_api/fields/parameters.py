"""Parameters of the values of a field, and which field is meant."""

import difflib
from typing import Annotated

from fastapi import Path
from pydantic import Field

from hepscope_query_api.calls.parameters import DESCRIBED_FILTERS, WORDS
from hepscope_query_api.fields.seen import SEEN
from hepscope_query_api.problems import Kind, ProblemError
from hepscope_query_api.query.parameters import RangeQuery, filtered_by
from hepscope_query_api.query.pattern import MAX_LENGTH

MAX_VALUES = 200

FieldName = Annotated[str, Path(description="A field that `has_values`, of `fields`.")]


@filtered_by(DESCRIBED_FILTERS)
class ValuesQuery(RangeQuery):
    """Parameters of the values of a field."""

    prefix: str = Field(
        "",
        max_length=MAX_LENGTH,
        description="Only values that begin with it or hold it, in either case; of status codes "
        "those that begin with it. Every character stands for itself.",
    )
    q: str | None = Field(None, description=WORDS)
    limit: int = Field(20, ge=1, le=MAX_VALUES, description="At most so many values.")


def check_field(name: str) -> None:
    """Raise ProblemError (not-found) unless the values of a field can be listed."""
    if name in SEEN:
        return
    detail = f"No field with values to list is called “{name[:100]}”."
    near = difflib.get_close_matches(name[:100], SEEN, 1)
    if near:
        detail += f" Did you mean {near[0]}?"
    raise ProblemError(Kind.NOT_FOUND, detail, expected=[*SEEN])
