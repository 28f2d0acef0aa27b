"""Sending what cannot be stored to the dead letters, before the batch around it is committed.

The headers say why and from where; the value is the packet as it came. Sent first and committed
after, a dead letter may arrive twice after a crash, but is never lost.
"""

from collections.abc import Sequence
from typing import Final

from hepscope_common.bus.protocol import Producer
from hepscope_common.bus.topics import DEAD_LETTER
from hepscope_storage_writer.batch import DeadLetter

REFUSED: Final = "refused_by_database"
"""The reason of packets that decode well but that PostgreSQL does not take."""


async def send(producer: Producer, letters: Sequence[DeadLetter]) -> None:
    """Return once the bus has acknowledged all of them."""
    for letter in letters:
        record = letter.record
        headers = (
            ("reason", letter.reason.encode()),
            ("detail", letter.detail.encode()),
            ("topic", record.topic.encode()),
            ("partition", str(record.partition).encode()),
            ("offset", str(record.offset).encode()),
            ("index", str(letter.index).encode()),
        )
        await producer.send(DEAD_LETTER, 0, letter.packet, 1, headers)
    if letters:
        await producer.flush()
