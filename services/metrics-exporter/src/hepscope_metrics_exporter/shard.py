"""What is kept in memory of one partition: the attempts and sessions under way, and its time.

The time of a shard is that of arrival at ingest, less what slow nodes may be late. It runs with
the records, and with the wall clock once there are none: a record that is read an hour late finds
its attempts as they were an hour ago.
"""

from hepscope_common.calls.folding import AttemptFolding, Event
from hepscope_common.calls.sessions import Sessions


class Shard:
    """Attempts of the Call-IDs of one partition, in both views."""

    __slots__ = ("_late_us", "arrived_us", "folding", "silent_until_us", "time_us")

    def __init__(
        self, *, max_attempts: int, max_sessions: int, late_us: int, silent_until_us: int = 0
    ) -> None:
        """Be empty; what was over for whoever counted at ``silent_until_us`` is not counted."""
        self.folding = AttemptFolding(max_attempts)
        self.folding.sessions = Sessions(max_sessions)
        self.arrived_us = 0
        self.time_us = 0
        self.silent_until_us = max(silent_until_us - late_us, 0)
        self._late_us = late_us

    @property
    def evicted(self) -> int:
        """Attempts and sessions forgotten before their time, because there were too many."""
        return self.folding.evicted + self.folding.sessions.evicted

    def begin_to_count(self, arrived_us: int) -> None:
        """Settle in silence what was over when the first record came that nobody has counted.

        Whoever counted before may have heard of no later time, however long nothing came.
        """
        if self.silent_until_us:
            self.folding.expire(min(self.silent_until_us, arrived_us - self._late_us))
            self.silent_until_us = 0

    def advance(self, now_us: int) -> list[Event]:
        """Let time pass up to a time of arrival; returns what happened and is to be counted."""
        to_us = now_us - self._late_us
        if to_us <= self.time_us:
            return []
        self.time_us = to_us
        if self.silent_until_us:
            self.folding.expire(min(to_us, self.silent_until_us))
            if to_us <= self.silent_until_us:
                return []
            self.silent_until_us = 0
        return self.folding.expire(to_us)
