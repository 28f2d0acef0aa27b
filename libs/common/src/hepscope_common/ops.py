"""The ops endpoints that every service answers: health, readiness, metrics, version, log levels."""

from collections.abc import Callable, Mapping

from fastapi import FastAPI, Request, Response
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
    async def readyz() -> Response:
        """Answer 200 when every part is ready, else 503 with the reasons."""
        return readiness_response(checks)

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


def readiness_response(checks: Mapping[str, Readiness]) -> Response:
    """Return 200 when every check passes, else 503; the body says what each found."""
    results = {name: check() for name, check in checks.items()}
    ready = all(ok for ok, _ in results.values())
    parts = {name: {"ready": ok, "detail": detail} for name, (ok, detail) in results.items()}
    return JSONResponse({"ready": ready, "parts": parts}, status_code=200 if ready else 503)
