"""HEP over TCP or TLS to an ingest of ours: what is acknowledged is safe, the rest is kept.

Packets are numbered and kept, up to a bound in bytes, until they are acknowledged; at the bound
``send`` waits, and so does the reader of the capture file. A packet that is acknowledged is on the
server's bus, where no crash loses it, or it was refused and counted there. Whatever breaks, the
rest is sent again under the same numbers, so that what came twice is stored once. When nothing is
acknowledged for longer than the patience lasts, that is an error, and the counts say how many
packets are not known to be safe.
"""

import threading
from types import TracebackType
from typing import Self

from hepscope_capture.clock import Clock
from hepscope_capture.senders.answers import Answers
from hepscope_capture.senders.connection import Connection
from hepscope_capture.senders.courier import CHUNK_BYTES, Courier, Tell
from hepscope_capture.senders.dialling import Dialler
from hepscope_capture.senders.numbering import Numbering
from hepscope_capture.senders.outbox import Outbox
from hepscope_capture.senders.patience import Patience
from hepscope_capture.senders.sender import SendCounts

# As many packets as an ingest of ours lets one sender have unacknowledged, 20,000, have about so
# many bytes.
KEPT_BYTES = 16 * 1024 * 1024

# For a thread that is connecting when it is dismissed; it holds nothing that must be waited for.
_END_SECONDS = 1.0


class AcknowledgedSender:
    """Sends packets over a connection that was greeted, and over others when it breaks."""

    def __init__(
        self,
        connection: Connection,
        answers: Answers,
        dialler: Dialler,
        clock: Clock,
        *,
        origin: bytes,
        patience: Patience,
        tell: Tell,
        kept_bytes: int = KEPT_BYTES,
    ) -> None:
        self._outbox = Outbox(kept_bytes)
        self._numbering = Numbering(origin)
        self._courier = Courier(
            self._outbox, dialler, clock, origin=origin, patience=patience, tell=tell
        )
        self._changed = self._courier.changed
        self._thread = threading.Thread(
            target=self._courier.run, args=(connection, answers), name="courier", daemon=True
        )
        self._counts = SendCounts(is_acknowledged=True)

    @property
    def counts(self) -> SendCounts:
        """What became of the packets so far; those sent and not acknowledged may be safe or not."""
        with self._changed:
            counts, outbox = self._counts, self._outbox
            counts.sent = outbox.taken
            counts.acknowledged = outbox.acknowledged
            counts.resent = outbox.repeated
            counts.unsent = outbox.never_taken
            counts.unacknowledged = len(outbox) - outbox.never_taken
            counts.reconnects = self._courier.reconnects
            return counts

    def __enter__(self) -> Self:
        """Begin to deliver."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close at once."""
        self._courier.dismiss()
        self._thread.join(_END_SECONDS)
        if not self._thread.is_alive():
            self._courier.close()

    def send(self, packet: bytes) -> None:
        """Number and keep one packet, waiting for room. Raises SendError."""
        outbox = self._outbox
        with self._changed:
            while not outbox.has_room and not self._courier.is_done:
                self._courier.ring()
                self._changed.wait()
            self._raise_failure()
            if not outbox:
                self._courier.renew_patience()
            numbered = self._numbering.number(packet, outbox.next_seq)
            if numbered is None:
                self._counts.unnumbered += 1
            outbox.add(numbered or packet, is_numbered=numbered is not None)
            is_chunk = outbox.waiting_bytes >= CHUNK_BYTES
        if is_chunk:
            self._courier.ring()

    def flush(self) -> None:
        """Have the waiting packets sent. Raises SendError."""
        self._raise_failure()
        if self._outbox.waiting_bytes:
            self._courier.ring()

    def finish(self) -> None:
        """Wait until every packet is acknowledged. Raises SendError."""
        self._courier.ring()
        with self._changed:
            while (self._outbox or self._courier.is_writing) and not self._courier.is_done:
                self._changed.wait()
            self._raise_failure()

    def _raise_failure(self) -> None:
        if self._courier.failure is not None:
            raise self._courier.failure
