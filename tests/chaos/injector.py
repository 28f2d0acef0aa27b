"""Faults done to an installation: each begins, lasts, and ends."""

import asyncio
from typing import TYPE_CHECKING

from chaos.parts import Link, Part
from chaos.plan import Fault, Kind

if TYPE_CHECKING:
    from chaos.installation import Installation


class Injector:
    """Begins and ends faults."""

    def __init__(self, installation: "Installation") -> None:
        self._installation = installation

    async def begin(self, fault: Fault) -> None:
        """Do it."""
        parts = [self._installation.parts[part] for part in fault.parts]
        if fault.kind is Kind.KILL:
            await asyncio.gather(*(part.kill() for part in parts))
        elif fault.kind in (Kind.PAUSE, Kind.LONG_PAUSE):
            await asyncio.gather(*(part.pause() for part in parts))
        elif fault.kind is Kind.DISK:
            await asyncio.to_thread(self._installation.disk.fill)
        elif fault.kind is Kind.CLOCK:
            await self._restart(fault, shift_seconds=fault.shift_seconds)
        elif fault.kind is Kind.JUMP:
            self._set_clocks(fault, shift_seconds=fault.shift_seconds)
        else:
            await self._break(fault)

    async def end(self, fault: Fault) -> None:
        """Undo it; what was killed is started, which of the broker takes until it answers."""
        parts = [self._installation.parts[part] for part in fault.parts]
        if fault.kind is Kind.KILL:
            await asyncio.gather(*(part.start() for part in parts))
        elif fault.kind in (Kind.PAUSE, Kind.LONG_PAUSE):
            await asyncio.gather(*(part.resume() for part in parts))
        elif fault.kind is Kind.DISK:
            self._installation.disk.free()
        elif fault.kind is Kind.CLOCK:
            await self._restart(fault, shift_seconds=0)
        elif fault.kind is Kind.JUMP:
            self._set_clocks(fault, shift_seconds=0)
        else:
            for link in fault.links:
                await self._installation.proxies[link].restore()

    async def _break(self, fault: Fault) -> None:
        for link in fault.links:
            proxy = self._installation.proxies[link]
            if fault.kind is Kind.CUT:
                await proxy.cut()
            else:
                proxy.stall()

    async def _restart(self, fault: Fault, *, shift_seconds: int) -> None:
        for part in fault.parts:
            child = self._installation.services[part]
            await child.stop()
            self._installation.clocks[part].set(shift_seconds)
            await child.start()

    def _set_clocks(self, fault: Fault, *, shift_seconds: int) -> None:
        for part in fault.parts:
            self._installation.clocks[part].set(shift_seconds)


def breaks_span(fault: Fault, *, over_tcp: bool) -> bool:
    """Whether a fault ends the time in which the balance of a plain lane can be told."""
    is_cut = fault.kind is Kind.CUT and Link.TCP in fault.links
    # Both lanes go to the first ingest. Stopped for a while it must still account for everything.
    ends_ingest = fault.kind in (Kind.KILL, Kind.CLOCK) and Part.INGEST in fault.parts
    return ends_ingest or (over_tcp and is_cut)
