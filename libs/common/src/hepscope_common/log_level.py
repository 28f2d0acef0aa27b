"""``hepscope-log-level``: change what a service in this container logs, until it ends.

Asks its ops port, which is published nowhere: ``docker compose exec ingest hepscope-log-level
ingest.udp debug``. As ``hepscope-health`` it is in every image and needs nothing but the standard
library.

Exit codes: 0 = changed, 1 = no answer or a refusal (said on standard output), 2 = wrong usage.
"""

import http.client
import json
import os
import sys
from collections.abc import Sequence

from hepscope_common.health import MAX_BODY_BYTES, TIMEOUT_SECONDS, AddressError, address

PATH = "/log-levels"

_EVERYTHING = "hepscope"
_USAGE = """usage: hepscope-log-level [LOGGER] LEVEL
Changes the log level of the service in this container until it ends.
LOGGER: as its lines name it, e.g. ingest.udp (default: all). LEVEL: debug, info, warning, error.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Change one level; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not 1 <= len(words) <= 2 or any(word.startswith("-") for word in words):
        sys.stdout.write(_USAGE)
        return 0 if words in (["-h"], ["--help"]) else 2
    logger, level = words if len(words) == 2 else (_EVERYTHING, *words)
    try:
        host, port = address(os.environ)
    except AddressError as error:
        sys.stdout.write(f"{error}\n")
        return 2
    is_changed, said = put(host, port, logger, level)
    sys.stdout.write(f"{said}\n")
    return 0 if is_changed else 1


def put(host: str, port: int, logger: str, level: str) -> tuple[bool, str]:
    """Return whether the level was changed, and in one line what came of it."""
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    body = json.dumps({"logger": logger, "level": level})
    try:
        connection.request("PUT", PATH, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = response.read(MAX_BODY_BYTES).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return False, f"no answer at {host}:{port}: {str(error) or type(error).__name__}"
    finally:
        connection.close()
    if response.status == http.HTTPStatus.OK:
        return True, f"{logger}: {level}"
    return False, f"{response.status}: {answer}"


if __name__ == "__main__":
    sys.exit(main())
