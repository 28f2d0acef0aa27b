"""Records that wait for Loki."""

import asyncio
from functools import partial

from hepscope_common.bus.protocol import Record, TopicPartition
from hepscope_storage_writer.loki.backlog import Backlog


def record(offset: int, *, partition: int = 0, size: int = 100) -> Record:
    """Return a record of some bytes."""
    return Record("t", partition, offset, bytes(size), 1)


def test_records_come_out_as_they_came_in() -> None:
    """And the bytes are those that wait."""
    backlog = Backlog(1000)
    backlog.put([record(1), record(2)])
    assert (len(backlog), backlog.size_bytes) == (2, 200)
    taken = [backlog.take(), backlog.take(), backlog.take()]
    assert [one and one.offset for one in taken] == [1, 2, None]
    assert backlog.size_bytes == 0


def test_it_is_full_at_its_bound_and_has_room_at_half() -> None:
    """So that reading does not pause and go on for each record."""
    backlog = Backlog(400)
    backlog.put([record(n) for n in range(4)])
    assert backlog.is_full
    for _ in range(2):
        backlog.take()
        assert not backlog.has_room
    backlog.take()
    assert backlog.has_room


def test_the_oldest_are_dropped_and_the_newest_never() -> None:
    """One record above the bound stays: else nothing would ever be pushed."""
    backlog = Backlog(250)
    backlog.put([record(n) for n in range(5)])
    assert backlog.drop_oldest() == 3
    assert backlog.first() == {TopicPartition("t", 0): 3}
    backlog.put([record(9, size=1000)])
    assert backlog.drop_oldest() == 2
    assert (len(backlog), backlog.drop_oldest()) == (1, 0)


def test_partitions_that_go_take_their_records_along() -> None:
    """Whoever gets them reads them again."""
    backlog = Backlog(1000)
    backlog.put([record(1), record(7, partition=1), record(2), record(8, partition=1)])
    backlog.forget({TopicPartition("t", 0)})
    assert backlog.first() == {TopicPartition("t", 1): 7}
    assert backlog.size_bytes == 200


async def test_waiting_ends_when_something_comes_or_the_time_is_over() -> None:
    """Or when somebody else wants it to."""
    backlog = Backlog(1000)
    await backlog.wait(0.001)
    for wake in (partial(backlog.put, [record(1)]), backlog.wake):
        waiting = asyncio.create_task(backlog.wait(None))
        await asyncio.sleep(0)
        assert not waiting.done()
        wake()
        async with asyncio.timeout(60):
            await waiting
        backlog.take()
