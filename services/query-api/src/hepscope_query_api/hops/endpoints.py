"""``/stats/hops``."""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Depends

from hepscope_common.ops import Readiness
from hepscope_query_api.context import Shared
from hepscope_query_api.hops.facts import Look, Looks
from hepscope_query_api.hops.judging import judge
from hepscope_query_api.hops.repository import read_facts
from hepscope_query_api.hops.schemas import Hops, hops_of
from hepscope_query_api.query.parameters import NoQuery, strict
from hepscope_query_api.readiness import DatabaseReadiness

INGEST: Final = "ingest"
WRITER: Final = "writer"
"""Parts of the same process, where there are any."""

DATABASE_DO: Final = "See that PostgreSQL runs and that store.dsn names it."
BUS_DO: Final = "Look at the log of hepscope: the writer says what it waits for."


def make_router(database: DatabaseReadiness, checks: Mapping[str, Readiness]) -> APIRouter:
    """Return the route; checks are those of other parts of this process."""
    router = APIRouter(prefix="/stats", tags=["stats"])

    @router.get("/hops", summary="The way of a packet", dependencies=[Depends(strict(NoQuery))])
    async def hops(shared: Shared) -> Hops:
        """Listener, admission, bus, database, newest row: which hop is whole, which is broken.

        Known from the reports of ingests, which are packets that go the same way, from the newest
        rows, and from the other parts of this process where there are any. What none of them
        tells is `unknown`, never `ok`. Answers too while the database is away.
        """
        is_ready = await database.look()
        _, detail = database.last()
        facts = await read_facts(shared.database.session()) if is_ready else None
        answers = f"answers, {detail}" if is_ready else detail
        looks = Looks(Look(is_ready, answers, DATABASE_DO), _ingest(checks), _bus(checks))
        return hops_of(judge(facts, looks), facts, is_here=INGEST in checks)

    return router


def _ingest(checks: Mapping[str, Readiness]) -> Look | None:
    if INGEST not in checks:
        return None
    # One that takes nothing is no fault of its own: the bus behind it is full.
    _, detail = checks[INGEST]()
    return Look(True, detail)


def _bus(checks: Mapping[str, Readiness]) -> Look | None:
    if INGEST not in checks or WRITER not in checks:
        return None
    is_taking, taking = checks[INGEST]()
    is_storing, storing = checks[WRITER]()
    if not is_storing:
        return Look(False, f"in memory; the writer behind it does not store: {storing}", BUS_DO)
    if not is_taking:
        return Look(False, taking, BUS_DO)
    return Look(True, "in memory; the writer behind it stores")
