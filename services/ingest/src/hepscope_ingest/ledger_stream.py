"""Packets of one connection on their way to the intake, and the answers that they get.

A sender that opens with its origin alone is told at once what is known of it, and from then on
how far its packets are safe: packets of origin (chunk 16) and ack (18), at most one every few
milliseconds. Who does not open so is a plain HEP sender and is told nothing.
"""

import asyncio
from collections.abc import Callable, Iterable

from hep import DecodeError, decode3, encode_ack, encode_hello, is_hello
from hep.chunks import HEAD_BYTES
from hepscope_ingest.intake import Intake
from hepscope_ingest.ledger import Ledger, number_of
from hepscope_ingest.metrics import IngestMetrics
from hepscope_ingest.peers import Endpoint

MAX_OUTSTANDING = 20_000
"""Packets of one sender that may wait for the bus before its connection is read no more: half a
second of a busy one, and, with the bus away, a few megabytes of entries."""

ANSWER_SECONDS = 0.005
"""Between two answers: a sender needs no more of them to free its memory."""

REPEAT_SECONDS = 0.1
"""After an answer that the peer has no room for."""

SETTLE_SECONDS = 2.0
"""For the packets of a sender that closed its half and waits for the last answer."""

_HELLO_START = encode_hello(bytes(16))[HEAD_BYTES : HEAD_BYTES + 6]
_LONGEST_HELLO = 300
"""An origin, and perhaps a key: whatever is longer need not be looked at."""


class LedgerStream:
    """Takes the packets of a connection; answers once it was asked to."""

    def __init__(
        self, intake: Intake, metrics: IngestMetrics, answer: Callable[[bytes], bool]
    ) -> None:
        """Make the way from a connection.

        answer sends bytes back, or returns False where the peer is gone or does not read.
        """
        self._intake = intake
        self._metrics = metrics
        self._answer = answer
        self._origin = b""
        self._ledger: Ledger | None = None
        self._answered = 0
        self._timer: asyncio.TimerHandle | None = None
        self._change = asyncio.Event()

    def take(self, packets: Iterable[bytes], endpoint: Endpoint) -> None:
        """Accept or refuse packets, each whole."""
        take = self._intake.take
        for packet in packets:
            if len(packet) <= _LONGEST_HELLO and self._greet(packet):
                continue
            if self._ledger is None:
                take(packet, endpoint, keep_origin=True)
            else:
                self._take_numbered(self._ledger, packet, endpoint)

    async def room(self) -> None:
        """Return once few enough of the packets taken wait for the bus."""
        ledger = self._ledger
        while ledger is not None and ledger.outstanding > MAX_OUTSTANDING:
            await self._changed()

    async def settle(self) -> None:
        """Return once the last packet is answered, or nobody is there to be told any more."""
        ledger = self._ledger
        if ledger is None:
            return
        deadline = asyncio.get_running_loop().time() + SETTLE_SECONDS
        while ledger.outstanding and self._answer(b""):
            try:
                async with asyncio.timeout_at(min(deadline, _soon())):
                    await self._changed()
            except TimeoutError:
                if asyncio.get_running_loop().time() >= deadline:
                    break
        self._tell()

    def close(self) -> None:
        """Answer no more; what waits for the bus is still counted for the sender's next hello."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._ledger is not None:
            self._ledger.watchers.remove(self._note)
            self._ledger = None

    def _greet(self, packet: bytes) -> bool:
        """Answer an opening packet; False when it is none."""
        if not packet.startswith(_HELLO_START, HEAD_BYTES):
            return False
        try:
            decoded = decode3(packet)
        except DecodeError:
            return False
        if not is_hello(decoded):
            return False
        self.close()
        self._metrics.hellos.add()
        self._origin, self._ledger = decoded.origin, self._intake.ledgers.of(decoded.origin)
        self._ledger.watchers.append(self._note)
        self._answered = -1
        self._tell()
        return True

    def _take_numbered(self, ledger: Ledger, packet: bytes, endpoint: Endpoint) -> None:
        number = number_of(packet)
        if number is None or number[0] != self._origin:
            self._intake.take(packet, endpoint, keep_origin=True)
            return
        seq = number[1]
        if seq <= ledger.highest:
            self._metrics.resent.add()
        entry = ledger.enter(seq)
        if not self._intake.take(packet, endpoint, keep_origin=True, acknowledged=entry):
            entry()

    def _note(self) -> None:
        self._change.set()
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(ANSWER_SECONDS, self._tell)

    def _tell(self) -> None:
        """Send the present state, unless it was sent; later again if there is no room for it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        ledger = self._ledger
        if ledger is None or ledger.acknowledged == self._answered:
            return
        if self._answer(encode_ack(self._origin, ledger.acknowledged)):
            self._answered = ledger.acknowledged
        else:
            self._timer = asyncio.get_running_loop().call_later(REPEAT_SECONDS, self._tell)

    async def _changed(self) -> None:
        self._change.clear()
        await self._change.wait()


def is_lone_hello(data: bytes) -> bool:
    """Tell whether these first bytes of a connection can be an opening packet and nothing else."""
    is_whole = len(data) == int.from_bytes(data[4:HEAD_BYTES], "big") <= _LONGEST_HELLO
    return is_whole and data.startswith(_HELLO_START, HEAD_BYTES)


def _soon() -> float:
    # A peer that goes away meanwhile changes no ledger: look again.
    return asyncio.get_running_loop().time() + REPEAT_SECONDS
