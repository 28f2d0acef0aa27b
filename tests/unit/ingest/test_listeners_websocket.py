"""HEP over WebSocket, by a real client: messages, pings, bounds, and what is refused."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from hep import HepPacket, decode3, encode1
from hepscope_ingest.listeners.http_protocol import MAX_MESSAGE_BYTES
from support.builders import make_call, make_packet, make_request
from unit.ingest.conftest import ANY, PATIENCE_SECONDS, MakeRig, Rig
from unit.ingest.test_component import read_all

PACKET = make_packet(make_request())


@pytest.fixture
async def rig(make_rig: MakeRig) -> AsyncIterator[Rig]:
    """An ingest that serves WebSocket."""
    async with make_rig(http=ANY) as made:
        yield made


@pytest.fixture
async def socket(rig: Rig) -> AsyncIterator[ClientConnection]:
    """A client of it."""
    async with connect(f"ws://{rig.http}/ws") as made:
        yield made


async def close_code(socket: ClientConnection) -> int:
    """Return the code with which the peer closes."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises(ConnectionClosed) as caught:
            await socket.recv()
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code


async def test_a_message_holds_one_packet_or_many(rig: Rig, socket: ClientConnection) -> None:
    """Or one of an old version; annotated like those of any other transport."""
    await socket.send(PACKET)
    await socket.send(b"".join(make_call()))
    await socket.send(encode1(decode3(PACKET)))
    await rig.until(lambda: len(rig.on_bus()) == 9)
    assert rig.count("received_total", transport="ws") == 9
    assert {packet.peer[:4] for packet in rig.on_bus()} == {bytes([127, 0, 0, 1])}


async def test_a_message_may_come_in_fragments(rig: Rig, socket: ClientConnection) -> None:
    """Its packets may be cut anywhere by them."""
    data = b"".join(make_call())
    await socket.send([data[at : at + 50] for at in range(0, len(data), 50)])
    await rig.until(lambda: len(rig.on_bus()) == 7)


async def test_pings_are_answered(rig: Rig, socket: ClientConnection) -> None:
    """Clients behind a proxy keep their way open with them."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        await (await socket.ping())
    assert rig.ingest.http[0].connections == 1


async def test_what_is_refused_of_a_message_leaves_the_connection(
    rig: Rig, socket: ClientConnection
) -> None:
    """Garbage and cut packets are counted; the next message is taken."""
    await socket.send(b"garbage")
    await socket.send(b"")
    await socket.send(PACKET + PACKET[:50])
    await socket.send(PACKET)
    await rig.until(lambda: len(rig.on_bus()) == 2)
    for reason in ("not_hep", "empty", "truncated"):
        assert rig.count("refused_total", reason=reason) == 1


async def test_a_text_message_closes_the_connection(rig: Rig, socket: ClientConnection) -> None:
    """Its sender speaks something else; what came before is taken."""
    await socket.send(PACKET)
    await socket.send("INVITE sip:bob@example.org SIP/2.0")
    assert await close_code(socket) == 1003
    assert rig.count("refused_total", reason="bad_request") == 1
    await rig.until(lambda: len(rig.on_bus()) == 1)


async def test_a_message_over_the_bound_closes_the_connection(
    rig: Rig, socket: ClientConnection
) -> None:
    """Before it has come whole."""
    await socket.send(PACKET)
    with contextlib.suppress(ConnectionClosed):
        await socket.send(bytes(MAX_MESSAGE_BYTES + 1))
    assert await close_code(socket) == 1009
    assert rig.count("refused_total", reason="too_large") == 1
    await rig.until(lambda: len(rig.on_bus()) == 1)


async def test_other_paths_are_refused(rig: Rig) -> None:
    """As an answer to the handshake."""
    with pytest.raises(InvalidStatus) as caught:
        async with connect(f"ws://{rig.http}/other"):
            pass
    assert caught.value.response.status_code == 403


@pytest.mark.parametrize(("asked", "chosen"), [(["hep"], "hep"), (["sip", "hep"], "hep")])
async def test_the_subprotocol_is_chosen_when_it_is_asked_for(
    rig: Rig, asked: list[str], chosen: str
) -> None:
    """Some clients insist on one."""
    async with connect(f"ws://{rig.http}/ws", subprotocols=asked) as socket:  # type: ignore[arg-type]  # a NewType of str
        assert socket.subprotocol == chosen


async def test_a_key_of_the_handshake_counts_for_all_messages(make_rig: MakeRig) -> None:
    """Browser-free clients can send headers; their packets need no chunk 14."""
    async with make_rig(http=ANY, auth_keys="secret") as rig:
        headers = {"Authorization": "Bearer secret"}
        async with connect(f"ws://{rig.http}/ws", additional_headers=headers) as socket:
            await socket.send(PACKET)
            await socket.send(PACKET)
            await rig.until(lambda: len(rig.on_bus()) == 2)
        async with connect(f"ws://{rig.http}/ws") as socket:
            await socket.send(PACKET)
            await rig.until(lambda: rig.count("refused_total", reason="auth_key") == 1)


async def test_a_full_bus_slows_the_sender_and_loses_nothing(make_rig: MakeRig) -> None:
    """Messages wait in the network, not here; one that went away meanwhile is taken, too."""
    calls = [b"".join(make_call(f"{n}@x")) for n in range(400)]
    async with make_rig(http=ANY, max_bytes=100_000, record_bytes=10_000) as rig:

        async def send() -> None:
            async with connect(f"ws://{rig.http}/ws") as socket:
                for call in calls:
                    await socket.send(call)

        sending = asyncio.create_task(send())
        await rig.until(lambda: not rig.ingest.ready()[0])
        held = rig.count("received_total", transport="ws")
        assert held < 2800
        assert await read_all(rig, 2800) == 2800
        await sending


async def test_a_client_that_breaks_off_is_forgotten(rig: Rig) -> None:
    """In the middle of a message; what came before it is taken."""
    async with connect(f"ws://{rig.http}/ws") as socket:
        await socket.send(PACKET)
        await rig.until(lambda: len(rig.on_bus()) == 1)
        socket.transport.write(b"\x82\xfe\xff\xff")
        socket.transport.abort()
    await rig.until(lambda: rig.ingest.http[0].connections == 0)


async def test_frames_that_are_none_close_the_connection(rig: Rig) -> None:
    """Reserved bits, unmasked frames; a message just before them is taken."""
    async with connect(f"ws://{rig.http}/ws") as socket:
        await socket.send(PACKET)
        socket.transport.write(b"\xff\xff\xff\xff")
        assert await close_code(socket) == 1002
    assert rig.count("refused_total", reason="bad_request") == 1
    async with connect(f"ws://{rig.http}/ws") as socket:
        await socket.send(PACKET)
    await rig.until(lambda: len(rig.on_bus()) == 2)


async def test_packets_of_before_are_there_when_the_end_comes(make_rig: MakeRig) -> None:
    """The client is told that the service restarts."""
    found: list[HepPacket] = []
    async with make_rig(http=ANY) as rig:
        socket = await connect(f"ws://{rig.http}/ws")
        await socket.send(PACKET)
        await rig.until(lambda: rig.count("received_total", transport="ws") == 1)
    found += rig.on_bus()
    assert len(found) == 1
    assert await close_code(socket) == 1012
