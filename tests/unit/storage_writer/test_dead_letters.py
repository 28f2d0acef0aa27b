"""Tests of sending dead letters."""

from hepscope_common.bus.memory import MemoryBus
from hepscope_common.bus.protocol import Record, TopicPartition
from hepscope_common.bus.topics import DEAD_LETTER
from hepscope_storage_writer import dead_letters
from hepscope_storage_writer.batch import DeadLetter


async def test_a_letter_says_why_and_from_where() -> None:
    """The value is the packet as it came, the headers are its story."""
    bus = MemoryBus()
    letter = DeadLetter(Record("t", 2, 33, b"whole", 5), 4, b"bad", "refused_by_database", "22021")

    await dead_letters.send(bus.producer(), [letter])

    (record,) = bus.logs[TopicPartition(DEAD_LETTER, 0)].read(0, 1000)
    assert record.value == b"bad"
    assert dict(record.headers) == {
        "reason": b"refused_by_database",
        "detail": b"22021",
        "topic": b"t",
        "partition": b"2",
        "offset": b"33",
        "index": b"4",
    }
