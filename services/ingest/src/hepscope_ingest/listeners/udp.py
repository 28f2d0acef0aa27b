"""HEP over UDP at one address, by one socket or several.

Several share the port (SO_REUSEPORT): the kernel gives each sender one of them, by address and
port, and each has a receive buffer of its own. What one process reads is the same; what bursts
may pile up meanwhile is as many times more, and one sender's burst overflows one buffer only.
"""

import asyncio
import socket
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from hepscope_common.logs import get_logger
from hepscope_common.runtime import Supervisor
from hepscope_common.settings import Listen
from hepscope_common.sockets import address_of, bind
from hepscope_ingest.intake import Intake
from hepscope_ingest.listeners.udp_socket import UdpSocket
from hepscope_ingest.metrics import IngestMetrics
from hepscope_ingest.peers import PeerTable

PURPOSE = "HEP over UDP (ingest.udp)"

_log = get_logger("ingest.udp")


class UdpListener:
    """Reads the sockets of one address."""

    def __init__(
        self,
        listen: Listen,
        intake: Intake,
        peers: PeerTable,
        metrics: IngestMetrics,
        supervisor: Supervisor,
        *,
        receive_buffer_bytes: int,
        sockets: int = 1,
    ) -> None:
        self._listen = listen
        self._intake = intake
        self._peers = peers
        self._metrics = metrics
        self._supervisor = supervisor
        self._wanted_buffer = receive_buffer_bytes
        self._wanted_sockets = sockets
        self.sockets: list[UdpSocket] = []
        self.address = listen

    @property
    def name(self) -> str:
        """What logs call it."""
        return f"udp {self.address}"

    async def __aenter__(self) -> Self:
        """Bind and read; raises StartupError when the address cannot be had."""
        for bound in self._bind():
            self.sockets.append(
                UdpSocket(
                    bound,
                    self._intake,
                    self._peers,
                    self._metrics,
                    self._supervisor,
                    name=self.name,
                    receive_buffer_bytes=self._wanted_buffer,
                )
            )
        for one in self.sockets:
            one.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take what the kernel still holds, then close."""
        closing, self.sockets = self.sockets, []
        # Together: they share the time that there is.
        await asyncio.gather(*(one.drain() for one in closing))

    def _bind(self) -> list[socket.socket]:
        # Alone first, even of several: sharing would hide that another process has the port.
        alone = bind(self._listen, socket.SOCK_DGRAM, PURPOSE)
        self.address = address_of(alone)
        if self._wanted_sockets == 1:
            return [alone]
        alone.close()
        return [
            bind(self.address, socket.SOCK_DGRAM, PURPOSE, reuse_port=True)
            for _ in range(self._wanted_sockets)
        ]


def receive_buffers(listeners: Iterable[UdpListener]) -> Iterable[tuple[tuple[str, str], float]]:
    """Return the receive buffer of each socket, as a gauge reads them."""
    for listener in listeners:
        for number, one in enumerate(listener.sockets):
            yield (str(listener.address), str(number)), one.receive_buffer_bytes


def listening_drops(listeners: Iterable[UdpListener]) -> Iterable[tuple[tuple[str, str], float]]:
    """Return the kernel's drops at each socket, as a gauge reads them."""
    for listener in listeners:
        for number, one in enumerate(listener.sockets):
            yield (str(listener.address), str(number)), one.kernel_drops()
