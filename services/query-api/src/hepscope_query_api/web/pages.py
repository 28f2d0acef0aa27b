"""The static page: files of the frontend directory, and index.html for the page's routes.

The page keeps its state in the URL (``/calls/<call_id>?tab=ladder``), so paths that name no
file answer index.html, which looks at the URL itself. Paths of the API never do. Nothing has a
fingerprint in its name, so browsers ask each time (``no-cache``) and get 304 by ETag; an
upgrade is seen at once.
"""

import re
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

PAGE_ROUTES = frozenset(
    {"calls", "messages", "registrations", "nodes", "live", "overview", "search", "settings"}
)
"""First segments of the page's own routes, whatever follows them (Call-IDs look like files)."""

NOT_PAGES = ("api/", "problems/")
NOT_SERVED = re.compile(r"(?:^|/)(?:\.|node_modules(?:/|$))")
"""Hidden files, and the type checker's packages of a working copy."""

INDEX = "index.html"


class Pages(StaticFiles):
    """Serves the page; a directory that is not there makes every path a 404."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory, check_dir=False)

    async def check_config(self) -> None:
        """Start without a page too: the API is of use alone."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, or index.html where the path is a route of the page."""
        # As it was sent: a path with ".." in a Call-ID is no other path.
        first = str(scope["path"]).split("/")[1]
        if path == "." or first in PAGE_ROUTES:
            response = await super().get_response(INDEX, scope)
        else:
            response = await self._file_or_index(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response

    async def _file_or_index(self, path: str, scope: Scope) -> Response:
        if NOT_SERVED.search(path):
            raise HTTPException(status_code=404)
        try:
            return await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != 404 or not _wants_page(path, scope):
                raise
        return await super().get_response(INDEX, scope)


def _wants_page(path: str, scope: Scope) -> bool:
    if f"{path}/".startswith(NOT_PAGES):
        return False
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept")
    return b"text/html" in accepted and "." not in path
