"""Sending what cannot be stored to the dead letters, before the batch around it is committed.

The headers say why and from where; the value is the packet as it came. Sent first and committed
after, a dead letter may arrive twice after a crash, but is never lost on the way. Their rate has a
limit, over which they are counted and dropped: a flood of rubbish must not fill the topic, nor
push out of it the first letters, which tell what began it.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final

from hepscope_common.bus.protocol import Producer
from hepscope_common.bus.topics import DEAD_LETTER
from hepscope_storage_writer.batch import DeadLetter

REFUSED: Final = "refused_by_database"
"""The reason of packets that decode well but that PostgreSQL does not take."""

BAD_REPORT: Final = "bad_node_report"
"""The reason of packets that are marked as ingest's report on its nodes and are none."""

_MINUTE_SECONDS: Final = 60.0


class Outbox:
    """Takes dead letters to the bus, at most so many a minute, and as many at once."""

    def __init__(
        self,
        producer: Producer,
        *,
        per_minute: int,
        elapsed_seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._producer = producer
        self._per_minute = per_minute
        self._elapsed_seconds = elapsed_seconds
        self._room = float(per_minute)
        self._at = elapsed_seconds()

    async def send(self, letters: Sequence[DeadLetter]) -> int:
        """Return, once the bus has acknowledged the others, how many were over the limit."""
        if not letters:
            return 0
        taken = letters[: self._take(len(letters))]
        for letter in taken:
            headers = _headers(letter)
            await self._producer.send(DEAD_LETTER, 0, letter.packet, 1, headers)
        await self._producer.flush()
        return len(letters) - len(taken)

    def _take(self, wanted: int) -> int:
        now = self._elapsed_seconds()
        earned = (now - self._at) * self._per_minute / _MINUTE_SECONDS
        self._room, self._at = min(self._room + earned, float(self._per_minute)), now
        taken = min(wanted, int(self._room))
        self._room -= taken
        return taken


def _headers(letter: DeadLetter) -> tuple[tuple[str, bytes], ...]:
    record = letter.record
    return (
        ("reason", letter.reason.encode()),
        ("detail", letter.detail.encode()),
        ("topic", record.topic.encode()),
        ("partition", str(record.partition).encode()),
        ("offset", str(record.offset).encode()),
        ("index", str(letter.index).encode()),
    )
