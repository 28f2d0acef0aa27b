"""``hepscope dead-letters`` on the bus in memory."""

import argparse
import json

import pytest

from hep import admit
from hepscope_common.bus.browsing import MemoryBrowser
from hepscope_common.bus.memory import MemoryBus
from hepscope_common.bus.protocol import TopicPartition
from hepscope_common.bus.topics import DEAD_LETTER, SIGNALLING
from hepscope_common.runtime import StartupError
from hepscope_standalone import dead_letters
from support.builders import BASE_US, make_packet, make_request
from support.sinks import TcpSink, UdpSink

SENT = make_packet(make_request("INVITE", "call-7"))


def parse(*words: str) -> argparse.Namespace:
    """Return the options of a command line."""
    parser = argparse.ArgumentParser()
    dead_letters.add_arguments(parser)
    return parser.parse_args(words)


def make_bus(*, letters: int = 5) -> MemoryBus:
    """Return a bus with letters of two reasons in turn; the last one is a packet of the writer."""
    bus = MemoryBus(partitions=4, groups=["writer"])
    producer = bus.producer()
    for number in range(letters - 1):
        reason = b"not_hep" if number % 2 == 0 else b"truncated"
        producer.offer(DEAD_LETTER, 0, b"junk %d" % number, 1, (("reason", reason),))
    packet = admit(SENT, received_at_us=BASE_US, peer=bytes([192, 0, 2, 9, 0x23, 0x64])).packet
    headers = (("reason", b"refused_by_database"), ("topic", b"t"), ("partition", b"2"))
    producer.offer(DEAD_LETTER, 0, packet, 1, headers)
    return bus


async def test_the_newest_letters_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """In the order in which they came, up to a limit."""
    browser = MemoryBrowser(make_bus())

    assert await dead_letters.list_letters(parse("list", "--limit", "2"), browser) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["offset", "3", "4"]
    assert "truncated" in lines[1]
    assert "192.0.2.9:9060" in lines[2]


async def test_letters_of_one_reason_are_found_wherever_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As JSON, too."""
    browser = MemoryBrowser(make_bus(letters=50))
    options = parse("list", "--reason", "truncated", "--limit", "3", "--json")

    await dead_letters.list_letters(options, browser)

    found = json.loads(capsys.readouterr().out)["dead_letters"]
    assert [one["offset"] for one in found] == [43, 45, 47]


async def test_no_letters_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    """An empty table would look like a failure."""
    await dead_letters.list_letters(parse("list"), MemoryBrowser(MemoryBus()))

    assert capsys.readouterr().out == "no dead letters\n"


async def test_a_letter_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """By its offset."""
    await dead_letters.show_letter(parse("show", "4"), MemoryBrowser(make_bus()))

    assert "Call-ID   call-7" in capsys.readouterr().out


@pytest.mark.parametrize(("letters", "message"), [(5, "there are 0 to 4"), (0, "there are no")])
async def test_a_letter_that_is_not_there_is_told(letters: int, message: str) -> None:
    """With what there is."""
    bus = make_bus(letters=letters) if letters else MemoryBus()
    with pytest.raises(StartupError, match=message):
        await dead_letters.show_letter(parse("show", "9"), MemoryBrowser(bus))


async def test_letters_are_offered_to_a_server(capsys: pytest.CaptureFixture[str]) -> None:
    """By TCP the packets, and it says how many were none."""
    with TcpSink() as sink:
        options = parse("replay", "--all", "--into", f"tcp://127.0.0.1:{sink.port}")
        assert await dead_letters.offer_letters(options, MemoryBrowser(make_bus())) == 1
        assert sink.wait_for_connections(1)
        assert sink.packets == [SENT]
    assert "4 are no HEP3 packets" in capsys.readouterr().out


async def test_chosen_letters_are_offered_by_udp() -> None:
    """As they came."""
    with UdpSink() as sink:
        options = parse("replay", "3", "1", "--into", f"udp://127.0.0.1:{sink.port}")
        assert await dead_letters.offer_letters(options, MemoryBrowser(make_bus())) == 0
        assert sink.packets(2) == [b"junk 3", b"junk 1"]


async def test_letters_are_put_into_a_topic() -> None:
    """Where they were before, and without a number, so that nobody skips them."""
    bus = make_bus()
    options = parse("replay", "4", "--to", SIGNALLING)

    await dead_letters.put_letters(options, MemoryBrowser(bus), bus.producer(), bus.partitions)

    (record,) = bus.logs[TopicPartition(SIGNALLING, 2)].read(0, 1_000_000)
    assert b"call-7" in record.value
    assert dict(record.headers) == {"replayed": b"dead-letter"}


async def test_letters_must_be_chosen() -> None:
    """Some by name, or all, never both."""
    bus = make_bus()
    for words in ((), ("1", "--all")):
        options = parse("replay", *words, "--to", SIGNALLING)
        with pytest.raises(StartupError, match="--all"):
            await dead_letters.put_letters(options, MemoryBrowser(bus), bus.producer(), 4)
