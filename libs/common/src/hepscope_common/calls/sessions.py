"""Sessions: answered attempts whose hang-up is awaited, each found by its Call-ID and a tag.

One whose BYE is never seen is forgotten a day after its answer. The oldest go first when there
are too many.
"""

from collections import OrderedDict
from typing import Final

from hepscope_common.calls.attempt import Attempt

SESSION_US: Final = 24 * 3600 * 1_000_000
MAX_SESSIONS: Final = 400_000  # about 600 bytes each
MAX_OF_A_CALL: Final = 8


class Sessions:
    """Answered attempts in the order of their answers."""

    def __init__(self, limit: int = MAX_SESSIONS) -> None:
        self.evicted = 0  # forgotten before their time, because there were too many
        self._limit = limit
        self._of_calls: dict[tuple[str, str], list[Attempt]] = {}
        self._order: OrderedDict[int, tuple[int, Attempt]] = OrderedDict()
        self.by_node: dict[str, int] = {}
        """How many are under way, by the scope in which they are known."""

    def __len__(self) -> int:
        """Return how many are under way."""
        return len(self._order)

    def add(self, attempt: Attempt, over_us: int) -> None:
        """Begin the session of an answered attempt, to be forgotten at ``over_us``."""
        sessions = self._of_calls.setdefault((attempt.node, attempt.call_id), [])
        if len(sessions) >= MAX_OF_A_CALL:
            self.evicted += 1
            return
        sessions.append(attempt)
        self._order[id(attempt)] = (over_us, attempt)
        self.by_node[attempt.node] = self.by_node.get(attempt.node, 0) + 1
        if len(self._order) > self._limit:
            self.evicted += 1
            self._forget_oldest()

    def take(self, scope: str, call_id: str, from_tag: str, to_tag: str) -> Attempt | None:
        """End the session that a BYE of these tags means; None when there is none.

        A BYE without To tag (RFC 2543 allowed it) means the only one of its Call-ID.
        """
        sessions = self._of_calls.get((scope, call_id), ())
        is_vague = not to_tag and len(sessions) == 1
        for attempt in sessions:
            if is_vague or attempt.from_tag in (from_tag, to_tag):
                self._remove(attempt)
                return attempt
        return None

    def expire(self, now_us: int) -> None:
        """Forget what is over."""
        while self._order and next(iter(self._order.values()))[0] <= now_us:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        self._remove(next(iter(self._order.values()))[1])

    def _remove(self, attempt: Attempt) -> None:
        del self._order[id(attempt)]
        self.by_node[attempt.node] -= 1
        if not self.by_node[attempt.node]:
            del self.by_node[attempt.node]
        key = (attempt.node, attempt.call_id)
        sessions = self._of_calls[key]
        # By identity: two attempts may be equal in every field.
        sessions[:] = [one for one in sessions if one is not attempt]
        if not sessions:
            del self._of_calls[key]
