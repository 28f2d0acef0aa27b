"""The thread of an input that listens: sockets of every transport, one loop, nothing that waits.

All that arrives is handed on in the order of its socket, in batches: ``flush`` is called when a
turn of the loop is over.
"""

import contextlib
import selectors
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hepscope_capture.inputs.binding import address_of, bind, kernel_drops
from hepscope_capture.inputs.connection import Answer, Cutter, Refusal
from hepscope_capture.inputs.connections import Connections
from hepscope_capture.inputs.counts import ServingCounts
from hepscope_capture.inputs.listen import Listen
from hepscope_capture.inputs.peers import Address, Peers
from hepscope_capture.inputs.server_tls import Identity
from hepscope_capture.senders.bell import Bell
from hepscope_capture.senders.target import Scheme
from hepscope_common.logs import Throttle, get_logger
from hepscope_common.rules.networks import Network

LOOK_SECONDS = 1.0
DRAIN_SECONDS = 2.0
_DATAGRAMS_PER_TURN = 256
_MAX_DATAGRAM = 65_535


class Consumer(Protocol):
    """What an input does with the bytes."""

    def take_datagrams(self, datagrams: Sequence[tuple[bytes, Address]], local: Address) -> None:
        """Take datagrams, in order, that came to an address of ours."""
        ...

    def open_stream(self, peer: Address, local: Address, answer: Answer) -> Cutter:
        """Return what takes the bytes of a new connection; ``answer`` sends some back."""
        ...

    def flush(self) -> None:
        """Hand on what was taken."""
        ...

    @property
    def pause_seconds(self) -> float:
        """How long ``flush`` may not be called at most, while nothing arrives."""
        ...


@dataclass(frozen=True, slots=True)
class ServingPlan:
    """Where to listen, to whom, and how many at once."""

    listen: tuple[Listen, ...]
    peers: tuple[Network, ...]
    connections: int
    idle_seconds: float
    identity: Identity


class Loop:
    """The sockets, and the loop of the thread."""

    def __init__(
        self,
        plan: ServingPlan,
        peers: Peers,
        counts: ServingCounts,
        consumer: Consumer,
        name: str,
    ) -> None:
        self.addresses: tuple[Listen, ...] = ()
        self._plan = plan
        self._peers = peers
        self._counts = counts
        self._consumer = consumer
        self._bell = Bell()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._bell.socket, selectors.EVENT_READ)
        self._connections = Connections(
            self._selector,
            peers,
            counts,
            self._refuse,
            most=plan.connections,
            idle_seconds=plan.idle_seconds,
        )
        self._datagram_sockets: dict[socket.socket, Address] = {}
        self._listeners: dict[socket.socket, ssl.SSLContext | None] = {}
        self._is_paused = False
        self._is_stopped = False
        self._throttle = Throttle(get_logger(f"capture.{name}"))

    def open(self) -> None:
        """Bind every address. Raises InputError."""
        is_tls = any(one.scheme is Scheme.TLS for one in self._plan.listen)
        tls = self._plan.identity.context() if is_tls else None
        for listen in self._plan.listen:
            bound = bind(listen)
            self.addresses += (address_of(bound, listen.scheme),)
            if listen.scheme is Scheme.UDP:
                host, port = bound.getsockname()[:2]
                self._datagram_sockets[bound] = (host, port)
            else:
                self._listeners[bound] = tls if listen.scheme is Scheme.TLS else None
            self._selector.register(bound, selectors.EVENT_READ)

    def stop(self) -> None:
        """Have ``run`` return soon; from any thread."""
        self._is_stopped = True
        self._bell.ring()

    def close(self) -> None:
        """Free the sockets."""
        self._selector.close()
        for bound in (*self._datagram_sockets, *self._listeners):
            bound.close()
        self._bell.close()

    def run(self) -> None:
        """Serve until stopped; then take what has arrived, and close every connection."""
        look_at = 0.0
        held: list[socket.socket] = []
        while not self._is_stopped:
            now = time.monotonic()
            if now >= look_at:
                self._look(now)
                look_at = now + LOOK_SECONDS
            pause = min(max(look_at - now, 0.0), self._consumer.pause_seconds)
            ready = self._selector.select(0.0 if held else pause)
            self._serve((*held, *(key.fileobj for key, _ in ready)))
            held = self._connections.held()
        self._drain()

    def _serve(self, ready: Sequence[object]) -> None:
        """Take a turn of each socket that has something."""
        for one in ready:
            if not isinstance(one, socket.socket):
                continue
            if one in self._datagram_sockets:
                self._receive(one)
            elif one in self._listeners:
                tls = self._listeners[one]
                if not self._connections.accept(one, tls, self._consumer.open_stream):
                    self._pause()
            else:
                self._connections.read(one)
        self._consumer.flush()

    def _receive(self, bound: socket.socket) -> bool:
        """Take datagrams; return whether there may be more."""
        allows, receive = self._peers.allows, bound.recvfrom
        datagrams: list[tuple[bytes, Address]] = []
        taken = 0
        with contextlib.suppress(BlockingIOError, InterruptedError):
            while taken < _DATAGRAMS_PER_TURN:
                data, address = receive(_MAX_DATAGRAM)
                taken += 1
                if allows(address[0]):
                    datagrams.append((data, (address[0], address[1])))
                else:
                    self._refuse(Refusal.STRANGER, address[0])
        if datagrams:
            self._counts.bytes += sum(len(data) for data, _ in datagrams)
            self._consumer.take_datagrams(datagrams, self._datagram_sockets[bound])
        return taken == _DATAGRAMS_PER_TURN

    def _look(self, now: float) -> None:
        """Do what is due once a second."""
        self._counts.kernel_drops = sum(map(kernel_drops, self._datagram_sockets))
        if self._is_paused:
            self._is_paused = False
            for listener in self._listeners:
                self._selector.register(listener, selectors.EVENT_READ)
        self._connections.look(now)

    def _pause(self) -> None:
        """Accept nobody for a moment: a listener stays ready, and the loop would spin."""
        if not self._is_paused:
            self._is_paused = True
            for listener in self._listeners:
                self._selector.unregister(listener)

    def _drain(self) -> None:
        """Take what the kernel holds; whoever goes on sending meanwhile gets no further."""
        deadline = time.monotonic() + DRAIN_SECONDS
        for bound in self._datagram_sockets:
            while self._receive(bound) and time.monotonic() < deadline:
                self._consumer.flush()
        for listener, tls in self._listeners.items():
            # Who was let in by the kernel has sent perhaps, and gone again.
            known = -1
            while self._counts.accepted != known:
                known = self._counts.accepted
                self._connections.accept(listener, tls, self._consumer.open_stream)
        self._connections.drain(deadline, self._consumer.flush)
        self._consumer.flush()
        # Whoever waits for an answer gets it if it comes soon.
        while self._consumer.pause_seconds < LOOK_SECONDS and time.monotonic() < deadline:
            time.sleep(self._consumer.pause_seconds)
            self._consumer.flush()
        self._connections.close()

    def _refuse(self, reason: Refusal, host: str) -> None:
        self._counts.refused[reason] += 1
        self._throttle.warning(reason, "refused %s: %s", host or "a peer", reason)
