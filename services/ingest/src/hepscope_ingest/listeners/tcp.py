"""HEP over TCP: packets back to back, cut by the length in their heads.

A connection may be silent for hours, so none is closed for being idle unless a setting says so;
the kernel's keep-alive finds dead peers. Garbage closes it once no packet begins within 64 KiB.
While the bus is full nobody reads, and the peer's own TCP slows it down: of each connection a
few hundred kilobytes are held at most (a packet, and what ``Inflow`` holds).
"""

import asyncio
import contextlib
import socket
from dataclasses import dataclass
from types import TracebackType
from typing import ClassVar, Self

from hep import DecodeError, Reason, StreamDecoder
from hepscope_common.logs import get_logger
from hepscope_common.runtime import Supervisor, cancel
from hepscope_common.settings import Listen
from hepscope_common.sockets import address_of, bind
from hepscope_ingest.intake import Intake
from hepscope_ingest.ledger_stream import LedgerStream, is_lone_hello
from hepscope_ingest.listeners.accepting import Acceptor, keep_alive
from hepscope_ingest.listeners.inflow import Inflow
from hepscope_ingest.metrics import IngestMetrics
from hepscope_ingest.peers import Address, PeerTable
from hepscope_ingest.refusal import Refusal
from hepscope_ingest.turns import Turn

DRAIN_SECONDS = 2.5
"""For peers that go on sending; whoever stops is done as soon as all it sent is taken."""

PACKETS_AT_ONCE = 16
"""Between two looks at the time: of usual packets a millisecond's worth."""

_STRANGERS = (
    (b"\x16\x03", Refusal.TLS_ON_PLAIN, "TLS: send plain HEP here, or to an address of ingest.tls"),
    (b"POST ", Reason.NOT_HEP, "HTTP: ingest.http is for it"),
    (b"GET ", Reason.NOT_HEP, "HTTP: ingest.http is for it"),
)
"""How other protocols begin, whose speakers wait for an answer that never comes."""

