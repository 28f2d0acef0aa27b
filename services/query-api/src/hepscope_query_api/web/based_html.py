"""HTML files whose addresses begin at ``/``, served as they must read under a base path.

Modules and style sheets name each other relatively and need no change.
"""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from hepscope_query_api.web.base_path import base_path_of

_OURS = re.compile(r'(?<=\s)(href|src)="/(?!/)')


def based_html(file: Path, scope: Scope, change: Callable[[str], str] = str) -> Response:
    """Return the page for a request, changed first; 304 when the browser has it.

    Raises OSError where the file cannot be read.
    """
    text = change(file.read_text(encoding="utf-8"))
    base = base_path_of(scope)
    if base:
        text = _OURS.sub(rf'\1="{base}/', text)
    body = text.encode()
    etag = f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
    headers = {"Cache-Control": "no-cache", "ETag": etag}
    asked = Headers(scope=scope).get("if-none-match", "")
    if etag in [tag.strip().removeprefix("W/") for tag in asked.split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="text/html", headers=headers)
