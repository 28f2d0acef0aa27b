"""``hepscope-health``: whether the service in this container is ready, for HEALTHCHECK.

Asks /readyz where the environment says that the service answers: HEPSCOPE_OPS__LISTEN, or
HEPSCOPE_API__LISTEN in the image of the standalone command, which has no ops port. It runs every
few seconds, so it imports nothing but the standard library, and little of that.

Exit codes: 0 = ready, 1 = not ready or no answer (the reasons on standard output), 2 = wrong usage.
"""

import http.client
import json
import os
import sys
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

PATH = "/readyz"
TIMEOUT_SECONDS = 5.0
MAX_BODY_BYTES = 64 * 1024
MAX_SAID = 2000
"""Docker keeps the first 4,096 bytes of what a check says."""

DEFAULTS = {"HEPSCOPE_OPS__LISTEN": "127.0.0.1:9100", "HEPSCOPE_API__LISTEN": "127.0.0.1:9080"}
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what is listened at, to ask at its own
_USAGE = """usage: hepscope-health [URL]
Asks whether a service is ready. URL: http://HOST:PORT/readyz (default: of this container).
"""


class AddressError(ValueError):
    """Where to ask cannot be told; the message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask once; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if len(words) > 1 or any(word.startswith("-") for word in words):
        sys.stdout.write(_USAGE)
        return 0 if words in (["-h"], ["--help"]) else 2
    try:
        host, port, path = parse_url(words[0]) if words else (*address(os.environ), PATH)
    except AddressError as error:
        sys.stdout.write(f"{error}\n")
        return 2
    is_ready, said = ask(host, port, path)
    sys.stdout.write(f"{said}\n")
    return 0 if is_ready else 1


def address(environ: Mapping[str, str]) -> tuple[str, int]:
    """Return host and port of the service that the environment describes.

    Raises AddressError when the variable is none of ``host:port``.
    """
    is_standalone = environ.get("HEPSCOPE_SERVICE") == "standalone"
    name = "HEPSCOPE_API__LISTEN" if is_standalone else "HEPSCOPE_OPS__LISTEN"
    # Page and API may have several addresses; all are of the same server.
    first = environ.get(name, DEFAULTS[name]).split(",")[0].strip()
    host, _, port = first.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise AddressError(f"{name}={first!r} names no port to ask at; give the URL")
    return _ANY.get(host, host), int(port)


def parse_url(url: str) -> tuple[str, int, str]:
    """Return host, port and path of an ``http://`` URL. Raises AddressError."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 80
    except ValueError as error:
        raise AddressError(f"{url!r}: {error}") from None
    if parts.scheme != "http" or not host:
        raise AddressError(f"{url!r} is no http:// URL")
    query = f"?{parts.query}" if parts.query else ""
    return host, port, (parts.path or PATH) + query


def ask(host: str, port: int, path: str) -> tuple[bool, str]:
    """Return whether the answer is 200, and in one line what the service says of its parts."""
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read(MAX_BODY_BYTES)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return False, f"no answer at {host}:{port}: {str(error) or type(error).__name__}"
    finally:
        connection.close()
    is_ready = response.status == http.HTTPStatus.OK
    return is_ready, "ready" if is_ready else f"{response.status}: {reasons(body)}"


def reasons(body: bytes) -> str:
    """Return what the parts that are not ready say, else the body itself, on one line."""
    try:
        parts = json.loads(body)["parts"]
        waiting = [f"{name}: {part['detail']}" for name, part in parts.items() if not part["ready"]]
        said = "; ".join(waiting)
    except (ValueError, LookupError, TypeError, AttributeError):
        said = body.decode(errors="replace")
    printable = "".join(char if char.isprintable() else " " for char in said)
    return printable[:MAX_SAID] or "no reason given"


if __name__ == "__main__":
    sys.exit(main())
