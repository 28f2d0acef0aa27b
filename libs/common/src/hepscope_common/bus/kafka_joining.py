"""A place in a group that is kept: one member after another, as errors end them.

While no broker answers there is no member, and another try each second.
"""

import asyncio
from collections.abc import Callable

from aiokafka.errors import KafkaError

from hepscope_common.bus.kafka_member import Member
from hepscope_common.bus.kafka_trouble import Trouble
from hepscope_common.runtime import Supervisor, cancel

RETRY_SECONDS = 1.0
"""Before another try to connect."""


class Joining:
    """Opens members in the background."""

    def __init__(
        self,
        make: Callable[[], Member],
        *,
        name: str,
        changed: asyncio.Event,
        supervisor: Supervisor,
        trouble: Trouble,
    ) -> None:
        """Be inert; ``changed`` is set whenever a member has connected."""
        self.member: Member | None = None
        self._make = make
        self._name = name
        self._changed = changed
        self._supervisor = supervisor
        self._trouble = trouble
        self._opening: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to connect the next member."""
        self._opening = self._supervisor.start(self._open(), name=self._name)

    async def stop(self) -> None:
        """Connect no more; the member stays until ``close``."""
        await cancel(self._opening)

    async def close(self) -> None:
        """Let the member leave the group, if there is one."""
        member, self.member = self.member, None
        if member is not None:
            await member.stop()

    async def _open(self) -> None:
        while True:
            member = self._make()
            try:
                await member.start()
            except (KafkaError, OSError) as error:
                self._trouble.note("connect", error)
                await member.stop()
                await asyncio.sleep(RETRY_SECONDS)
            except asyncio.CancelledError:
                await member.stop()
                raise
            else:
                self.member = member
                self._changed.set()
                return
