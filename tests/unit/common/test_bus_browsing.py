"""Looking at the logs of the memory bus."""

import pytest

from hep import admit
from hepscope_common.bus.browsing import LogRange, MemoryBrowser, Taken, arrival_of
from hepscope_common.bus.memory import MemoryBus
from hepscope_common.bus.protocol import OffsetOutOfRange, Record, TopicPartition
from hepscope_common.bus.topics import DEAD_LETTER, SIGNALLING
from support.builders import BASE_US, make_packet

WHERE = TopicPartition(SIGNALLING, 1)


def make_bus(*times_us: int) -> MemoryBus:
    """Return a bus with a record of each time of arrival in one log, which begins at 5."""
    bus = MemoryBus(partitions=2, groups=["g"], start_offsets={WHERE: 5})
    for time_us in times_us:
        packet = admit(make_packet(b"x"), received_at_us=time_us, peer=b"").packet
        bus.producer().offer(*WHERE, packet, 1)
    return bus


async def test_every_log_has_a_range() -> None:
    """Dead letters included."""
    ranges = await MemoryBrowser(make_bus(BASE_US, BASE_US)).ranges()

    assert ranges[WHERE] == LogRange(5, 7)
    assert ranges[TopicPartition(DEAD_LETTER, 0)] == LogRange(0, 0)


@pytest.mark.parametrize(("time_us", "offset"), [(9, 5), (10, 5), (11, 6), (20, 6), (31, 8)])
async def test_an_offset_is_found_by_its_time(time_us: int, offset: int) -> None:
    """The first record from then on, or the end."""
    browser = MemoryBrowser(make_bus(10, 20, 30))

    assert await browser.offsets_at(time_us, [WHERE]) == {WHERE: offset}


async def test_records_are_read_with_their_time() -> None:
    """From any offset that the log holds, and from no other."""
    browser = MemoryBrowser(make_bus(10, 20, 30))

    found = await browser.read(WHERE, 6, max_bytes=1)

    assert [(one.record.offset, one.time_us) for one in found] == [(6, 20)]
    assert await browser.read(WHERE, 8, max_bytes=1) == list[Taken]()
    with pytest.raises(OffsetOutOfRange):
        await browser.read(WHERE, 4, max_bytes=1)


def test_a_record_that_is_no_packet_has_no_time() -> None:
    """Nothing is raised for it."""
    assert arrival_of(Record("t", 0, 0, b"junk", 1)) == 0
