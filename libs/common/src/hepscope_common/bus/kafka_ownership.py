"""Partitions that come and go: what the group wants is done here, within the reader's ``poll``.

The listener is asked before anything is given of what came, and told before anybody else gets what
goes.
"""

from collections.abc import Sequence

from aiokafka.errors import KafkaError

from hepscope_common.bus.kafka_bounds import Bounds, committed
from hepscope_common.bus.kafka_commits import Commits
from hepscope_common.bus.kafka_holding import Holding
from hepscope_common.bus.kafka_link import Link
from hepscope_common.bus.kafka_member import Member
from hepscope_common.bus.kafka_trouble import Trouble
from hepscope_common.bus.protocol import Listener, TopicPartition


class Ownership:
    """Makes what a reader holds what its group wants it to hold."""

    def __init__(
        self,
        link: Link,
        bounds: Bounds,
        holding: Holding,
        commits: Commits,
        *,
        listener: Listener | None,
        trouble: Trouble,
    ) -> None:
        self.gone = 0
        """Records that lay between what the group committed and what the logs still hold."""
        self._link = link
        self._bounds = bounds
        self._holding = holding
        self._commits = commits
        self._listener = listener
        self._trouble = trouble

    async def settle(self, member: Member) -> None:
        """Do what the group wants; raises what the listener raises.

        When the brokers do not say where to begin, nothing is taken over yet.
        """
        if member.handover.must_give_up:
            await self.give_up(member)
        if member.handover.assigned is not None:
            await self._take_over(member)
        if member.handover.must_give_up:
            await self.give_up(member)

    async def give_up(self, member: Member | None) -> None:
        """Hold nothing any more, once the listener was told, and let the group go on."""
        held = sorted(self._holding.positions)
        try:
            if held and self._listener is not None:
                await self._listener.on_revoked(held)
        finally:
            self._holding.forget()
            try:
                if held and member is not None:
                    await self._commits.send(member.client)
            finally:
                self._commits.clear()
                if member is not None:
                    member.handover.release()

    async def _take_over(self, member: Member) -> None:
        handover, assigned = member.handover, member.handover.assigned
        assert assigned is not None
        gained = sorted(self._link.unwire(at) for at in assigned)
        try:
            await self._bounds.ask(member.client, gained)
            starts = await self._starts(member, gained)
        except (KafkaError, TimeoutError) as error:
            self._trouble.note("positions", error)
            return
        if handover.assigned is not assigned:
            return
        handover.hold()
        self._holding.begin(starts)
        try:
            if gained and self._listener is not None:
                await self._listener.on_assigned(gained)
        except BaseException:
            # Whoever was not ready for them must not be given their records by the next poll.
            self._holding.forget()
            handover.release()
            raise
        if handover.assigned is assigned:
            handover.assigned = None
        self._trouble.over()
        for where, offset in self._holding.positions.items():
            member.seek(where, offset)
        member.resume(self._holding.flowing(gained))

    async def _starts(
        self, member: Member, gained: Sequence[TopicPartition]
    ) -> dict[TopicPartition, int]:
        """Return where to read from unless the listener seeks."""
        offsets = dict(await committed(member.client, self._link, gained))
        for where in gained:
            start = self._bounds.start(where)
            offset = offsets.setdefault(where, start)
            if not start <= offset <= self._bounds.end(where):
                text = "%s[%d] holds nothing at offset %d any more: the group begins at %d"
                self._trouble.tell("gone", text, *where, offset, start)
                self.gone += max(0, start - offset)
                offsets[where] = start
        return offsets
