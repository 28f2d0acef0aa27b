"""Faults done to a stack of Docker Compose: each begins, lasts, and ends."""

import asyncio
from collections.abc import Mapping

from chaos.compose_container import ComposeContainer
from chaos.compose_places import BACKEND, FRONT
from chaos.parts import INGESTS, Part
from chaos.plan import Fault, Kind


class ComposeBreaker:
    """Begins and ends faults."""

    def __init__(self, parts: Mapping[Part, ComposeContainer]) -> None:
        self._parts = parts

    async def begin(self, fault: Fault) -> None:
        """Do it."""
        parts = [self._parts[part] for part in fault.parts]
        if fault.kind is Kind.KILL:
            await asyncio.gather(*(part.kill() for part in parts))
        elif fault.kind is Kind.CUT:
            await asyncio.gather(*(part.leave(BACKEND) for part in parts))
            await asyncio.gather(*(part.leave(FRONT) for part in self._entrances(fault)))
        else:
            await asyncio.gather(*(part.pause() for part in parts))

    async def end(self, fault: Fault) -> None:
        """Undo it; after a kill that is Docker's to do, and is waited for."""
        parts = [self._parts[part] for part in fault.parts]
        if fault.kind is Kind.KILL:
            await asyncio.gather(*(part.start() for part in parts))
        elif fault.kind is Kind.CUT:
            await asyncio.gather(*(part.join(BACKEND) for part in parts))
            await asyncio.gather(*(part.join(FRONT) for part in self._entrances(fault)))
        else:
            await asyncio.gather(*(part.resume() for part in parts))

    def _entrances(self, fault: Fault) -> list[ComposeContainer]:
        """Return the containers that lose their senders."""
        return [self._parts[part] for part in INGESTS] if fault.links else []
