"""Getting to one server of a group: name, connection, TLS, and whether it acknowledges.

A server over a stream is asked at each connection. One that says nothing is plain HEP; so is one
that twice in a row closes the connection instead of answering, since it cannot bear the question.
Who answered once is not taken for a plain one before it has been silent for a minute: it may be
ours and busy, and what it does not number it would store twice.
"""

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

from hepscope_capture.clock import Clock
from hepscope_capture.senders.acks import Acks
from hepscope_capture.senders.answers import Answers, WrongAnswerError
from hepscope_capture.senders.connection import Connection
from hepscope_capture.senders.dialling import Dialler
from hepscope_capture.senders.greeting import greet
from hepscope_capture.senders.target import Scheme, Target
from hepscope_capture.senders.trust import Trust

# Greetings in a row that are answered by a close.
_CLOSES = 2

_SILENCE_SECONDS = 60.0

REACH_ERRORS = (OSError, UnicodeError, WrongAnswerError)


@dataclass(slots=True)
class Reached:
    """A server that is connected."""

    datagrams: socket.socket | None = None
    connection: Connection | None = None  # of a stream
    answers: Answers | None = None  # of a stream with acknowledgements
    origin: bytes = b""  # that was greeted for
    acknowledged: int = 0  # what the server said at once

    @property
    def evidence(self) -> str:
        """What will tell that packets arrive, in words for the user."""
        if self.datagrams is not None:
            return "nothing tells whether packets arrive"
        return "packets are acknowledged" if self.answers else "no acknowledgements"

    def close(self) -> None:
        """Close it, unused."""
        with contextlib.suppress(OSError):
            if self.datagrams is not None:
                self.datagrams.close()
            if self.connection is not None:
                self.connection.close()


class Reach:
    """The way to one server; what was learnt of it on the way is kept."""

    def __init__(self, target: Target, trust: Trust, acks: Acks, clock: Clock) -> None:
        """Make the way. Raises ValueError, with a line for the user, for certificates."""
        self.target = target
        self._dialler = Dialler(target, trust) if target.scheme is not Scheme.UDP else None
        self._acks = acks
        self._clock = clock
        self._closes = 0
        self._silent_since: float | None = None
        self.has_acknowledged = False

    def connect(self, origin: bytes) -> Reached:
        """Connect, and greet for an origin; may take many seconds. Raises one of REACH_ERRORS."""
        if self._dialler is None:
            return Reached(datagrams=_datagrams_to(self.target))
        connection = Connection(self._dialler.dial())
        try:
            return self._greet(connection, origin)
        except REACH_ERRORS:
            connection.close()
            raise

    def _greet(self, connection: Connection, origin: bytes) -> Reached:
        is_asked = self._acks is not Acks.NEVER
        if self._acks is Acks.AUTO and self._closes >= _CLOSES and not self.has_acknowledged:
            is_asked = False
        if not is_asked:
            return Reached(connection=connection)
        answers = Answers(origin)
        try:
            number = greet(connection, answers, origin, self._clock)
        except ConnectionError:
            self._closes += 1
            raise
        self._closes = 0
        if number is not None:
            self.has_acknowledged, self._silent_since = True, None
            return Reached(
                connection=connection, answers=answers, origin=origin, acknowledged=number
            )
        if self._acks is Acks.REQUIRE:
            raise TimeoutError("it does not acknowledge what it is sent")
        if self.has_acknowledged:
            now = self._clock.elapsed_seconds()
            if self._silent_since is None:
                self._silent_since = now
            if now - self._silent_since < _SILENCE_SECONDS:
                raise TimeoutError("it does not answer")
            self.has_acknowledged = False
        return Reached(connection=connection)


class Approach:
    """One try to connect, in a thread of its own: names and handshakes may take long."""

    def __init__(self, reach: Reach, origin: bytes, ring: Callable[[], None]) -> None:
        """Begin; ``ring`` is called at the end."""
        self._reach = reach
        self._origin = origin
        self._ring = ring
        self._turn = threading.Lock()
        self._is_given_up = False
        self.reached: Reached | None = None
        self.error: Exception | None = None
        threading.Thread(target=self._run, name="approach", daemon=True).start()

    @property
    def is_done(self) -> bool:
        """Whether it has ended, with what was reached or with an error."""
        return self.reached is not None or self.error is not None

    def give_up(self) -> None:
        """Have it closed whenever it ends."""
        with self._turn:
            self._is_given_up = True
            if self.reached is not None:
                self.reached.close()

    def _run(self) -> None:
        try:
            reached = self._reach.connect(self._origin)
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits for the end
            self.error = error
        else:
            with self._turn:
                if self._is_given_up:
                    reached.close()
                self.reached = reached
        self._ring()


def _datagrams_to(target: Target) -> socket.socket:
    """Return a connected socket for datagrams. Raises OSError and UnicodeError."""
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_DGRAM)
    # IPv4 first: with UDP a refusal comes too late to try the next address, and a name like
    # localhost has both while most servers listen on IPv4 only.
    family, kind, protocol, _, address = min(found, key=lambda row: row[0] != socket.AF_INET)
    datagrams = socket.socket(family, kind, protocol)
    try:
        datagrams.connect(address)
        datagrams.setblocking(False)
    except OSError:
        datagrams.close()
        raise
    return datagrams
