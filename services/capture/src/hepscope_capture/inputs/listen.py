"""Where to listen: ``udp://HOST:PORT``, ``tcp://`` or ``tls://``, IPv6 addresses in brackets."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from hepscope_capture.senders.target import Scheme


@dataclass(frozen=True, slots=True)
class Listen:
    """An address of ours; port 0 = any free one, which tests ask for."""

    scheme: Scheme
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def parse_listen(text: str, default_port: int) -> tuple[Listen, ...]:
    """Return the addresses of a list like ``udp://0.0.0.0:9060,tcp://[::]:9060``.

    Without a port the default one counts. Raises ValueError, with a line for the user.
    """
    found = tuple(
        _parse_one(part.strip(), default_port) for part in text.split(",") if part.strip()
    )
    if not found:
        raise ValueError("an address to listen at is wanted")
    if len(set(found)) < len(found):
        raise ValueError(f"{text!r} names an address twice")
    return found


def _parse_one(text: str, default_port: int) -> Listen:
    forms = " or ".join(f"{one}://HOST:PORT" for one in Scheme)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{text!r} is no address: {error}") from None
    is_bare = bool(parts.hostname) and not (parts.path.strip("/") or parts.query or parts.fragment)
    if parts.scheme not in tuple(Scheme) or not is_bare or "@" in parts.netloc:
        raise ValueError(f"{text!r} must be {forms}")
    return Listen(
        Scheme(parts.scheme), parts.hostname or "", default_port if port is None else port
    )
