"""Checks of the settings about Loki and Grafana, before anything is asked of them.

Their messages never repeat an address: it may hold a password.
"""

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

import httpx
from pydantic import SecretStr

PATHS = ("/loki/api/v1/push", "/loki/api/v1", "/loki/api", "/api/prom/push")
"""What stands behind the address in settings of senders; it is cut off."""


def or_else(default: str) -> Callable[[object], object]:
    """Return what takes an empty text, which a variable left empty gives, for the default."""
    return lambda value: default if value == "" else value


class Address(NamedTuple):
    """An address that may be shown, and the credentials that stood in it."""

    url: str
    username: str = ""
    password: str = ""


def base_url(text: str) -> str:
    """Return the address of a server without the slash at its end; raises ValueError."""
    text = text.strip()
    if text and _split(text).username:
        raise ValueError("user and password do not belong into this address")
    return text.rstrip("/")


def checked_loki_url(text: str) -> str:
    """Return the address of Loki unchanged; raises ValueError unless it is one."""
    text = text.strip()
    if text:
        loki_address(text)
    return text


def loki_address(text: str) -> Address:
    """Return the address of Loki, without the path of its API; raises ValueError."""
    parts = _split(text)
    place = parts.netloc.rpartition("@")[2]
    base = f"{parts.scheme}://{place}{parts.path}".rstrip("/")
    for path in PATHS:
        base = base.removesuffix(path)
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Address(base, header_value(username), header_value(password))


def _split(text: str) -> SplitResult:
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("expected an address as http://host:3100, in ASCII and without blanks")
    try:
        parts = urlsplit(text)
        # What the connection cannot be made to is no address either.
        _ = httpx.URL(text).host
    except (ValueError, httpx.InvalidURL):
        # Their texts tell the address, in which a password may stand.
        raise ValueError("expected an address as http://host:3100") from None
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError("its port is no number up to 65535") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ValueError("expected an address as http://host:3100")
    if parts.query or parts.fragment:
        raise ValueError("expected an address without ? and #")
    return parts


def header_value(text: str) -> str:
    """Return text that may stand in a header; raises ValueError."""
    if not text.isascii() or not (text.isprintable() or not text):
        raise ValueError("expected printable ASCII on one line")
    return text


def header_secret(secret: SecretStr) -> SecretStr:
    """Return a secret that may stand in a header; raises ValueError that does not tell it."""
    header_value(secret.get_secret_value())
    return secret
