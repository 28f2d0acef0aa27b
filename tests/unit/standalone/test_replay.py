"""``hepscope replay`` to a HEP server, from the bus in memory."""

import argparse

import pytest

from hep import admit
from hepscope_common.bus.browsing import LogRange, MemoryBrowser
from hepscope_common.bus.memory import MemoryBus
from hepscope_common.bus.protocol import TopicPartition
from hepscope_common.bus.topics import MEDIA, SIGNALLING, TOPICS
from hepscope_common.runtime import StartupError
from hepscope_standalone import replay
from hepscope_standalone.console import utc_text
from hepscope_storage_writer.settings import WriterSettings
from support.builders import BASE_US, make_packet
from support.sinks import TcpSink

SECOND = 1_000_000
SENT = [make_packet(b"packet %d" % number, protocol_type=100) for number in range(20)]


def parse(*words: str) -> argparse.Namespace:
    """Return the options of a command line."""
    parser = argparse.ArgumentParser()
    replay.add_arguments(parser)
    return parser.parse_args(words)


def make_bus() -> MemoryBus:
    """Return a bus with a record each second, in both partitions and two topics by turns."""
    bus = MemoryBus(partitions=2, groups=["writer"])
    for number, packet in enumerate(SENT):
        admitted = admit(packet, received_at_us=BASE_US + number * SECOND, peer=b"")
        topic = SIGNALLING if number % 4 < 2 else MEDIA
        bus.producer().offer(topic, number % 2, admitted.packet, 1)
    return bus


async def test_a_range_is_found_by_time() -> None:
    """From the first record at its beginning to the last one before its end."""
    browser = MemoryBrowser(make_bus())

    found = await replay.range_of(
        browser, BASE_US + 5 * SECOND, BASE_US + 13 * SECOND, [SIGNALLING]
    )

    # Numbers 0, 4, 8, 12, 16 and 1, 5, 9, 13, 17.
    assert found == {
        TopicPartition(SIGNALLING, 0): LogRange(2, 4),
        TopicPartition(SIGNALLING, 1): LogRange(1, 3),
    }


async def test_all_records_of_a_range_are_read_in_order() -> None:
    """In order within each partition, and none beyond the end."""
    browser = MemoryBrowser(make_bus())
    ranges = await replay.range_of(browser, 0, BASE_US + 18 * SECOND, TOPICS)

    found: dict[tuple[str, int], list[int]] = {}
    async for record in replay.records_of(browser, ranges):
        found.setdefault((record.topic, record.partition), []).append(record.offset)

    assert found == {
        (topic, partition): list(range(5 if topic == SIGNALLING else 4))
        for topic in (SIGNALLING, MEDIA)
        for partition in range(2)
    }


async def test_a_range_goes_to_a_server(capsys: pytest.CaptureFixture[str]) -> None:
    """As its senders sent it."""
    with TcpSink() as sink:
        words = ("--from", utc_text(BASE_US + 4 * SECOND), "--to", utc_text(BASE_US + 12 * SECOND))
        options = parse(*words, "--topic", MEDIA, "--into", f"tcp://127.0.0.1:{sink.port}")
        assert await replay.replay(options, MemoryBrowser(make_bus()), WriterSettings()) == 0
        assert sink.wait_for_connections(1)
        assert sorted(sink.packets) == sorted([SENT[6], SENT[7], SENT[10], SENT[11]])
    assert "4 packets of 4 records sent" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--into", "ftp://x"), "--into takes"),
        (("--into", "udp://x", "--to", "2020-01-01"), "nothing to replay"),
        (("--into", "udp://x", "--rate", "0"), "--rate"),
    ],
)
async def test_what_makes_no_sense_is_one_line(words: tuple[str, ...], message: str) -> None:
    """Before anything is read."""
    options = parse("--from", "2026-01-01", *words)
    with pytest.raises(StartupError, match=message):
        await replay.replay(options, MemoryBrowser(make_bus()), WriterSettings())
