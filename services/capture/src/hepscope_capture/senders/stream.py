"""The sender for a stream: with acknowledgements where the server gives them, else without.

The server is asked once, at the first connection. One that closes the connection instead of
answering is asked once more, since it may just be starting, and then taken for a plain HEP server
that cannot bear the question. Who answered once is never taken for a plain one afterwards.
"""

import secrets
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from hep.acknowledgement import ORIGIN_BYTES
from hepscope_capture.clock import Clock
from hepscope_capture.senders.acknowledged import AcknowledgedSender
from hepscope_capture.senders.answers import Answers, WrongAnswerError
from hepscope_capture.senders.connection import Connection
from hepscope_capture.senders.courier import Tell
from hepscope_capture.senders.dialling import Dialler, explain
from hepscope_capture.senders.greeting import greet
from hepscope_capture.senders.patience import PATIENCE_SECONDS, Patience
from hepscope_capture.senders.sender import Sender, SendError
from hepscope_capture.senders.tcp import TcpSender

_GREETINGS = 2


class Acks(StrEnum):
    """Whether acknowledgements are asked for."""

    AUTO = "auto"  # and done without where the server gives none
    REQUIRE = "require"
    NEVER = "never"


@contextmanager
def stream_sender(
    dialler: Dialler,
    clock: Clock,
    *,
    acks: Acks = Acks.AUTO,
    patience_seconds: float = PATIENCE_SECONDS,
    tell: Tell = lambda _line: None,
) -> Iterator[Sender]:
    """Connect and give the sender that suits the server. Raises SendError."""
    with _sender(dialler, clock, acks, patience_seconds, tell) as sender:
        yield sender


def _sender(
    dialler: Dialler, clock: Clock, acks: Acks, patience_seconds: float, tell: Tell
) -> AcknowledgedSender | TcpSender:
    if acks is Acks.NEVER:
        return TcpSender(dialler.target, clock, dialler=dialler)
    origin = secrets.token_bytes(ORIGIN_BYTES)
    connection: Connection | None = None
    for _ in range(_GREETINGS):
        connection, answers = _dial(dialler), Answers(origin)
        try:
            number = greet(connection, answers, origin, clock)
        except (ssl.SSLError, WrongAnswerError) as error:
            connection.close()
            raise SendError(f"{dialler.target}: {explain(error)}") from None
        except OSError:
            connection.close()
            connection = None
            continue
        if number is None:
            break
        if number:
            connection.close()
            raise SendError(f"{dialler.target}: it acknowledges what was never sent")
        patience = Patience(patience_seconds, clock.elapsed_seconds())
        return AcknowledgedSender(
            connection, answers, dialler, clock, origin=origin, patience=patience, tell=tell
        )
    if acks is Acks.REQUIRE:
        if connection is not None:
            connection.close()
        raise SendError(f"{dialler.target}: it does not acknowledge what it is sent")
    given = connection.release() if connection is not None else None
    return TcpSender(dialler.target, clock, dialler=dialler, connected=given, is_acknowledged=False)


def _dial(dialler: Dialler) -> Connection:
    try:
        return Connection(dialler.dial())
    except (OSError, UnicodeError) as error:
        raise SendError(f"cannot connect to {dialler.target}: {explain(error)}") from None
