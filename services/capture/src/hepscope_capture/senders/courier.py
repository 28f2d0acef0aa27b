"""Takes what lies in an outbox to a server that acknowledges, over as many connections as it needs.

It runs in a thread of its own, so that answers are heard, and broken connections restored, while
the replay waits for its next packet. Whoever shares the outbox holds ``changed``, which is also
notified of every change.
"""

import threading
from collections.abc import Callable

from hepscope_capture.clock import Clock
from hepscope_capture.counted import counted
from hepscope_capture.senders.answers import Answers, WrongAnswerError
from hepscope_capture.senders.bell import Bell
from hepscope_capture.senders.connection import Connection
from hepscope_capture.senders.dialling import Dialler, explain
from hepscope_capture.senders.greeting import greet
from hepscope_capture.senders.outbox import Outbox, UnknownNumberError
from hepscope_capture.senders.patience import Patience
from hepscope_capture.senders.sender import SendError

# Given to the kernel at once.
CHUNK_BYTES = 65_536

# With nothing to do, the bell wakes it; this only bounds what a lost one would cost.
_LONGEST_WAIT_SECONDS = 60.0

Tell = Callable[[str], None]
"""Takes a line that the user may want to know while it is still going on."""

_BROKEN = (OSError, UnicodeError, WrongAnswerError, UnknownNumberError)


class Courier:
    """Delivers until it is dismissed, or out of patience."""

    def __init__(
        self,
        outbox: Outbox,
        dialler: Dialler,
        clock: Clock,
        *,
        origin: bytes,
        patience: Patience,
        tell: Tell,
    ) -> None:
        self.changed = threading.Condition()
        self.failure: SendError | None = None
        self.reconnects = 0
        self.is_done = False
        """Whether nothing will be delivered any more, for whatever reason."""
        self.is_writing = False
        """Whether a chunk is under way that left the outbox."""
        self._outbox = outbox
        self._dialler = dialler
        self._clock = clock
        self._origin = origin
        self._patience = patience
        self._tell = tell
        self._bell = Bell()
        self._trouble = ""  # the last one since anything was acknowledged

    def run(self, connection: Connection, answers: Answers) -> None:
        """Deliver over this connection, which was greeted, and over others when it breaks."""
        failure: SendError | None = SendError(f"{self._dialler.target}: the sender broke down")
        try:
            self._deliver(connection, answers)
            failure = None
        except SendError as error:
            failure = error
        finally:
            with self.changed:
                self.failure, self.is_done = failure, True
                self.changed.notify_all()

    def ring(self) -> None:
        """Say that there is something to do."""
        self._bell.ring()

    def dismiss(self) -> None:
        """Have it end soon; what is not delivered by then stays in the outbox."""
        with self.changed:
            self.is_done = True
            self.changed.notify_all()
        self.ring()

    def close(self) -> None:
        """Free what it needed; it must have ended."""
        self._bell.close()

    def renew_patience(self) -> None:
        """Say that its patience is needed from now on: the outbox was empty."""
        self._patience.renew(self._clock.elapsed_seconds())

    def _deliver(self, connection: Connection, answers: Answers) -> None:
        """Converse, over ever new connections, until dismissed. Raises SendError."""
        while True:
            try:
                self._converse(connection, answers)
            except _BROKEN as error:
                self._note_trouble(error)
            else:
                return
            finally:
                connection.close()
            found = self._reconnect()
            if found is None:
                return
            connection, answers = found

    def _converse(self, connection: Connection, answers: Answers) -> None:
        """Send and listen; return once dismissed, raise one of _BROKEN or SendError."""
        chunk = memoryview(b"")
        while True:
            with self.changed:
                if self.is_done:
                    return
                chunk = chunk or memoryview(self._outbox.take(CHUNK_BYTES))
                self.is_writing = bool(chunk)
                self.changed.notify_all()
            connection.wait(self._bell.socket, is_sending=bool(chunk), seconds=self._next_look())
            self._bell.silence()
            data = connection.receive()
            if data == b"":
                raise ConnectionResetError("it closed the connection")
            # In this order: what was said while we did not listen comes before any conclusion.
            if data is None or not self._hear(answers.feed(data)):
                self._look_at_the_clock()
            if chunk:
                chunk = chunk[connection.send(chunk) :]

    def _hear(self, number: int | None) -> bool:
        """Let go of what is acknowledged; return whether that is progress."""
        if number is None:
            return False
        with self.changed:
            is_news = self._outbox.acknowledge(number)
            if is_news:
                self._patience.renew(self._clock.elapsed_seconds())
                self._trouble = ""
                self.changed.notify_all()
        return is_news

    @property
    def _is_busy(self) -> bool:
        """Whether anything waits for the server; else no patience is needed."""
        return bool(self._outbox) or self.is_writing

    def _next_look(self) -> float:
        if not self._is_busy:
            return _LONGEST_WAIT_SECONDS
        now = self._clock.elapsed_seconds()
        return min(self._patience.left(now), self._patience.stalls_in(now))

    def _look_at_the_clock(self) -> None:
        """Raise when nothing was acknowledged for too long."""
        if not self._is_busy:
            return
        now = self._clock.elapsed_seconds()
        self._give_up_if_late(now)
        if self._patience.stalls_in(now) <= 0:
            self._patience.stall()
            raise TimeoutError("it acknowledges nothing")

    def _give_up_if_late(self, now: float) -> None:
        if not self._is_busy or self._patience.left(now) > 0:
            return
        unsafe = counted(len(self._outbox), "message is", "messages are")
        waited = f"no acknowledgement for {self._patience.seconds:g} s"
        trouble = self._trouble or "it takes packets and acknowledges none"
        raise SendError(
            f"{self._dialler.target}: {trouble}; {waited}: {unsafe} not known to be safe"
        )

    def _reconnect(self) -> tuple[Connection, Answers] | None:
        """Return a new connection, None once dismissed. Raises SendError when it takes too long."""
        while self._pause(self._patience.next_delay()):
            try:
                return self._connect()
            except _BROKEN as error:
                self._note_trouble(error)
        return None

    def _connect(self) -> tuple[Connection, Answers]:
        connection, answers = Connection(self._dialler.dial()), Answers(self._origin)
        try:
            number = greet(connection, answers, self._origin, self._clock)
            if number is None:
                # It is one of ours: it answered before.
                raise TimeoutError("it does not answer")
            self._hear(number)
        except _BROKEN:
            connection.close()
            raise
        self._patience.connect(self._clock.elapsed_seconds())
        self.reconnects += 1
        return connection, answers

    def _note_trouble(self, error: Exception) -> None:
        """Make ready for the next connection, or give up; tell the user of the first trouble."""
        is_news, self._trouble = not self._trouble, explain(error)
        with self.changed:
            self._outbox.rewind()
            self.is_writing = False
            self.changed.notify_all()
        self._give_up_if_late(self._clock.elapsed_seconds())
        if is_news and not self.is_done:
            self._tell(f"{self._dialler.target}: {self._trouble}; trying again")

    def _pause(self, seconds: float) -> bool:
        """Wait; return whether to go on, which is soon known once dismissed."""
        end = self._clock.elapsed_seconds() + seconds
        with self.changed:
            while not self.is_done and (left := end - self._clock.elapsed_seconds()) > 0:
                self.changed.wait(left)
            return not self.is_done
