"""What the listeners do, through real sockets: the same for UDP and TCP where they agree."""

import asyncio
import fcntl
import logging
import socket
import struct
import sys
import termios
from collections.abc import Awaitable, Callable

import pytest

from hep import decode3, encode1, encode2
from hepscope_common.bus import TOPICS, TopicPartition
from hepscope_common.runtime import StartupError, Supervisor
from hepscope_common.settings import Listen
from hepscope_ingest.listeners.udp import UdpListener
from support.builders import make_call, make_packet, make_request
from unit.ingest.conftest import PATIENCE_SECONDS, MakeRig, Rig

Send = Callable[[bytes], Awaitable[None]]
PACKET = make_packet(make_request())


async def send_udp(rig: Rig, *datagrams: bytes) -> None:
    """Send datagrams from one socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for data in datagrams:
            sender.sendto(data, rig.udp)


async def send_tcp(rig: Rig, *pieces: bytes) -> None:
    """Send pieces over one connection and close it."""
    _, writer = await asyncio.open_connection(*rig.tcp)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
    writer.close()
    await writer.wait_closed()


@pytest.fixture(params=["udp", "tcp"])
async def send(request: pytest.FixtureRequest, rig: Rig) -> Send:
    """Send one packet by one transport."""
    how = {"udp": send_udp, "tcp": send_tcp}[request.param]

    async def send_one(data: bytes) -> None:
        await how(rig, data)

    return send_one


async def test_a_packet_reaches_the_bus_annotated(rig: Rig, send: Send) -> None:
    """With arrival, peer and routing key; its payload byte for byte."""
    await send(PACKET)
    await rig.until(lambda: len(rig.on_bus()) == 1)
    (packet,) = rig.on_bus()
    assert packet.payload == make_request()
    assert packet.routing_key == b"call-1@example.org"
    assert packet.peer[:4] == bytes([127, 0, 0, 1])
    assert packet.received_at_us > packet.time_us // 2
    assert rig.count("accepted_total", version="3") == 1


async def test_a_packet_of_64_kilobytes_is_taken(rig: Rig, send: Send) -> None:
    """The largest that a datagram can carry."""
    body = "x" * 64_600
    await send(make_packet(make_request(body=body)))
    await rig.until(lambda: len(rig.on_bus()) == 1)
    assert rig.on_bus()[0].payload.endswith(body.encode())


async def test_messages_of_one_call_share_a_partition_in_order(rig: Rig) -> None:
    """Whatever chunk 17 says, the Call-ID decides."""
    packets = make_call("a@x") + make_call("b@x")
    await send_tcp(rig, b"".join(packets))
    await rig.until(lambda: len(rig.on_bus()) == 14)
    for call_id in (b"a@x", b"b@x"):
        mine = [p.payload for p in rig.on_bus() if p.routing_key == call_id]
        assert mine == [decode3(p).payload for p in packets if decode3(p).payload in mine]
        holders = {
            log.where.partition
            for log in rig.bus.logs.values()
            for record in log.read(log.start, 1 << 20)
            if call_id in record.value
        }
        assert len(holders) == 1


@pytest.mark.parametrize("encode", [encode1, encode2])
async def test_old_versions_are_upgraded(rig: Rig, encode: Callable[..., bytes]) -> None:
    """HEP 1 and 2 reach the bus as HEP3."""
    await send_udp(rig, encode(decode3(PACKET)))
    await rig.until(lambda: len(rig.on_bus()) == 1)
    assert rig.on_bus()[0].payload == make_request()
    assert rig.on_bus()[0].version in (1, 2)


async def test_a_stream_may_be_split_anywhere(rig: Rig) -> None:
    """Every byte alone gives the same packets."""
    data = b"".join(make_call())
    await send_tcp(rig, *(data[at : at + 1] for at in range(len(data))))
    await rig.until(lambda: len(rig.on_bus()) == 7)
    assert rig.count("received_total", transport="tcp") == 7


async def test_garbage_between_packets_is_skipped_and_counted(rig: Rig) -> None:
    """A stream finds its next packet again."""
    await send_tcp(rig, PACKET + b"garbage" + PACKET)
    await rig.until(lambda: len(rig.on_bus()) == 2)
    assert rig.count("tcp_skipped_bytes_total") == 7


async def test_endless_garbage_closes_the_connection(rig: Rig) -> None:
    """No packet within 64 KiB: closed, counted, and others are served."""
    reader, writer = await asyncio.open_connection(*rig.tcp)
    writer.write(b"\x55" * 200_000)
    async with asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
    writer.close()
    assert rig.count("refused_total", reason="not_hep") == 1
    await send_tcp(rig, PACKET)
    await rig.until(lambda: len(rig.on_bus()) == 1)


async def test_a_stream_lost_behind_good_packets_is_closed_at_once(rig: Rig) -> None:
    """Even when the peer says nothing more; what came before the loss is kept."""
    reader, writer = await asyncio.open_connection(*rig.tcp)
    writer.write(PACKET + b"\x55" * 100_000)
    async with asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
    writer.close()
    await rig.until(lambda: len(rig.on_bus()) == 1)
    assert rig.count("refused_total", reason="not_hep") == 1


async def test_a_peer_that_stalls_hinders_nobody(rig: Rig) -> None:
    """Half a packet may wait for hours."""
    _, stalled = await asyncio.open_connection(*rig.tcp)
    stalled.write(PACKET[:50])
    await stalled.drain()
    await send_tcp(rig, PACKET)
    await rig.until(lambda: len(rig.on_bus()) == 1)
    stalled.close()
    await rig.until(lambda: rig.count("refused_total", reason="cut_at_close") == 1)


async def test_connections_beyond_the_limit_are_closed_and_counted(make_rig: MakeRig) -> None:
    """The ones that are open go on."""
    async with make_rig(tcp_connections=1) as rig:
        _, first = await asyncio.open_connection(*rig.tcp)
        await rig.until(lambda: rig.ingest.tcp[0].connections == 1)
        reader, second = await asyncio.open_connection(*rig.tcp)
        async with asyncio.timeout(PATIENCE_SECONDS):
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await reader.readexactly(1)
        second.close()
        assert rig.count("refused_total", reason="connection_limit") == 1
        first.write(PACKET)
        await rig.until(lambda: len(rig.on_bus()) == 1)
        first.close()


async def test_a_silent_connection_is_closed_where_a_setting_says_so(make_rig: MakeRig) -> None:
    """Who says something from time to time stays."""
    async with make_rig(tcp_idle_seconds=1) as rig:
        reader, silent = await asyncio.open_connection(*rig.tcp)
        silent.write(PACKET[:50])
        async with asyncio.timeout(PATIENCE_SECONDS):
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await reader.readexactly(1)
        silent.close()
        assert rig.count("refused_total", reason="idle") == 1
        await send_tcp(rig, PACKET)
        await rig.until(lambda: len(rig.on_bus()) == 1)


async def test_what_came_before_a_reset_is_taken(make_rig: MakeRig) -> None:
    """TCP acknowledged it to the peer, whatever the peer does next; even while the bus is full."""
    calls = [packet for n in range(300) for packet in make_call(f"{n}@x")]
    async with make_rig(max_bytes=50_000, record_bytes=10_000) as rig:
        await send_tcp(rig, b"".join(calls[:210]))
        await rig.until(lambda: not rig.ingest.ready()[0])
        _, writer = await asyncio.open_connection(*rig.tcp)
        writer.write(b"".join(calls[210:310]))
        await writer.drain()
        await rig.until(lambda: rig.ingest.tcp[0].connections >= 1)
        await arrived(writer)
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        assert await read_until(rig, 310) == 310
        assert rig.count("received_total", transport="tcp") == 310


async def arrived(writer: asyncio.StreamWriter) -> None:
    """Return once the peer's kernel has acknowledged all that was written."""
    connection = writer.get_extra_info("socket")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while writer.transport.get_write_buffer_size() or unsent(connection):
            await asyncio.sleep(0.001)


