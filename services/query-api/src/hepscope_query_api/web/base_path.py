"""The base path: under which prefix of a reverse proxy's addresses page and API are found.

Inside, every path is without it; what tells addresses to a browser puts it in front. It comes
into HTML, so nothing but characters that need no escape anywhere is one.
"""

import re
from typing import Final

from starlette.types import Scope

SCOPE_KEY: Final = "hepscope.base_path"

_FORM: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
MAX_LENGTH: Final = 200

RESERVED: Final = frozenset(
    {"api", "css", "docs", "healthz", "index.html", "js", "mark.svg", "metrics", "openapi.json"}
    | {"problems", "readyz", "version"}
    | {"calls", "live", "messages", "nodes", "overview", "registrations", "search", "settings"}
)
"""First segments of our own: under a prefix like one of these, a proxy that takes the prefix away
and one that leaves it could not be told apart."""


def parse_base_path(text: str) -> str:
    """Return a base path without its final slash, ``""`` for none.

    Raises ValueError that says what is wrong.
    """
    path = text.strip().rstrip("/")
    if not path:
        return ""
    segments = path.split("/")
    if len(path) > MAX_LENGTH or not _FORM.fullmatch(path) or {".", ".."} & set(segments):
        raise ValueError(
            f"expected a path such as /hepscope, of letters, digits, '.', '_', '~', '-' and '/',"
            f" not {text[:MAX_LENGTH]!r}"
        )
    if segments[1] in RESERVED:
        raise ValueError(f"/{segments[1]} is an address of hepscope's own: take another prefix")
    return path


def base_path_of(scope: Scope) -> str:
    """Return the base path of a request, ``""`` when it has none."""
    return str(scope.get(SCOPE_KEY, ""))


def under(base: str, scope: Scope) -> Scope:
    """Return the scope of a request with the base path known, and taken off its path if there."""
    if not base:
        return scope
    path, raw = str(scope["path"]), scope.get("raw_path")
    changed = {**scope, SCOPE_KEY: base}
    if path == base or path.startswith(f"{base}/"):
        changed["path"] = path.removeprefix(base) or "/"
        if raw is not None:
            changed["raw_path"] = raw.removeprefix(base.encode("ascii")) or b"/"
    return changed
