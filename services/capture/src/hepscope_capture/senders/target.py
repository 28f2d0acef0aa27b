"""Where to send: ``udp://HOST:PORT`` or ``tcp://HOST:PORT``, IPv6 addresses in brackets."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

DEFAULT_PORT = 9060


class Scheme(StrEnum):
    """How HEP packets travel."""

    UDP = "udp"
    TCP = "tcp"


@dataclass(frozen=True, slots=True)
class Target:
    """A HEP server."""

    scheme: Scheme
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def parse_target(text: str) -> Target:
    """Return the target that an address names; without a port, 9060.

    Raises ValueError, with a line for the user, on anything else.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{text!r} is no address: {error}") from None
    if parts.scheme not in list(Scheme):
        raise ValueError(f"{text!r} must start with udp:// or tcp://")
    if not parts.hostname or parts.path.strip("/") or parts.query or "@" in parts.netloc:
        raise ValueError(f"{text!r} must be udp://HOST:PORT or tcp://HOST:PORT")
    if port == 0:
        raise ValueError(f"{text!r} names port 0, which nothing can listen on")
    return Target(Scheme(parts.scheme), parts.hostname, port or DEFAULT_PORT)
