"""A network of its own, with a bridge to nobody: it takes all datagrams and keeps none.

So what a datagram costs its sender is measured without the way up to another socket, which on the
loopback the sender pays for, too. Needs root and iproute2.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

SINK = "192.0.2.2"
"""An address behind the device (RFC 5737)."""

_Result = TypeVar("_Result")


def apart(work: Callable[[], _Result]) -> _Result:
    """Return what a function returns that runs there, with all threads and processes it starts."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from support.namespaces import namespace  # noqa: PLC0415 - beside the tests, not installed

    with namespace("bench") as place:
        place.ip("link add sink0 type bridge")
        place.ip("addr add 192.0.2.1/24 dev sink0")
        place.ip("link set sink0 up")
        place.ip(f"neigh add {SINK} lladdr 02:00:00:00:00:02 dev sink0")
        return place.call(work)
