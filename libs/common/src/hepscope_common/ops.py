"""The ops endpoints that every service answers: health, readiness, metrics, version, log levels."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CollectorRegistry
from pydantic import BaseModel

from hepscope_common import __version__, logs
from hepscope_common.metrics import expose

Readiness = Callable[[], tuple[bool, str]]
"""Returns whether a part is ready, and in words why not; must not block."""


class LevelChange(BaseModel):
    """Which module is to log from which level on."""

    logger: str = "hepscope"
    """Module as logs name it, e.g. ``ingest.udp``; everything when left out."""
    level: str
    """debug, info, warning or error."""


def make_ops_app(registry: CollectorRegistry, checks: Mapping[str, Readiness]) -> FastAPI:
    """Return the application of a service's ops port."""
    app = FastAPI(title="hepscope ops", version=__version__, docs_url=None, redoc_url=None)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Answer as long as the event loop turns."""
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz(part: Annotated[Sequence[str], Query()] = ()) -> Response:
        """Answer 200 when every part is ready, or those named by ``part``; else 503 with reasons.

        A balancer in front of an ingest with a spool asks for ``?part=ingest``: packets are taken
        while the bus is away.
        """
        return readiness_response(_named(checks, part))

    @app.get("/version")
    async def version() -> dict[str, str]:
        """Tell the release."""
        return {"name": "hepscope", "version": __version__}

    @app.get("/metrics")
    async def metrics(request: Request) -> Response:
        """Expose the metrics in the format that the scraper asks for."""
        # In the event loop on purpose: counts and gauges belong to it and take no locks.
        text, media_type = expose(registry, request.headers.get("accept", ""))
        return Response(text, media_type=media_type)

    @app.put("/log-levels")
    async def set_log_level(change: LevelChange) -> Response:
        """Change a log level until the process ends."""
        try:
            logs.set_level(change.logger, change.level)
        except ValueError as error:
            return PlainTextResponse(str(error), status_code=400)
        return JSONResponse({"logger": change.logger, "level": change.level})

    return app


def _named(checks: Mapping[str, Readiness], names: Sequence[str]) -> Mapping[str, Readiness]:
    if not names:
        return checks
    return {name: checks.get(name, _no_such_part) for name in names}


def _no_such_part() -> tuple[bool, str]:
    """Tell of a part that is not there, or not yet."""
    return False, "not started"


def readiness_response(checks: Mapping[str, Readiness]) -> Response:
    """Return 200 when every check passes, else 503; the body says what each found."""
    results = {name: check() for name, check in checks.items()}
    ready = all(ok for ok, _ in results.values())
    parts = {name: {"ready": ok, "detail": detail} for name, (ok, detail) in results.items()}
    return JSONResponse({"ready": ready, "parts": parts}, status_code=200 if ready else 503)
