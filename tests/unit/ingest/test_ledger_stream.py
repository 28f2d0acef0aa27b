"""Acknowledged HEP over a real connection: hello, answers, and senders that know nothing of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hep import StreamDecoder, decode3, encode_ack, encode_hello
from hepscope_common.bus import TOPICS, TopicPartition
from hepscope_common.bus.origins import Numbering, numbering_of
from support.builders import make_packet, make_request
from unit.ingest.conftest import PATIENCE_SECONDS, MakeRig, Rig
from unit.ingest.test_listeners import PACKET

ORIGIN = bytes(range(16))


def numbered(seq: int, call_id: str = "call-1@example.org") -> bytes:
    """Return a packet as a sender of ours writes it."""
    return make_packet(make_request(call_id=call_id), origin=ORIGIN, seq=seq)


class Peer:
    """One end of a connection to ingest."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._decoder = StreamDecoder()
        self._answers: list[int] = []

    def send(self, *packets: bytes) -> None:
        """Write packets."""
        self.writer.write(b"".join(packets))

    async def answer(self) -> int:
        """Return the next number that is acknowledged to us."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self._answers:
                data = await self.reader.read(65536)
                assert data, "closed"
                for packet in self._decoder.feed(data):
                    decoded = decode3(packet)
                    assert decoded.origin == ORIGIN
                    assert decoded.ack is not None
                    self._answers.append(decoded.ack)
        return self._answers.pop(0)

    async def until(self, wanted: int) -> list[int]:
        """Return the answers up to one."""
        found: list[int] = []
        while not found or found[-1] != wanted:
            found.append(await self.answer())
        return found


@asynccontextmanager
async def connected(rig: Rig, *, hello: bool = True) -> AsyncIterator[Peer]:
    """Connect, and say hello."""
    peer = Peer(*await asyncio.open_connection(*rig.tcp))
    if hello:
        peer.send(encode_hello(ORIGIN))
        assert await peer.answer() >= 0
    try:
        yield peer
    finally:
        peer.writer.close()


async def confirm(rig: Rig) -> None:
    """Read and commit whatever lies on the bus, as a writer does."""
    async with rig.bus.consumer("writer", TOPICS) as reader:
        while records := await reader.poll(max_bytes=1 << 20, timeout_seconds=0):
            for record in records:
                at = TopicPartition(record.topic, record.partition)
                reader.commit({at: record.offset + 1})


async def test_a_hello_is_answered_with_what_is_known(rig: Rig) -> None:
    """Nothing, of an origin that is new."""
    peer = Peer(*await asyncio.open_connection(*rig.tcp))
    peer.send(encode_hello(ORIGIN))
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await peer.reader.readexactly(len(encode_ack(ORIGIN, 0))) == encode_ack(ORIGIN, 0)
    peer.writer.close()
    assert rig.count("hellos_total") == 1
    assert rig.count("refused_total", reason="no_payload") == 0


async def test_packets_are_acknowledged_when_the_bus_has_acknowledged_them(rig: Rig) -> None:
    """Not when they were read, nor when the bus took them."""
    async with connected(rig) as peer:
        peer.send(*(numbered(seq) for seq in range(1, 101)))
        await rig.until(lambda: len(rig.on_bus()) == 100)
        assert rig.count("unacknowledged_packets") == 100
        await confirm(rig)
        answers = await peer.until(100)
        assert len(answers) < 10
        assert rig.count("unacknowledged_packets") == 0


async def test_records_tell_the_origin_of_numbered_packets(rig: Rig) -> None:
    """Each packet keeps its number for the writer."""
    async with connected(rig) as peer:
        peer.send(numbered(3), numbered(4))
        await rig.until(lambda: len(rig.on_bus()) == 2)
    (record,) = [r for log in rig.bus.logs.values() for r in log.read(log.start, 1 << 20)]
    assert numbering_of(record.headers) == Numbering(ORIGIN, None)
    assert [packet.seq for packet in rig.on_bus()] == [3, 4]


async def test_refused_packets_count_as_done(make_rig: MakeRig) -> None:
    """Else a sender would offer a packet that nobody takes for ever."""
    async with make_rig(auth_keys="secret") as rig:
        good = make_packet(make_request(), origin=ORIGIN, seq=1, auth_key=b"secret")
        async with connected(rig) as peer:
            peer.send(good, numbered(2), numbered(3))
            await rig.until(lambda: len(rig.on_bus()) == 1)
            assert rig.count("refused_total", reason="auth_key") == 2
            await confirm(rig)
            assert await peer.until(3)


async def test_a_packet_sent_again_is_taken_and_acknowledged_again(rig: Rig) -> None:
    """After the connection broke, the sender cannot know what arrived; the writer skips it."""
    async with connected(rig) as peer:
        peer.send(numbered(1), numbered(2))
        await rig.until(lambda: len(rig.on_bus()) == 2)
    async with connected(rig) as peer:
        peer.send(numbered(1), numbered(2), numbered(3))
        await rig.until(lambda: len(rig.on_bus()) == 5)
        await confirm(rig)
        await peer.until(3)
    assert rig.count("resent_total") == 2
    other = Peer(*await asyncio.open_connection(*rig.tcp))
    other.send(encode_hello(ORIGIN))
    assert await other.answer() == 3
    other.writer.close()


async def test_plain_senders_are_told_nothing(rig: Rig) -> None:
    """Even numbers without a hello get no answer; the packets are taken all the same."""
    async with connected(rig, hello=False) as peer:
        peer.send(PACKET, numbered(1))
        await rig.until(lambda: len(rig.on_bus()) == 2)
        await confirm(rig)
        peer.writer.write_eof()
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await peer.reader.read() == b""
    assert rig.count("hellos_total") == 0


async def test_the_last_answer_comes_to_who_closed_its_half(rig: Rig) -> None:
    """A sender that is done waits for it without sending any more."""
    async with connected(rig) as peer:
        peer.send(numbered(1))
        peer.writer.write_eof()
        await rig.until(lambda: len(rig.on_bus()) == 1)
        await confirm(rig)
        assert await peer.until(1)
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await peer.reader.read() == b""


async def test_a_sender_that_reads_no_answers_is_still_served(rig: Rig) -> None:
    """Answers it has no room for are left out, the newest one says it all."""
    async with connected(rig) as peer:
        for seq in range(1, 50):
            peer.send(numbered(seq))
            await rig.until(lambda: len(rig.on_bus()) == 1)
            await confirm(rig)
        assert await peer.until(49)


@pytest.mark.parametrize(
    "opening",
    [
        encode_hello(ORIGIN)[:4] + b"\0\x1b" + encode_hello(ORIGIN)[6:-1],
        encode_ack(ORIGIN, 1),
    ],
    ids=["cut origin", "an answer"],
)
async def test_what_is_no_hello_is_refused_like_any_empty_packet(rig: Rig, opening: bytes) -> None:
    """And counted; the packets behind it are taken."""
    async with connected(rig, hello=False) as peer:
        peer.send(opening, PACKET)
        await rig.until(lambda: len(rig.on_bus()) == 1)
    assert rig.count("hellos_total") == 0
    assert rig.count("received_total", transport="tcp") == 2


async def test_a_greeting_is_answered_although_the_bus_is_full(make_rig: MakeRig) -> None:
    """Its sender would take us for a plain HEP server; what follows waits for room."""
    async with make_rig(max_bytes=10_000, record_bytes=2_000) as rig, connected(rig) as first:
        first.send(*[numbered(seq) for seq in range(1, 200)])
        await rig.until(lambda: rig.ingest.intake.blocked)
        async with connected(rig) as second:
            assert rig.ingest.intake.blocked
            second.send(numbered(200))
            answered = asyncio.create_task(second.until(200))
            while not answered.done():
                await confirm(rig)
                await asyncio.wait([answered], timeout=0.05)
            await answered
        # What the first had sent goes on taking its turns; the end would wait for its room.
        while rig.count("accepted_total", version="3") < 200 or rig.count("held_packets"):
            await confirm(rig)
            await asyncio.sleep(0)
