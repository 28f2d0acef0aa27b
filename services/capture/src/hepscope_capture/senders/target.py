"""Where to send: ``udp://HOST:PORT``, ``tcp://`` or ``tls://``, IPv6 addresses in brackets."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit


class Scheme(StrEnum):
    """How HEP packets travel."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


DEFAULT_PORTS = {Scheme.UDP: 9060, Scheme.TCP: 9060, Scheme.TLS: 9061}

# What needs no certificates to be told.
PLAIN = (Scheme.UDP, Scheme.TCP)


@dataclass(frozen=True, slots=True)
class Target:
    """A HEP server."""

    scheme: Scheme
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def parse_target(text: str, schemes: Collection[Scheme] = PLAIN) -> Target:
    """Return the target that an address names; without a port, the usual one of its scheme.

    Raises ValueError, with a line for the user, on anything else.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(f"{text!r} is no address: {_fault(text)}") from None
    if parts.scheme not in schemes:
        starts = _one_of([f"{one}://" for one in schemes])
        likeness = "" if "://" in text or not text else f", like {Scheme.TCP}://{text}"
        raise ValueError(f"{text!r} must start with {starts}{likeness}")
    scheme = Scheme(parts.scheme)
    if not parts.hostname or parts.path.strip("/") or parts.query or "@" in parts.netloc:
        forms = [f"{one}://HOST:PORT" for one in schemes]
        raise ValueError(f"{text!r} must be {_one_of(forms)}")
    if port == 0:
        raise ValueError(f"{text!r} names port 0, which nothing can listen on")
    return Target(scheme, parts.hostname, port or DEFAULT_PORTS[scheme])


def _fault(text: str) -> str:
    """Return what is wrong behind the scheme of a text that cannot be taken apart."""
    place = text.partition("://")[2]
    if place.count(":") > 1 and "[" not in place:
        return "IPv6 addresses stand in brackets, like [2001:db8::1]:9060"
    return "a bracket is missing" if "[" in place or "]" in place else "a port is 1 to 65535"


def _one_of(words: list[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
