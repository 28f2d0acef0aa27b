"""A listening socket: connections accepted one by one, each in a task of ours.

Not ``asyncio.start_server``: a connection must be known, counted and limited before anything is
read of it, TLS handshakes included. Out of file descriptors, it waits a second instead of
spinning; who is already there goes on.
"""

import asyncio
import socket
from collections.abc import Callable

from hepscope_common.logs import get_logger
from hepscope_common.runtime import Supervisor
from hepscope_ingest.peers import Address

BACKLOG = 512

ACCEPTED_PER_TURN = 64
"""A storm of connections must not starve those that are there."""

PAUSE_SECONDS = 1.0
"""Without file descriptors, until the next attempt."""

_log = get_logger("ingest.tcp")

Accepted = Callable[[socket.socket, Address], None]


class Acceptor:
    """Accepts at one bound socket until closed."""

    def __init__(
        self, bound: socket.socket, accepted: Accepted, supervisor: Supervisor, *, name: str
    ) -> None:
        self._bound = bound
        self._accepted = accepted
        self._name = name
        self._accept = supervisor.guarded(self._accept_some, name=name)
        self._pause: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Begin to accept."""
        self._bound.listen(BACKLOG)
        self._watch()

    def close(self) -> None:
        """Accept no more; who waits to be accepted is sent away by the kernel."""
        if self._pause is not None:
            self._pause.cancel()
        asyncio.get_running_loop().remove_reader(self._bound)
        self._bound.close()

    def _watch(self) -> None:
        self._pause = None
        asyncio.get_running_loop().add_reader(self._bound, self._accept)

    def _accept_some(self) -> None:
        for _ in range(ACCEPTED_PER_TURN):
            try:
                connection, address = self._bound.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionAbortedError:
                continue
            except OSError as error:
                self._wait(error)
                return
            connection.setblocking(False)
            self._accepted(connection, address)

    def _wait(self, error: OSError) -> None:
        _log.error("%s: cannot accept connections: %s", self._name, error.strerror)
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._bound)
        self._pause = loop.call_later(PAUSE_SECONDS, self._watch)


def keep_alive(connection: socket.socket, seconds: int) -> None:
    """Have the kernel find a dead peer: probes after so much silence, given up after as much more.

    Raises OSError of a connection that has gone already.
    """
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, seconds)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(1, seconds // 4))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4)
