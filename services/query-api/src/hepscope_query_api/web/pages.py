"""The static page: files of the frontend directory, and index.html for the page's routes.

The page keeps its state in the URL (``/calls/<call_id>?tab=ladder``), so paths that name no
file answer index.html, which looks at the URL itself. Paths of the API never do. Browsers ask for
index.html each time (``no-cache``) and get 304 by ETag; an upgrade is seen at once. What it
names they keep: see ``page_files``.
"""

import re
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from hepscope_query_api.web.based_html import based_html
from hepscope_query_api.web.compressed import Compressed
from hepscope_query_api.web.page_files import KEPT, PageFiles

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
        self._files = PageFiles(directory)
        self._compressed = Compressed()

    async def check_config(self) -> None:
        """Start without a page too: the API is of use alone."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, or index.html where the path is a route of the page."""
        # As it was sent: a path with ".." in a Call-ID is no other path.
        first = str(scope["path"]).split("/")[1]
        if path in (".", INDEX) or first in PAGE_ROUTES:
            return await self._index(scope)
        found = await run_in_threadpool(self._files.find, path)
        response = await self._file_or_index(path if found is None else found.path, scope)
        is_kept = found is not None and found.is_present
        response.headers["Cache-Control"] = KEPT if is_kept else "no-cache"
        return response

    async def _file_or_index(self, path: str, scope: Scope) -> Response:
        if NOT_SERVED.search(path):
            raise HTTPException(status_code=404)
        try:
            return await self._file(path, scope)
        except HTTPException as error:
            if error.status_code != 404 or not _wants_page(path, scope):
                raise
        return await self._index(scope)

    async def _file(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if isinstance(response, FileResponse):
            return await run_in_threadpool(self._compressed.of, response, scope)
        return response

    async def _index(self, scope: Scope) -> Response:
        if self.directory is None:
            raise HTTPException(status_code=404)
        try:
            index = Path(self.directory) / INDEX
            return await run_in_threadpool(based_html, index, scope, self._files.in_html)
        except OSError as error:
            raise HTTPException(status_code=404) from error


def _wants_page(path: str, scope: Scope) -> bool:
    if f"{path}/".startswith(NOT_PAGES):
        return False
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept")
    return b"text/html" in accepted and "." not in path
