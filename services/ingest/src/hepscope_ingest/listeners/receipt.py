"""The packets of one request that a crash could still lose."""

import asyncio


class Receipt:
    """Counts packets until each is acknowledged; calling it acknowledges one."""

    __slots__ = ("_done", "_open")

    def __init__(self) -> None:
        self._open = 0
        self._done = asyncio.Event()

    def expect(self) -> None:
        """Count one more; to be called before the packet is given away."""
        self._open += 1

    def __call__(self) -> None:
        """Note that one is safe, or that it was not taken after all."""
        self._open -= 1
        if not self._open:
            self._done.set()

    async def complete(self) -> None:
        """Return once all that were expected are safe."""
        while self._open:
            self._done.clear()
            await self._done.wait()
