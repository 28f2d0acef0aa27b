"""The acknowledged sender keeps what is not acknowledged and sends it again, and nothing else."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from chaos.lane_acked import AckedLane
from hep import StreamDecoder, decode3
from hep.acknowledgement import encode_ack, is_hello

PATIENCE = 60.0


class FakeIngest:
    """Takes packets onto its bus and acknowledges them, in the manner that a test wants.

    Each connection lasts ``lives[i]`` packets, then breaks without having acknowledged the later
    half of them; when the list is used up connections last. So many hellos as ``answered`` says
    get an answer, without it all.
    """

    def __init__(self, *, lives: Sequence[int] = (), answered: int | None = None) -> None:
        self.bus: list[int] = []
        self.orders: list[list[int]] = []
        self.origins: set[bytes] = set()
        self.port = 0
        self.hellos = 0
        self.highest_ack = 0
        self._lives = list(lives)
        self._answered = answered

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["FakeIngest"]:
        """Listen."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        decoder, order = StreamDecoder(), list[int]()
        self.orders.append(order)
        life = self._lives.pop(0) if self._lives else None
        try:
            while data := await reader.read(4096):
                for packet in map(decode3, decoder.feed(data)):
                    self.origins.add(packet.origin)
                    if is_hello(packet):
                        self.hellos += 1
                        if self._answered is None or self.hellos <= self._answered:
                            writer.write(encode_ack(packet.origin, 0))
                        continue
                    assert packet.seq is not None
                    order.append(packet.seq)
                    self.bus.append(packet.seq)
                    # Half of what a breaking connection brought is never acknowledged.
                    if life is None or len(order) <= life // 2:
                        self.highest_ack = max(self.highest_ack, packet.seq)
                        writer.write(encode_ack(packet.origin, packet.seq))
                    if life is not None and len(order) >= life:
                        return
        except OSError:
            pass
        finally:
            writer.close()


def lane_to(*servers: FakeIngest, rate: float) -> AckedLane:
    """Return a lane that waits for the answer to a hello as long as a busy machine takes."""
    return AckedLane([one.port for one in servers], rate=rate, hello_seconds=PATIENCE)


async def send_until(lane: AckedLane, count: int) -> None:
    """Let a lane make so many numbers and settle them."""
    running = asyncio.create_task(lane.run())
    try:
        async with asyncio.timeout(PATIENCE):
            while lane.last < count:
                await asyncio.sleep(0.01)
        assert await lane.finish(seconds=PATIENCE)
        await running
    finally:
        running.cancel()


async def test_everything_arrives_once_over_a_good_connection() -> None:
    """No number is left out, none is sent twice, all are acknowledged."""
    async with FakeIngest().listening() as ingest:
        lane = lane_to(ingest, rate=2000)
        await send_until(lane, 300)
    assert ingest.bus == list(range(1, lane.last + 1))
    assert lane.acknowledged() == set(ingest.bus)
    assert (lane.resent, ingest.hellos, lane.lies) == (0, 1, [])


@pytest.mark.parametrize("seed", range(3))
async def test_broken_connections_lose_nothing(seed: int) -> None:
    """After every break the rest is sent again, from the first not acknowledged, in order."""
    chance = random.Random(seed)
    lives = [chance.randrange(1, 60) for _ in range(6)]
    async with FakeIngest(lives=lives).listening() as ingest:
        lane = lane_to(ingest, rate=4000)
        await send_until(lane, 600)
    assert set(ingest.bus) == set(range(1, lane.last + 1))
    assert lane.acknowledged() == set(range(1, lane.last + 1))
    assert lane.resent > 0
    assert ingest.hellos == len(lives) + 1
    assert len(ingest.origins) == 1
    for order in ingest.orders:
        assert order == sorted(set(order))
    for before, after in zip(ingest.orders, ingest.orders[1:], strict=False):
        # It goes on at or before the first that the last connection did not acknowledge.
        assert after[0] <= before[len(before) // 2]


async def test_a_lost_connection_is_made_anew_to_the_next_server() -> None:
    """Both together get everything; what one did not acknowledge goes to the other, in order."""
    async with (
        FakeIngest(lives=[30, 50]).listening() as first,
        FakeIngest(lives=[40]).listening() as second,
    ):
        lane = lane_to(first, second, rate=4000)
        await send_until(lane, 400)
    assert (first.hellos, second.hellos) == (2, 2)
    assert set(first.bus) | set(second.bus) == set(range(1, lane.last + 1))
    assert first.origins == second.origins
    assert second.orders[0][0] == 30 // 2 + 1


async def test_acknowledged_is_never_more_than_was_said() -> None:
    """What the server has not acknowledged does not count, although it was sent."""
    async with FakeIngest(lives=[40]).listening() as ingest:
        lane = lane_to(ingest, rate=4000)
        running = asyncio.create_task(lane.run())
        async with asyncio.timeout(PATIENCE):
            while len(ingest.bus) < 40:
                assert len(lane.acknowledged()) <= ingest.highest_ack
                await asyncio.sleep(0.001)
        running.cancel()
    assert len(lane.acknowledged()) <= ingest.highest_ack


async def test_nothing_is_sent_to_a_server_that_is_not_ours() -> None:
    """Without an answer to the hello nothing follows, and nothing counts as acknowledged."""
    async with FakeIngest(answered=0).listening() as ingest:
        lane = AckedLane([ingest.port], rate=1000, hello_seconds=0.05)
        running = asyncio.create_task(lane.run())
        async with asyncio.timeout(PATIENCE):
            while ingest.hellos < 2:
                await asyncio.sleep(0.01)
        running.cancel()
    assert ingest.bus == []
    assert lane.acknowledged() == set()


async def test_an_acknowledgement_of_the_future_is_a_lie() -> None:
    """A number that was never sent cannot be on the bus."""
    lane = AckedLane([1], rate=1)
    lane._next()
    lane._let_go(5)
    assert (lane.lies, lane.highest_ack) == ([5], 0)
    lane._let_go(1)
    assert (lane.highest_ack, lane._kept) == (1, type(lane._kept)())


async def test_finish_says_when_something_stays_unacknowledged() -> None:
    """A server that is gone leaves the lane unsettled, and it says so."""
    async with FakeIngest(lives=[10], answered=1).listening() as ingest:
        lane = lane_to(ingest, rate=2000)
        running = asyncio.create_task(lane.run())
        async with asyncio.timeout(PATIENCE):
            while len(ingest.bus) < 10:
                await asyncio.sleep(0.005)
        assert not await lane.finish(seconds=0.3)
        running.cancel()
