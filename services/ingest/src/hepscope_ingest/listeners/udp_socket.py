"""One UDP socket: non-blocking, read in a loop, many datagrams a wake-up.

The standard ``DatagramProtocol`` reads one datagram per turn of the event loop, seven times
dearer. While the bus is full the socket is not read: the kernel's buffer fills, and what it
drops is counted by the kernel and exported.

At the end what the kernel holds is taken, but agents do not stop sending because we end: the
first reading that finds the socket empty is the last, and so is one after DRAIN_SECONDS.
"""

import asyncio
import contextlib
import socket

from hepscope_common.runtime import Supervisor, cancel
from hepscope_ingest.intake import Intake
from hepscope_ingest.kernel_drops import kernel_drops
from hepscope_ingest.metrics import IngestMetrics
from hepscope_ingest.peers import Address, PeerTable
from hepscope_ingest.turns import Turn

DATAGRAMS_PER_TURN = 128
"""Read in one go; more would starve TCP peers and timers, fewer cost more wake-ups."""

DATAGRAMS_AT_ONCE = 64
"""Between two looks at the time."""

MAX_DATAGRAM = 65535

DRAIN_SECONDS = 2.5
"""A full buffer of 32 MB is read in less than half of it."""

_SO_RCVBUFFORCE = 33
"""Linux: a buffer beyond net.core.rmem_max, with CAP_NET_ADMIN."""


class UdpSocket:
    """Reads one bound socket from ``open`` to ``drain``."""

    def __init__(
        self,
        bound: socket.socket,
        intake: Intake,
        peers: PeerTable,
        metrics: IngestMetrics,
        supervisor: Supervisor,
        *,
        name: str,
        receive_buffer_bytes: int,
    ) -> None:
        self._bound: socket.socket | None = bound
        self._intake = intake
        self._peers = peers
        self._metrics = metrics
        self._supervisor = supervisor
        self._name = name
        self._waiting: asyncio.Task[None] | None = None
        self.receive_buffer_bytes = _grow_buffer(bound, receive_buffer_bytes)

    def kernel_drops(self) -> int:
        """Return datagrams that the kernel dropped at this socket since it was opened."""
        return kernel_drops(self._bound) if self._bound is not None else 0

    def open(self) -> None:
        """Read from now on."""
        if self._bound is not None:
            read = self._supervisor.guarded(self._read, name=self._name)
            asyncio.get_running_loop().add_reader(self._bound, read)

    async def drain(self) -> None:
        """Take what the kernel still holds, then close."""
        bound = self._bound
        assert bound is not None
        loop = asyncio.get_running_loop()
        loop.remove_reader(bound)
        await cancel(self._waiting)
        deadline = loop.time() + DRAIN_SECONDS
        try:
            await self._intake.unblocked()
            while self._read_some() and loop.time() < deadline:
                await self._intake.unblocked()
                # Readers of the bus share this loop and make the room.
                await asyncio.sleep(0)
        finally:
            self._bound = None
            bound.close()

    def _read(self) -> None:
        # Another listener may have filled the bus since this turn was planned.
        if not self._intake.blocked:
            self._read_some()
        if self._intake.blocked:
            assert self._bound is not None
            asyncio.get_running_loop().remove_reader(self._bound)
            self._waiting = self._supervisor.start(self._read_again(), name=self._name)

    def _read_some(self) -> bool:
        """Take up to a turn's worth of datagrams; returns whether there may be more."""
        receive = self._bound.recvfrom if self._bound is not None else None
        assert receive is not None
        turn, taken = Turn(), 0
        while taken < DATAGRAMS_PER_TURN and not turn.is_over:
            datagrams: list[tuple[bytes, Address]] = []
            with contextlib.suppress(BlockingIOError, InterruptedError):
                for _ in range(DATAGRAMS_AT_ONCE):
                    # Not extend: what was received before the socket is empty must be kept.
                    datagrams.append(receive(MAX_DATAGRAM))  # noqa: PERF401
            # First all of one thing, then all of the other: one by one in turns costs a tenth more.
            endpoint = self._peers.endpoint
            take = self._intake.take
            for data, address in datagrams:
                take(data, endpoint(address))
            self._metrics.received.add(("udp",), len(datagrams))
            taken += len(datagrams)
            if len(datagrams) < DATAGRAMS_AT_ONCE:
                return False
        return True

    async def _read_again(self) -> None:
        await self._intake.unblocked()
        self.open()


def _grow_buffer(bound: socket.socket, wanted: int) -> int:
    """Ask for a receive buffer; returns the bytes the kernel grants, without its overhead."""
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, wanted)
    with contextlib.suppress(OSError):
        bound.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, wanted)
    # Linux doubles the number for its own use and reports the double.
    return bound.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
