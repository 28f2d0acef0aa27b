"""Where to push, from what users write: a base address, the full one, or heplify-server's old one.

http://loki:3100                    http://loki:3100/loki/api/v1/push
http://loki:3100/api/prom/push      http://loki:3100/loki/api/v1/push
https://user:secret@gw/logs         https://gw/logs/loki/api/v1/push, user and secret apart
"""

from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

import httpx

PUSH_PATH: Final = "/loki/api/v1/push"
OLD_PUSH_PATH: Final = "/api/prom/push"
EXPECTED: Final = "expected an address such as http://loki:3100"


class PushAddress(NamedTuple):
    """The address without credentials, which may therefore be logged, and the credentials."""

    url: str
    username: str = ""
    password: str = ""


def push_address(text: str) -> PushAddress:
    """Return where to push; raises ValueError that says what is wrong, without credentials."""
    text = text.strip()
    if not text.isprintable() or " " in text:
        raise ValueError("expected an address without blanks, on one line")
    try:
        parts = urlsplit(text)
        # What the connection cannot be made to is no address either.
        _ = httpx.URL(text).host
    except (ValueError, httpx.InvalidURL):
        # Their texts tell the address, in which a password may stand.
        raise ValueError(EXPECTED) from None
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError("its port is no number up to 65535") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(EXPECTED)
    if parts.fragment:
        raise ValueError("an address of Loki has no part behind #")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = host if port is None else f"{host}:{port}"
    url = urlunsplit((parts.scheme, place, _push_path(parts.path), parts.query, ""))
    return PushAddress(url, unquote(parts.username or ""), unquote(parts.password or ""))


def _push_path(path: str) -> str:
    path = path.rstrip("/")
    if path.endswith(OLD_PUSH_PATH):
        return path.removesuffix(OLD_PUSH_PATH) + PUSH_PATH
    if path.endswith("/push"):
        return path
    # Somebody who gave the path of the API without its last word meant what he wrote.
    for begun in ("/loki/api/v1", "/loki/api"):
        if path.endswith(begun):
            return path.removesuffix(begun) + PUSH_PATH
    return path + PUSH_PATH
