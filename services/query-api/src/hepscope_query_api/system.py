"""``/healthz``, ``/readyz``, ``/version``, ``/problems/{kind}``: about the server itself."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from hepscope_common import __version__
from hepscope_common.ops import Readiness
from hepscope_query_api.problems import KINDS, Kind, ProblemError
from hepscope_query_api.readiness import DatabaseReadiness, results
from hepscope_query_api.schemas import Shape
from hepscope_query_api.web.base_path import base_path_of


class Health(Shape):
    """The process answers."""

    status: str
    """Always `ok`."""


class Part(Shape):
    """What one part says."""

    ready: bool
    detail: str


class Ready(Shape):
    """Whether requests can be answered."""

    ready: bool
    parts: dict[str, Part]
    """By name; the database, and in one process all other parts."""


class Version(Shape):
    """What runs here."""

    name: str
    version: str


class Meaning(Shape):
    """What a kind of problem means."""

    type: str
    title: str
    status: int
    meaning: str


def make_router(database: DatabaseReadiness, checks: Mapping[str, Readiness]) -> APIRouter:
    """Return the routes; checks are those of other parts of this process."""
    router = APIRouter(tags=["system"])

    @router.get("/healthz", summary="Is the process alive?")
    async def healthz() -> Health:
        """Answers as long as the process does; looks at nothing else."""
        return Health(status="ok")

    @router.get(
        "/readyz",
        summary="Can requests be answered?",
        responses={503: {"model": Ready, "description": "Not now."}},
    )
    async def readyz(response: Response) -> Ready:
        """Asks the database, and every other part of this process."""
        await database.look()
        parts = {
            name: Part(ready=ready, detail=detail)
            for name, (ready, detail) in results(database, checks).items()
        }
        ready = all(part.ready for part in parts.values())
        response.status_code = 200 if ready else 503
        return Ready(ready=ready, parts=parts)

    @router.get("/version", summary="Which release is this?")
    async def version() -> Version:
        """The release of hepscope."""
        return Version(name="hepscope", version=__version__)

    @router.get("/problems/{kind}", summary="What does a problem mean?")
    async def problem(
        request: Request,
        kind: Annotated[str, Path(description="Last part of a problem's `type`.")],
    ) -> Meaning:
        """The meaning of a problem's `type`."""
        if kind not in set(Kind):
            raise ProblemError(Kind.NOT_FOUND, f"There is no problem called {kind[:100]!r}.")
        row = KINDS[Kind(kind)]
        return Meaning(
            type=f"{base_path_of(request.scope)}/problems/{kind}",
            title=row.title,
            status=row.status,
            meaning=row.meaning,
        )

    return router
