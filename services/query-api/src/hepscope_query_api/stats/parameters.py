"""Parameters of ``/stats/kpi`` and ``/stats/series``."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from hepscope_query_api.query.parameters import DEFAULT_LIMIT, MAX_LIMIT, RangeQuery
from hepscope_query_api.query.pattern import stored_text
from hepscope_query_api.stats.grouping import By
from hepscope_query_api.stats.series import BY_STATUS, NAMES

NODE_TEXT = "Attempts as this capture node saw them, instead of all nodes as one capture."

NodeName = Annotated[str, AfterValidator(stored_text)]
"""The name of a capture node as it is stored."""


class SeriesBy(StrEnum):
    """What a metric over time is told apart by."""

    STATUS = "status"


class KpiQuery(RangeQuery):
    """Parameters of the KPIs."""

    node: NodeName | None = Field(None, max_length=256, description=NODE_TEXT)
    by: By | None = Field(
        None,
        description="A list instead: by `node` (each as it saw them), by `target` (the "
        "destination of the first hop, by its name or address) or by `user_agent`.",
    )
    limit: int = Field(
        DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="With `by`: at most so many items."
    )
    cursor: str | None = Field(
        None,
        max_length=2048,
        description="`next_cursor` of the page before; all other parameters must be repeated.",
    )


class SeriesQuery(RangeQuery):
    """Parameters of a metric over time."""

    metric: str = Field(max_length=64, description=f"One of {', '.join(f'`{n}`' for n in NAMES)}.")
    step: int | None = Field(
        None,
        ge=1,
        le=366 * 86_400,
        description="Seconds from point to point, a multiple of 60; chosen for some hundred points "
        "where it is left out.",
    )
    node: NodeName | None = Field(None, min_length=1, max_length=256, description=NODE_TEXT)
    by: SeriesBy | None = Field(
        None, description=f"Told apart by final status: {', '.join(f'`{n}`' for n in BY_STATUS)}."
    )
