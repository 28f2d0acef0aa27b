"""``/docs``: the API reference as a page that needs no other site.

The usual documentation pages load their scripts from a CDN, which neither an offline network
nor our content security policy allows. Ours is three small files that render ``/openapi.json``.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from starlette.concurrency import run_in_threadpool

from hepscope_query_api.web.base_path import base_path_of
from hepscope_query_api.web.based_html import based_html

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
    router.add_api_route("/openapi.json", _document, methods=["GET", "HEAD"])
    return router


async def _document(request: Request) -> JSONResponse:
    """Answer the document, with the base path of this request as its server."""
    document = request.app.openapi()
    base = base_path_of(request.scope)
    return JSONResponse({**document, "servers": [{"url": base}]} if base else document)


def _endpoint(file: Path, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        if media_type == "text/html":
            return await run_in_threadpool(based_html, file, request.scope)
        return FileResponse(file, media_type=media_type, headers={"Cache-Control": "no-cache"})

    return serve
