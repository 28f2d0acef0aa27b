"""HEP over TLS: the handshake, then all as over TCP.

A connection waits for its first byte without cost to others; then only so many handshakes are
under way at once, each being a millisecond of the event loop, and the rest wait for their turn. The
first byte and the handshake each have a limit of seconds; the wait, whose fault it is not, has none
but that of those before it.
"""

import asyncio
import socket
import ssl
from dataclasses import dataclass
from typing import ClassVar

from hepscope_common.runtime import Supervisor
from hepscope_common.settings import Listen
from hepscope_ingest.intake import Intake
from hepscope_ingest.listeners.inflow import Inflow
from hepscope_ingest.listeners.tcp import ConnectionLimits, TcpListener
from hepscope_ingest.metrics import IngestMetrics
from hepscope_ingest.peers import Address, PeerTable
from hepscope_ingest.refusal import Refusal
from hepscope_ingest.tls_terms import TlsTerms

_HANDSHAKE = b"\x16"
"""The first byte of every TLS connection: a record of the handshake (RFC 8446, 5.1)."""


@dataclass(frozen=True, slots=True)
class HandshakeLimits:
    """What handshakes may take, of all TLS addresses one by one."""

    seconds: float = 10.0
    at_once: int = 100


class TlsListener(TcpListener):
    """Accepts TLS connections at one address."""

    transport: ClassVar[str] = "tls"
    purpose: ClassVar[str] = "HEP over TLS (ingest.tls)"

    def __init__(
        self,
        listen: Listen,
        intake: Intake,
        peers: PeerTable,
        metrics: IngestMetrics,
        supervisor: Supervisor,
        *,
        limits: ConnectionLimits,
        terms: TlsTerms,
        handshakes: HandshakeLimits,
    ) -> None:
        super().__init__(listen, intake, peers, metrics, supervisor, limits=limits)
        self._terms = terms
        self._seconds = handshakes.seconds
        self._turns = asyncio.Semaphore(handshakes.at_once)

    async def _open(self, connection: socket.socket, address: Address) -> Inflow | None:
        """Return where the bytes come in, deciphered; None when there was no handshake."""
        inflow = None
        try:
            async with asyncio.timeout(self._seconds):
                has_begun = await self._begins(connection, address)
            if has_begun:
                async with self._turns, asyncio.timeout(self._seconds):
                    inflow = await self._shake_hands(connection)
        except TimeoutError:
            self._refuse(Refusal.TLS_HANDSHAKE, address, f"not done within {self._seconds:g} s")
        except OSError as error:
            self._refuse(Refusal.TLS_HANDSHAKE, address, _text(error))
        finally:
            if inflow is None:
                connection.close()
        return inflow

    async def _begins(self, connection: socket.socket, address: Address) -> bool:
        """Tell whether a handshake has begun, once something came."""
        first = await _peek(connection)
        # Who goes without a word only looked whether somebody listens here.
        if first and first != _HANDSHAKE:
            hint = "it does not speak TLS; plain HEP is for an address of ingest.tcp"
            self._refuse(Refusal.PLAIN_ON_TLS, address, hint)
        return first == _HANDSHAKE

    async def _shake_hands(self, connection: socket.socket) -> Inflow:
        inflow = Inflow(is_tls=True)
        await asyncio.get_running_loop().connect_accepted_socket(
            lambda: inflow,
            connection,
            ssl=self._terms.context(),
            ssl_handshake_timeout=self._seconds,
        )
        return inflow


async def _peek(connection: socket.socket) -> bytes:
    """Return the first byte that comes without taking it; nothing of a peer that has gone."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            return connection.recv(1, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            is_readable = asyncio.Event()
            loop.add_reader(connection, is_readable.set)
            try:
                await is_readable.wait()
            finally:
                loop.remove_reader(connection)


def _text(error: OSError) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    return error.strerror or str(error) or type(error).__name__
