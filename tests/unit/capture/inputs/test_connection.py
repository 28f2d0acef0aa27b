"""When a connection is overdue: silence is allowed, half a packet for minutes is not."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hepscope_capture.inputs.connection import Connection, Refusal


class Cutting:
    """Takes everything; may hold the beginning of something."""

    def __init__(self, *, is_between: bool) -> None:
        self.is_between = is_between

    def feed(self, data: bytes) -> bool:
        """Take bytes."""
        return bool(data)

    def finish(self) -> None:
        """Nothing is held."""


@contextmanager
def connected(cutter: Cutting, tls: ssl.SSLContext | None = None) -> Iterator[Connection]:
    """A connection that began at 1000 s, whose peer says nothing."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()),
    ):
        connection = Connection(listener.accept()[0], 1000.0, tls)
        connection.cutter = cutter
        yield connection
        connection.close()


@pytest.mark.parametrize(
    ("silence", "idle_seconds", "is_between", "reason"),
    [
        (1e6, 0.0, True, None),
        (100.0, 0.0, False, None),
        (121.0, 0.0, False, Refusal.STALLED),
        (31.0, 30.0, True, Refusal.IDLE),
        (29.0, 30.0, True, None),
    ],
)
def test_when_a_connection_is_overdue(
    *, silence: float, idle_seconds: float, is_between: bool, reason: Refusal | None
) -> None:
    """Agents of quiet machines say nothing for hours."""
    cutting = Cutting(is_between=is_between)
    with connected(cutting) as connection:
        assert connection.overdue(1000.0 + silence, idle_seconds) is reason


def test_a_handshake_may_not_take_for_ever() -> None:
    """Whoever connects and says nothing takes a place."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with connected(Cutting(is_between=True), context) as connection:
        assert connection.read(1001.0) == 0
        assert connection.overdue(1009.0, 0.0) is None
        assert connection.overdue(1011.0, 0.0) is Refusal.HANDSHAKE
