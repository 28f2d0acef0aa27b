"""A part as faults see it, whatever it is made of."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Runnable(Protocol):
    """What can be killed, stopped and started again."""

    @property
    def own_ends(self) -> int:
        """How often it ended although nobody asked it to."""
        ...

    async def start(self) -> None:
        """Start it."""
        ...

    async def kill(self) -> None:
        """End it as a crash does."""
        ...

    async def pause(self) -> None:
        """Stop it, as SIGSTOP does."""
        ...

    async def resume(self) -> None:
        """Let it go on."""
        ...
