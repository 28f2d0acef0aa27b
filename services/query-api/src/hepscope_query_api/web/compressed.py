"""Text files of the page as gzip: each is compressed once, and kept until it changes.

They are the same for everybody and hold no secret, so compressing them tells nobody anything.
"""

import gzip
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.types import Scope

TYPES: Final = ("text/", "application/javascript", "image/svg+xml")
LEAST_BYTES: Final = 1024
"""Less fits into one packet as it is."""

LEVEL: Final = 6


class Compressed:
    """What has been compressed, by file; there are as many as the page has files."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, bytes]] = {}

    def of(self, response: FileResponse, scope: Scope) -> Response:
        """Return an answer as gzip where the client takes that and it is worth it.

        Raises OSError where the file cannot be read. Needs an answer whose headers are set.
        """
        if not response.headers["content-type"].startswith(TYPES):
            return response
        response.headers.append("Vary", "Accept-Encoding")
        accepted = Headers(scope=scope).get("accept-encoding", "")
        if "gzip" not in accepted or int(response.headers["content-length"]) < LEAST_BYTES:
            return response
        etag = response.headers["etag"]
        path = str(response.path)
        kept = self._kept.get(path)
        if kept is None or kept[0] != etag:
            body = gzip.compress(Path(path).read_bytes(), LEVEL, mtime=0)
            kept = self._kept[path] = (etag, body)
        # Not the same bytes as without gzip, so the tag is a weak one (RFC 9110, 8.8.1).
        headers = {
            "Content-Encoding": "gzip",
            "ETag": f"W/{etag}",
            "Vary": "Accept-Encoding",
            "Last-Modified": response.headers["last-modified"],
        }
        return Response(kept[1], media_type=response.headers["content-type"], headers=headers)