_log = get_logger("ingest.tcp")


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What the connections to one address may take."""

    connections: int = 1000
    idle_seconds: float = 0.0
    """0: as long as they like."""
    keepalive_seconds: int = 60


class TcpListener:
    """Accepts connections at one address."""

    transport: ClassVar[str] = "tcp"
    purpose: ClassVar[str] = "HEP over TCP (ingest.tcp)"

    def __init__(
        self,
        listen: Listen,
        intake: Intake,
        peers: PeerTable,
        metrics: IngestMetrics,
        supervisor: Supervisor,
        *,
        limits: ConnectionLimits,
    ) -> None:
        self._listen = listen
        self._intake = intake
        self._peers = peers
        self._metrics = metrics
        self._supervisor = supervisor
        self._limits = limits
        self._acceptor: Acceptor | None = None
        self._connections: dict[asyncio.Task[None], socket.socket] = {}
        self.address = listen

    @property
    def name(self) -> str:
        """What logs call it."""
        return f"{self.transport} {self.address}"

    @property
    def connections(self) -> int:
        """Connections open now."""
        return len(self._connections)

    async def __aenter__(self) -> Self:
        """Bind and accept; raises StartupError when the address cannot be had."""
        bound = bind(self._listen, socket.SOCK_STREAM, self.purpose)
        self.address = address_of(bound)
        self._acceptor = Acceptor(bound, self._accept, self._supervisor, name=self.name)
        self._acceptor.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Accept no more, take what has arrived, then close every connection."""
        assert self._acceptor is not None
        self._acceptor.close()
        for connection in self._connections.values():
            # What the kernel holds stays readable, then comes the end of the stream: whatever
            # was acknowledged to a peer by TCP is taken before the connection closes.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        if self._connections:
            await asyncio.wait(self._connections, timeout=DRAIN_SECONDS)
        for task in list(self._connections):
            await cancel(task)

    def _accept(self, connection: socket.socket, address: Address) -> None:
        """Serve a connection in a task of ours, known from its first moment."""
        if not self._intake.is_allowed(self._peers.endpoint(address)):
            # Before anything is held for it, a handshake above all.
            self._refuse(Refusal.NETWORK, address, f"a connection to {self.name}")
            connection.close()
            return
        if len(self._connections) >= self._limits.connections:
            self._refuse(Refusal.CONNECTION_LIMIT, address, f"to {self.name}")
            connection.close()
            return
        with contextlib.suppress(OSError):
            keep_alive(connection, self._limits.keepalive_seconds)
        task = self._supervisor.start(self._converse(connection, address), name=self.name)
        self._connections[task] = connection
        task.add_done_callback(self._connections.pop)

    async def _converse(self, connection: socket.socket, address: Address) -> None:
        inflow = await self._open(connection, address)
        if inflow is None:
            return
        stream = LedgerStream(self._intake, self._metrics, inflow.answer)
        try:
            await self._read(inflow, stream, address)
            await stream.settle()
        except TimeoutError:
            self._refuse(Refusal.IDLE, address, f"for {self._limits.idle_seconds:g} s")
        finally:
            stream.close()
            inflow.abort()

    async def _open(self, connection: socket.socket, address: Address) -> Inflow | None:
        """Return where the bytes of a connection come in; None when it was refused and closed."""
        del address
        inflow = Inflow(is_tls=False)
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(lambda: inflow, connection)
        return inflow

    async def _read(self, inflow: Inflow, stream: LedgerStream, address: Address) -> None:
        """Take everything that comes; raises TimeoutError of a peer that is silent too long."""
        decoder, turn = StreamDecoder(), Turn()
        is_first = True
        while data := await self._next(inflow):
            if is_first and self._is_stranger(data, address):
                return
            # A greeting needs no room, and who waits a second for its answer takes us for others.
            is_hello = is_first and is_lone_hello(data)
            is_first = False
            packets = self._cut(decoder, data)
            for at in range(0, len(packets), PACKETS_AT_ONCE):
                # Before taking, not behind: what was read ahead must not pass a bus that is full.
                if self._intake.blocked and not is_hello:
                    await self._intake.unblocked()
                await stream.room()
                await turn.rest()
                # Looked up each time: the table may have forgotten the peer since.
                endpoint = self._peers.endpoint(address)
                stream.take(packets[at : at + PACKETS_AT_ONCE], endpoint)
            if decoder.failure is not None:
                self._refuse(decoder.failure.reason, address, "connection closed")
                return
        if decoder.buffered:
            self._refuse(Refusal.CUT_AT_CLOSE, address)

    async def _next(self, inflow: Inflow) -> bytes:
        if not self._limits.idle_seconds:
            return await inflow.read()
        async with asyncio.timeout(self._limits.idle_seconds):
            return await inflow.read()

    def _is_stranger(self, first: bytes, address: Address) -> bool:
        """Tell, and count, whether a connection begins like one of another protocol."""
        for start, reason, hint in _STRANGERS:
            if first.startswith(start):
                self._metrics.skipped_bytes.add((), len(first))
                self._refuse(reason, address, f"it speaks {hint}")
                return True
        return False

    def _cut(self, decoder: StreamDecoder, data: bytes) -> list[bytes]:
        """Return the packets that some bytes complete; a lost stream shows in the decoder."""
        skipped = decoder.skipped_bytes
        packets: list[bytes] = []
        with contextlib.suppress(DecodeError):
            packets = decoder.feed(data)
        self._metrics.skipped_bytes.add((), decoder.skipped_bytes - skipped)
        self._metrics.received.add((self.transport,), len(packets))
        return packets

    def _refuse(self, reason: str, address: Address, detail: str = "") -> None:
        self._intake.refuse(reason, self._peers.endpoint(address).peer, detail)
