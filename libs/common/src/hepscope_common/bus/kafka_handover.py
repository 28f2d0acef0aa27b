"""What the group coordinator wants of a reader, until the reader's own ``poll`` acts on it.

The library swallows errors of a rebalance listener, so this one only notes. It holds the group up
until what was owned has been given up: the next owner starts after that.
"""

import asyncio
from collections.abc import Callable, Iterable

from aiokafka import TopicPartition as WireTopicPartition
from aiokafka.abc import ConsumerRebalanceListener


class Handover:
    """The wishes of the group: to give up what is held, then to take over what was assigned."""

    def __init__(
        self, pause: Callable[[Iterable[WireTopicPartition]], None], changed: asyncio.Event
    ) -> None:
        """Note, and set ``changed``; ``pause`` keeps the library from reading before poll knows."""
        self.must_give_up = False
        self.assigned: frozenset[WireTopicPartition] | None = None
        self.changed = changed
        self._pause = pause
        self._is_holding = False
        self._is_closed = False
        self._free = asyncio.Event()

    async def on_partitions_revoked(self, revoked: object) -> None:
        """Return when poll has given up what it held."""
        del revoked
        self.assigned = None
        if not self._is_holding or self._is_closed:
            return
        self.must_give_up = True
        self._free.clear()
        self.changed.set()
        await self._free.wait()

    async def on_partitions_assigned(self, assigned: Iterable[WireTopicPartition]) -> None:
        """Note what poll is to take over."""
        found = frozenset(assigned)
        self._pause(found)
        self.assigned = found
        self.changed.set()

    def hold(self) -> None:
        """From now on the group waits for ``release``."""
        self._is_holding = True

    def release(self) -> None:
        """Nothing is held any more."""
        self._is_holding = False
        self.must_give_up = False
        self._free.set()

    def close(self) -> None:
        """Let the group never wait again."""
        self._is_closed = True
        self.release()


ConsumerRebalanceListener.register(Handover)