def unsent(connection: socket.socket) -> int:
    """Return the bytes that the peer's kernel has not acknowledged yet (SIOCOUTQ)."""
    return int.from_bytes(
        fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder
    )


async def test_the_kernel_looks_after_dead_peers(make_rig: MakeRig) -> None:
    """A peer whose machine is gone would hold its place for ever."""
    async with make_rig(tcp_keepalive_seconds=40) as rig:
        _, writer = await asyncio.open_connection(*rig.tcp)
        await rig.until(lambda: rig.ingest.tcp[0].connections == 1)
        (accepted,) = rig.ingest.tcp[0]._connections.values()
        assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 40
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == 10
        writer.close()


async def test_http_to_the_plain_port_is_refused_with_a_hint(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """At once, instead of letting the client wait for an answer."""
    with caplog.at_level(logging.WARNING, "hepscope.ingest"):
        reader, writer = await asyncio.open_connection(*rig.tcp)
        writer.write(b"POST /hep HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(PATIENCE_SECONDS):
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await reader.readexactly(1)
        writer.close()
    assert rig.count("refused_total", reason="not_hep") == 1
    assert "ingest.http is for it" in caplog.text


async def test_several_sockets_share_a_port_and_lose_nothing_at_the_end(make_rig: MakeRig) -> None:
    """Each has a buffer of its own, and each is drained."""
    senders, each = 40, 25
    async with make_rig(udp_sockets=4, max_bytes=10_000, record_bytes=2_000) as rig:
        listen = str(rig.ingest.udp[0].address)
        buffers = [
            rig.count("udp_receive_buffer_bytes", listen=listen, socket=str(number))
            for number in range(4)
        ]
        assert min(buffers) > 4096
        # The bus fills at once, so that most of it lies in the kernel when the end comes.
        for _ in range(senders):
            await send_udp(rig, *[PACKET] * each)
        held = [one.address for one in rig.ingest.udp]
        assert held == [Listen(host="127.0.0.1", port=rig.udp[1])]
        reading = asyncio.create_task(read_until(rig, senders * each))
    seen = await reading
    assert seen == senders * each
    assert rig.count("received_total", transport="udp") == senders * each


async def read_until(rig: Rig, wanted: int) -> int:
    """Read and commit as a writer does, until this many packets came."""
    seen = 0
    async with rig.bus.consumer("writer", TOPICS) as reader, asyncio.timeout(PATIENCE_SECONDS):
        while seen < wanted:
            for record in await reader.poll(max_bytes=50_000, timeout_seconds=0.2):
                seen += record.packets
                at = TopicPartition(record.topic, record.partition)
                reader.commit({at: record.offset + 1})
    return seen


async def test_sharing_a_port_is_for_one_process_only(rig: Rig) -> None:
    """Several sockets of ours do not hide that somebody else has the port."""
    taken = Listen(host="127.0.0.1", port=rig.udp[1])
    ingest = rig.ingest
    second = UdpListener(
        taken,
        ingest.intake,
        ingest.peers,
        ingest.metrics,
        Supervisor(),
        receive_buffer_bytes=4096,
        sockets=2,
    )
    with pytest.raises(
        StartupError, match=rf"HEP over UDP \(ingest.udp\): cannot listen at {taken}: "
    ):
        await second.__aenter__()


async def test_only_packets_with_a_known_key_are_taken_once_keys_are_set(
    make_rig: MakeRig,
) -> None:
    """Several keys may be valid at once; the key itself never reaches the bus."""
    async with make_rig(auth_keys="old,new") as rig:
        good = [make_packet(make_request(), auth_key=key) for key in (b"old", b"new")]
        await send_udp(rig, PACKET, make_packet(make_request(), auth_key=b"bad"), *good)
        await rig.until(lambda: len(rig.on_bus()) == 2)
        assert rig.count("refused_total", reason="auth_key") == 2
        assert {packet.auth_key for packet in rig.on_bus()} == {None}


async def test_a_rate_limit_holds_one_peer_back(make_rig: MakeRig) -> None:
    """A burst of a second's worth passes, the rest is counted."""
    async with make_rig(rate_limit=2) as rig:
        await send_udp(rig, *[PACKET] * 20)
        await rig.until(lambda: rig.count("received_total", transport="udp") == 20)
        refused = rig.count("refused_total", reason="rate_limit")
        # Seconds may pass between two datagrams where other processes have the processor.
        assert 10 <= refused <= 18
        await rig.until(lambda: len(rig.on_bus()) == 20 - refused)


async def test_a_full_bus_slows_tcp_and_loses_nothing(make_rig: MakeRig) -> None:
    """Reading stops until the readers are past; then everything arrives."""
    calls = [packet for n in range(300) for packet in make_call(f"{n}@x")]
    async with make_rig(max_bytes=100_000, record_bytes=10_000) as rig:
        sending = asyncio.create_task(send_tcp(rig, b"".join(calls)))
        await rig.until(lambda: not rig.ingest.ready()[0])
        seen = 0
        async with rig.bus.consumer("writer", list({w.topic for w in rig.bus.logs})) as reader:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while seen < len(calls):
                    for record in await reader.poll(max_bytes=50_000, timeout_seconds=0.2):
                        seen += record.packets
                        at = TopicPartition(record.topic, record.partition)
                        reader.commit({at: record.offset + 1})
        await sending
        assert rig.count("stalls_total") >= 1
        udp, tcp = (":".join(map(str, at)) for at in (rig.udp, rig.tcp))
        assert rig.ingest.ready() == (True, f"accepting at udp {udp}, tcp {tcp}")
    assert seen == len(calls)


async def test_the_end_takes_what_has_arrived(make_rig: MakeRig) -> None:
    """What the kernel acknowledged to a TCP peer is on the bus when ingest is gone."""
    data = b"".join(make_call())
    async with make_rig() as rig:
        _, writer = await asyncio.open_connection(*rig.tcp)
        await rig.until(lambda: rig.ingest.tcp[0].connections == 1)
        writer.write(data)
        await arrived(writer)
    assert len(rig.on_bus()) == 7
    writer.close()


async def test_a_port_in_use_is_one_clear_line(rig: Rig) -> None:
    """It names the transport and the address."""
    taken = Listen(host="127.0.0.1", port=rig.udp[1])
    ingest = rig.ingest
    second = UdpListener(
        taken, ingest.intake, ingest.peers, ingest.metrics, Supervisor(), receive_buffer_bytes=4096
    )
    with pytest.raises(
        StartupError, match=rf"HEP over UDP \(ingest.udp\): cannot listen at {taken}: "
    ):
        await second.__aenter__()


async def test_foreign_annotations_are_removed_and_counted(rig: Rig) -> None:
    """Nobody outside may say when and from where a packet came."""
    await send_udp(rig, PACKET)
    await rig.until(lambda: len(rig.on_bus()) == 1)
    record = next(log for log in rig.bus.logs.values() if log.end)
    annotated = record.read(0, 1 << 20)[0].value
    await send_udp(rig, annotated)
    await rig.until(lambda: len(rig.on_bus()) == 2)
    assert rig.count("foreign_annotations_total") == 3
    assert rig.on_bus()[1].received_at_us > rig.on_bus()[0].received_at_us


async def test_undecodable_packets_are_kept_as_dead_letters_up_to_a_rate(rig: Rig) -> None:
    """With reason, offset and peer; a flood is only counted."""
    await send_udp(rig, *[b"\x07garbage"] * 100)
    await rig.until(lambda: rig.count("received_total", transport="udp") == 100)
    assert rig.count("refused_total", reason="not_hep") == 100
    assert 20 <= rig.count("dead_letters_total") < 100


async def test_peers_are_told_apart_in_metrics(rig: Rig) -> None:
    """Accepted and refused packets of an address that is a real agent."""
    await send_udp(rig, PACKET, b"\x07")
    await rig.until(lambda: rig.count("received_total", transport="udp") == 2)
    assert rig.count("peer_accepted_packets", peer="127.0.0.1") == 1
    assert rig.count("peer_refused_packets", peer="127.0.0.1", reason="not_hep") == 1


async def test_agents_of_both_families_reach_all_addresses(make_rig: MakeRig) -> None:
    """An IPv4 peer is named by its IPv4 address."""
    everywhere = (Listen(host="::", port=0),)
    async with make_rig(udp=everywhere, tcp=()) as rig:
        port = rig.udp[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(PACKET, ("127.0.0.1", port))
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sender:
            sender.sendto(PACKET, ("::1", port))
        await rig.until(lambda: len(rig.on_bus()) == 2)
        peers = {packet.peer[:-2] for packet in rig.on_bus()}
        assert peers == {bytes([127, 0, 0, 1]), bytes(15) + b"\x01"}
        assert rig.count("peer_accepted_packets", peer="127.0.0.1") == 1
