"""Tests of sending dead letters."""

from hepscope_common.bus.memory import MemoryBus
from hepscope_common.bus.protocol import Record, TopicPartition
from hepscope_common.bus.topics import DEAD_LETTER
from hepscope_storage_writer.batch import DeadLetter
from hepscope_storage_writer.dead_letters import Outbox


async def test_a_letter_says_why_and_from_where() -> None:
    """The value is the packet as it came, the headers are its story."""
    bus = MemoryBus()
    letter = DeadLetter(Record("t", 2, 33, b"whole", 5), 4, b"bad", "refused_by_database", "22021")

    assert await Outbox(bus.producer(), per_minute=9).send([letter]) == 0

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


async def test_letters_over_the_limit_are_dropped_and_told() -> None:
    """The first ones of a flood are kept; with time there is room again."""
    bus, seconds = MemoryBus(), [100.0]
    outbox = Outbox(bus.producer(), per_minute=60, elapsed_seconds=lambda: seconds[0])
    letters = [DeadLetter(Record("t", 0, n, b"", 1), 0, b"bad", "not_hep") for n in range(50)]

    dropped = [await outbox.send(letters), await outbox.send(letters)]
    seconds[0] += 3.5
    dropped.append(await outbox.send(letters))
    seconds[0] += 3600
    dropped += [await outbox.send(letters), await outbox.send(letters)]

    assert dropped == [0, 40, 47, 0, 40]
    assert bus.logs[TopicPartition(DEAD_LETTER, 0)].end == 60 + 3 + 60
