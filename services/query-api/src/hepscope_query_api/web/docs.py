"""``/docs``: the API reference as a page that needs no other site.

The usual documentation pages load their scripts from a CDN, which neither an offline network
nor our content security policy allows. Ours is three small files that render ``/openapi.json``.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

STATIC = Path(__file__).parent.parent / "static"
FILES = {
    "/docs": ("docs.html", "text/html"),
    "/docs/docs.js": ("docs.js", "text/javascript"),
    "/docs/docs.css": ("docs.css", "text/css"),
}


def make_router() -> APIRouter:
    """Return the routes of the documentation page."""
    router = APIRouter(include_in_schema=False)
    for path, (name, media_type) in FILES.items():
        router.add_api_route(path, _endpoint(STATIC / name, media_type), methods=["GET", "HEAD"])
    return router


def _endpoint(file: Path, media_type: str) -> Callable[[], Awaitable[FileResponse]]:
    async def serve() -> FileResponse:
        return FileResponse(file, media_type=media_type, headers={"Cache-Control": "no-cache"})

    return serve
