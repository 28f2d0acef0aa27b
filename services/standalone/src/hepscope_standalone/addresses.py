"""The addresses that a start listens at, tried before anything else is done.

Listeners open when the database is there already: a port in use would be told seconds later,
and a first start would have made a database for nothing.
"""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from hepscope_common.runtime import StartupError
from hepscope_common.settings import Listen
from hepscope_common.sockets import bind
from hepscope_standalone.postgres.lock import DirectoryLock
from hepscope_standalone.settings import StandaloneSettings


def check_addresses(settings: StandaloneSettings, data_dir: Path) -> None:
    """Raise StartupError when an address cannot be had, with the line its listener would give.

    A hepscope that runs on the same data is the better reason, and told instead.
    """
    try:
        _try_all(settings)
    except StartupError:
        DirectoryLock(data_dir).refuse_if_held()
        raise


def _try_all(settings: StandaloneSettings) -> None:
    with ExitStack() as held:
        for what, kind, listen in _wanted(settings):
            bound = held.enter_context(bind(listen, kind, what))
            # Or two of ours could have one address as long as none of them accepts.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)


def _wanted(settings: StandaloneSettings) -> Iterator[tuple[str, socket.SocketKind, Listen]]:
    """Yield what wants which address, in the order and the words of the listeners."""
    for what, kind, addresses in (
        ("page and API", socket.SOCK_STREAM, settings.api.listen),
        ("metrics", socket.SOCK_STREAM, settings.metrics.listen),
        ("HEP over UDP (ingest.udp)", socket.SOCK_DGRAM, settings.ingest.udp),
        ("HEP over TCP (ingest.tcp)", socket.SOCK_STREAM, settings.ingest.tcp),
        ("HEP over TLS (ingest.tls)", socket.SOCK_STREAM, settings.ingest.tls),
        ("HEP over HTTP (ingest.http)", socket.SOCK_STREAM, settings.ingest.http),
    ):
        for listen in addresses:
            yield what, kind, listen
