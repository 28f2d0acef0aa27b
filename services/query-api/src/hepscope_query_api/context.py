"""What endpoints work with: the database, the clock and the counters of this application.

It hangs on the application object, not on a module, so that several applications can live in
one process.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from hepscope_common.clock import Clock
from hepscope_common.names import Names
from hepscope_query_api.live.live import Live
from hepscope_query_api.logs.sources import LogSources
from hepscope_query_api.metrics import ApiMetrics
from hepscope_query_api.query.database import Database


@dataclass(frozen=True, slots=True)
class Context:
    """The parts that all endpoints of one application share."""

    database: Database
    now_us: Clock
    metrics: ApiMetrics
    names: Names
    logs: LogSources
    live: Live


def context_of(request: Request) -> Context:
    """Return the context of the application that serves a request."""
    context = request.app.state.context
    assert isinstance(context, Context)
    return context


Shared = Annotated[Context, Depends(context_of)]
"""Parameter type of an endpoint that needs the context."""
