"""Packets to one server, for commands that wait for it: no spool, and one line when it fails."""

from types import TracebackType
from typing import Self

from hepscope_capture.clock import Clock, SystemClock
from hepscope_capture.delivery.counts import DeliveryCounts
from hepscope_capture.delivery.plan import ServerPlan
from hepscope_capture.delivery.router import Router, make_router
from hepscope_capture.senders.acks import Acks
from hepscope_capture.senders.target import Target

PATIENCE_SECONDS = 15.0
"""So long a server may be away, or take nothing, before it is given up."""

_BATCH = 128
_MOMENT_SECONDS = 0.01
# The router wants the type of what it is given; here everything goes to the one server.
_ANY_KIND = 1


class SendError(Exception):
    """Nothing more can be sent; the text is one line for the user."""


def await_connections(router: Router, clock: Clock) -> None:
    """Return once each server is connected that has no other one to stand in for it.

    Raises SendError when one cannot be had.
    """
    waiting = [one for one in router.destinations if len(one.plan.targets) == 1]
    while waiting := [one for one in waiting if not one.connected_to]:
        for one in waiting:
            if one.trouble:
                raise SendError(one.trouble)
        clock.sleep(_MOMENT_SECONDS)


class DirectDelivery:
    """Sends HEP packets, or over UDP any datagrams, in their order; the server is asked nothing."""

    def __init__(self, target: Target, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._clock = SystemClock()
        plan = ServerPlan((target,), acks=Acks.NEVER)
        self._router = make_router([plan], self._clock, tell=lambda _: None)
        self._patience = patience_seconds
        self._batch: list[bytes] = []

    def __enter__(self) -> Self:
        """Connect. Raises SendError."""
        self._router.start()
        try:
            await_connections(self._router, self._clock)
        except SendError as error:
            self._router.end(0.0)
            raise SendError(f"cannot connect to {error}") from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close at once; whoever wants everything delivered calls finish before."""
        self._router.end(0.0)

    @property
    def counts(self) -> DeliveryCounts:
        """What became of the packets so far."""
        return self._router.destinations[0].counts()

    def send(self, packet: bytes) -> None:
        """Send a packet, together with the next ones. Raises SendError."""
        self._batch.append(packet)
        if len(self._batch) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Hand over what was kept back to be sent together. Raises SendError."""
        batch, self._batch = self._batch, []
        if batch and not self._router.put_waiting(batch, _ANY_KIND, self._patience):
            raise self._failure()

    def finish(self) -> None:
        """Wait until the server has everything, as far as that can be told. Raises SendError."""
        self.flush()
        if not self._router.finish(self._patience):
            raise self._failure()

    def _failure(self) -> SendError:
        one = self._router.destinations[0]
        return SendError(one.trouble or f"{one.name}: it takes nothing")
