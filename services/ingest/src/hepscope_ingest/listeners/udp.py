"""HEP over UDP: a non-blocking socket read in a loop, many datagrams a wake-up.

The standard ``DatagramProtocol`` reads one datagram per turn of the event loop, seven times
dearer. While the bus is full the socket is not read: the kernel's buffer fills, and what it
drops is counted by the kernel and exported.

At the end what the kernel holds is taken, but agents do not stop sending because we end: the
first reading that finds the socket empty is the last, and so is one after DRAIN_SECONDS.
"""

import asyncio
import contextlib
import socket
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from hepscope_common.logs import get_logger
from hepscope_common.runtime import Supervisor, cancel
from hepscope_common.settings import Listen
from hepscope_common.sockets import address_of, bind
from hepscope_ingest.intake import Intake
from hepscope_ingest.kernel_drops import kernel_drops
from hepscope_ingest.metrics import IngestMetrics
from hepscope_ingest.peers import Address, PeerTable

DATAGRAMS_PER_TURN = 128
"""Read in one go; more would starve TCP peers and timers, fewer cost more wake-ups."""

MAX_DATAGRAM = 65535

DRAIN_SECONDS = 2.5
"""A full buffer of 32 MB is read in less than half of it."""

_SO_RCVBUFFORCE = 33
"""Linux: a buffer beyond net.core.rmem_max, with CAP_NET_ADMIN."""

_log = get_logger("ingest.udp")


class UdpListener:
    """Reads one UDP socket."""

    def __init__(
        self,
        listen: Listen,
        intake: Intake,
        peers: PeerTable,
        metrics: IngestMetrics,
        supervisor: Supervisor,
        *,
        receive_buffer_bytes: int,
    ) -> None:
        self._listen = listen
        self._intake = intake
        self._peers = peers
        self._metrics = metrics
        self._supervisor = supervisor
        self._wanted_buffer = receive_buffer_bytes
        self._socket: socket.socket | None = None
        self._waiting: asyncio.Task[None] | None = None
        self.address = listen
        self.receive_buffer_bytes = 0

    @property
    def name(self) -> str:
        """What logs call it."""
        return f"udp {self.address}"

    def kernel_drops(self) -> int:
        """Return datagrams that the kernel dropped at this socket since it was opened."""
        return kernel_drops(self._socket) if self._socket is not None else 0

    async def __aenter__(self) -> Self:
        """Bind and read; raises StartupError when the address cannot be had."""
        bound = bind(self._listen, socket.SOCK_DGRAM, "HEP over UDP")
        self._socket = bound
        self.address = address_of(bound)
        self.receive_buffer_bytes = _grow_buffer(bound, self._wanted_buffer)
        if self.receive_buffer_bytes < self._wanted_buffer:
            _log.info(
                "%s: receive buffer is %d kB of %d kB wanted; bursts beyond it are dropped by the"
                " kernel (sysctl -w net.core.rmem_max=%d)",
                self.address,
                self.receive_buffer_bytes // 1024,
                self._wanted_buffer // 1024,
                self._wanted_buffer,
            )
        self._watch()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take what the kernel still holds, then close."""
        bound = self._socket
        assert bound is not None
        loop = asyncio.get_running_loop()
        loop.remove_reader(bound)
        await cancel(self._waiting)
        deadline = loop.time() + DRAIN_SECONDS
        try:
            await self._intake.unblocked()
            while self._read_some() == DATAGRAMS_PER_TURN and loop.time() < deadline:
                await self._intake.unblocked()
                # Readers of the bus share this loop and make the room.
                await asyncio.sleep(0)
        finally:
            self._socket = None
            bound.close()

    def _watch(self) -> None:
        if self._socket is not None:
            read = self._supervisor.guarded(self._read, name=self.name)
            asyncio.get_running_loop().add_reader(self._socket, read)

    def _read(self) -> None:
        # Another listener may have filled the bus since this turn was planned.
        if not self._intake.blocked:
            self._read_some()
        if self._intake.blocked:
            assert self._socket is not None
            asyncio.get_running_loop().remove_reader(self._socket)
            self._waiting = self._supervisor.start(self._read_again(), name=self.name)

    def _read_some(self) -> int:
        """Take up to a turn's worth of datagrams; returns how many there were."""
        receive = self._socket.recvfrom if self._socket is not None else None
        assert receive is not None
        datagrams: list[tuple[bytes, Address]] = []
        with contextlib.suppress(BlockingIOError, InterruptedError):
            for _ in range(DATAGRAMS_PER_TURN):
                # Not extend: what was received before the socket is empty must be kept.
                datagrams.append(receive(MAX_DATAGRAM))  # noqa: PERF401
        # First all of one thing, then all of the other: one by one in turns costs a tenth more.
        endpoint = self._peers.endpoint
        take = self._intake.take
        for data, address in datagrams:
            take(data, endpoint(address))
        self._metrics.received.add(("udp",), len(datagrams))
        return len(datagrams)

    async def _read_again(self) -> None:
        await self._intake.unblocked()
        self._watch()


def _grow_buffer(bound: socket.socket, wanted: int) -> int:
    """Ask for a receive buffer; returns the bytes the kernel grants, without its overhead."""
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, wanted)
    with contextlib.suppress(OSError):
        bound.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, wanted)
    # Linux doubles the number for its own use and reports the double.
    return bound.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2


def listening_drops(listeners: Iterable[UdpListener]) -> Iterable[tuple[tuple[str], float]]:
    """Return the kernel's drops by listen address, as a gauge reads them."""
    return [((str(one.address),), one.kernel_drops()) for one in listeners]
