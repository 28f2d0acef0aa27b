"""Every listener of one ingest: opened one after the other, closed all at once.

Together they share the time that the end may take, and each of several sockets would otherwise
go on filling while another one is drained.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Protocol, Self

from hepscope_common.node_report import MAX_LISTENERS, ListenerState
from hepscope_common.runtime import Supervisor
from hepscope_ingest.intake import Intake
from hepscope_ingest.listeners.http import HttpListener
from hepscope_ingest.listeners.requests import RequestLimits
from hepscope_ingest.listeners.tcp import ConnectionLimits, TcpListener
from hepscope_ingest.listeners.tls import HandshakeLimits, TlsListener
from hepscope_ingest.listeners.udp import UdpListener
from hepscope_ingest.metrics import IngestMetrics
from hepscope_ingest.peers import PeerTable
from hepscope_ingest.settings import IngestSettings
from hepscope_ingest.tls_terms import TlsTerms


class Listener(Protocol):
    """One address at which packets come in."""

    @property
    def name(self) -> str:
        """Transport and address, as logs call it."""
        ...

    async def __aenter__(self) -> Self:
        """Open; raises StartupError when the address cannot be had."""
        ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take what has arrived, then close."""
        ...


class Listening:
    """The listeners that the settings ask for."""

    def __init__(
        self,
        settings: IngestSettings,
        intake: Intake,
        peers: PeerTable,
        metrics: IngestMetrics,
        supervisor: Supervisor,
    ) -> None:
        parts = (intake, peers, metrics, supervisor)
        limits = ConnectionLimits(
            settings.tcp_connections, settings.tcp_idle_seconds, settings.tcp_keepalive_seconds
        )
        handshakes = HandshakeLimits(settings.tls_handshake_seconds, settings.tls_handshakes)
        self._terms = TlsTerms(settings)
        self.udp = [
            UdpListener(
                listen,
                *parts,
                receive_buffer_bytes=settings.receive_buffer_bytes,
                sockets=settings.udp_sockets,
            )
            for listen in settings.udp
        ]
        self.tcp = [TcpListener(listen, *parts, limits=limits) for listen in settings.tcp]
        self.tls = [
            TlsListener(listen, *parts, limits=limits, terms=self._terms, handshakes=handshakes)
            for listen in settings.tls
        ]
        requests = RequestLimits(settings.http_body_bytes, settings.http_wait_seconds)
        self.http = [
            HttpListener(
                listen, *parts, limits=limits, requests=requests, origins=settings.http_origins
            )
            for listen in settings.http
        ]
        self._open: list[Listener] = []

    @property
    def all(self) -> Sequence[Listener]:
        """All of them, in the order in which they open."""
        return [*self.udp, *self.tcp, *self.tls, *self.http]

    @property
    def first_port(self) -> int:
        """A port of ours, known once they are open; 0 without any."""
        listeners: list[UdpListener | TcpListener | HttpListener]
        listeners = [*self.udp, *self.tcp, *self.tls, *self.http]
        return listeners[0].address.port if listeners else 0

    def states(self, received: Mapping[tuple[str, ...], float]) -> list[ListenerState]:
        """Return where packets are taken, given how many came by each transport."""
        parts: dict[str, Sequence[UdpListener | TcpListener | HttpListener]]
        parts = {"udp": self.udp, "tcp": self.tcp, "tls": self.tls, "http": self.http}
        # What comes by WebSocket comes to an address of HTTP.
        counted = {"http": ("http", "ws")}
        found = [
            ListenerState(
                transport=transport,
                host=one.address.host,
                port=one.address.port,
                received=int(
                    sum(received.get((by,), 0) for by in counted.get(transport, (transport,)))
                ),
            )
            for transport, listeners in parts.items()
            for one in listeners
        ]
        return found[:MAX_LISTENERS]

    def connections(self) -> Iterable[tuple[tuple[str], float]]:
        """Return the open connections by address, as a gauge reads them."""
        listeners: list[TcpListener | HttpListener] = [*self.tcp, *self.tls, *self.http]
        return [((str(one.address),), one.connections) for one in listeners]

    def certificate_expiry(self) -> Iterable[tuple[tuple[()], float]]:
        """Return when the certificate expires, as a gauge reads it; nothing without TLS."""
        return [((), self._terms.expires_at)] if self.tls else []

    async def __aenter__(self) -> Self:
        """Open every listener, or none; raises StartupError."""
        if self.tls:
            self._terms.load()
        try:
            for listener in self.all:
                await listener.__aenter__()
                self._open.append(listener)
        except BaseException:
            # Nobody exits what was not entered.
            await self._close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all of them, whatever one of them raises; then raise that."""
        await self._close()

    async def _close(self) -> None:
        closing = [one.__aexit__(None, None, None) for one in self._open]
        self._open = []
        for result in await asyncio.gather(*closing, return_exceptions=True):
            if result is not None:
                raise result
