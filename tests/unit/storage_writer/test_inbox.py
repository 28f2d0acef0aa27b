"""Tests of the inbox of a worker."""

import asyncio

from hepscope_common.bus.protocol import Record, TopicPartition
from hepscope_storage_writer.inbox import Inbox


def make_record(partition: int, offset: int, value: bytes = b"xx") -> Record:
    """Return a record of one packet."""
    return Record("t", partition, offset, value, 1)


def test_records_leave_in_the_order_of_their_arrival() -> None:
    """First in, first out, with its bytes."""
    inbox = Inbox()
    inbox.put([make_record(0, 0), make_record(1, 0, b"xyz")])

    assert (len(inbox), inbox.size_bytes) == (2, 5)
    first, second, none = inbox.take(), inbox.take(), inbox.take()
    assert first is not None
    assert second is not None
    assert (first.partition, second.partition, none) == (0, 1, None)
    assert inbox.size_bytes == 0


def test_records_of_lost_partitions_are_forgotten() -> None:
    """Only those of other partitions stay, in order."""
    inbox = Inbox()
    inbox.put([make_record(0, 0), make_record(1, 0), make_record(0, 1), make_record(1, 1)])

    inbox.discard({TopicPartition("t", 0)})

    left = [record.offset for record in iter(inbox.take, None)]
    assert left == [0, 1]
    assert inbox.size_bytes == 0


async def test_waiting_ends_when_a_record_comes() -> None:
    """A worker sleeps until there is something to take."""
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.wait())
    await asyncio.wait([waiting], timeout=0.01)
    assert not waiting.done()

    inbox.put([make_record(0, 0)])

    await waiting


async def test_waiting_ends_after_its_time_and_when_woken() -> None:
    """Neither needs a record."""
    inbox = Inbox()
    await inbox.wait(0.001)
    waiting = asyncio.create_task(inbox.wait())
    await asyncio.wait([waiting], timeout=0.01)

    inbox.wake()

    await waiting
    assert inbox.take() is None
