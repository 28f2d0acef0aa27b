"""Ingest as a whole: what it holds while the bus is full, how it ends, how it fails."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from hepscope_common.bus import TOPICS, MemoryBus, TopicPartition
from hepscope_common.runtime import StartupError, Supervisor
from hepscope_ingest.component import Ingest
from hepscope_ingest.listeners.inflow import READ_BYTES
from hepscope_ingest.settings import IngestSettings
from support.builders import make_call
from unit.ingest.conftest import ANY, PATIENCE_SECONDS, MakeRig, Rig
from unit.ingest.test_listeners import PACKET, send_tcp, send_udp


async def read_all(rig: Rig, wanted: int) -> int:
    """Read and commit as a writer does, until this many packets came."""
    seen = 0
    async with rig.bus.consumer("writer", TOPICS) as reader, asyncio.timeout(PATIENCE_SECONDS):
        while seen < wanted:
            for record in await reader.poll(max_bytes=50_000, timeout_seconds=0.2):
                seen += record.packets
                at = TopicPartition(record.topic, record.partition)
                reader.commit({at: record.offset + 1})
    return seen


async def test_many_connections_hold_one_reading_beside_a_full_bus(make_rig: MakeRig) -> None:
    """What each has read ahead waits in its connection, not in the batcher."""
    calls = b"".join(packet for n in range(60) for packet in make_call(f"{n}@x"))
    peers = 12
    async with make_rig(max_bytes=100_000, record_bytes=10_000) as rig:
        sending = [asyncio.create_task(send_tcp(rig, calls)) for _ in range(peers)]
        await rig.until(lambda: not rig.ingest.ready()[0])
        for _ in range(100):
            await asyncio.sleep(0)
        # A reading, and a record of each partition that was open before.
        most = (READ_BYTES + 4 * 10_000) / len(PACKET) * 1.5
        assert 0 < rig.count("held_packets") < most
        assert await read_all(rig, peers * 420) == peers * 420
        await asyncio.gather(*sending)
        assert rig.count("held_packets") == 0


async def test_datagrams_wait_in_the_kernel_while_the_bus_is_full(make_rig: MakeRig) -> None:
    """Reading stops, and goes on once there is room: nothing is lost within the buffer."""
    async with make_rig(max_bytes=20_000, record_bytes=2_000) as rig:
        await send_udp(rig, *[PACKET] * 100)
        await rig.until(lambda: not rig.ingest.ready()[0])
        assert rig.count("stalls_total") == 1
        await send_udp(rig, *[PACKET] * 100)
        assert await read_all(rig, 200) == 200
        assert rig.count("received_total", transport="udp") == 200


async def test_what_the_kernel_dropped_is_told(make_rig: MakeRig) -> None:
    """A burst that nobody read in time is missing here and counted there."""
    async with make_rig(receive_buffer_bytes=4096) as rig:
        sent = 500
        # No turn of the loop in between: the buffer of some kilobytes must overflow.
        await send_udp(rig, *[PACKET] * sent)
        received = int(rig.count("received_total", transport="udp"))
        address = str(rig.ingest.udp[0].address)
        await rig.until(
            lambda: (
                rig.count("received_total", transport="udp")
                + rig.count("udp_kernel_drops", listen=address, socket="0")
                == sent
            )
        )
        assert received < sent
        assert rig.count("udp_kernel_drops", listen=address, socket="0") > 0


@contextmanager
def flood(address: tuple[str, int]) -> Iterator[None]:
    """Send datagrams from a thread without pause."""
    ended = threading.Event()

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while not ended.is_set():
                sender.sendto(PACKET, address)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


async def test_agents_that_go_on_sending_do_not_keep_it_from_ending(make_rig: MakeRig) -> None:
    """The drain takes what had arrived, not what will."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        # Nobody reads: a flood that is never found interrupted must not fill the bus meanwhile.
        async with make_rig(max_bytes=1 << 30) as rig:
            with flood(rig.udp):
                await rig.until(lambda: rig.count("accepted_total", version="3") > 0)
                await rig.ingest.udp[0].__aexit__(None, None, None)
            await rig.ingest.udp[0].__aenter__()


async def test_a_stream_that_goes_on_does_not_keep_it_from_ending(make_rig: MakeRig) -> None:
    """After a while it is cut, and what was taken of it is on the bus."""
    async with make_rig() as rig:
        _, writer = await asyncio.open_connection(*rig.tcp)

        async def stream() -> None:
            while True:
                writer.write(PACKET)
                await writer.drain()
                await asyncio.sleep(0.001)

        streaming = asyncio.create_task(stream())
        await rig.until(lambda: rig.count("accepted_total", version="3") > 0)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await rig.ingest.__aexit__(None, None, None)
        streaming.cancel()
        await asyncio.wait([streaming])
        writer.close()
        assert len(rig.on_bus()) == rig.count("accepted_total", version="3")
        assert rig.count("held_packets") == 0
        await rig.ingest.__aenter__()


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls", "http"])
async def test_a_port_in_use_is_one_line_that_names_the_setting(
    make_rig: MakeRig, tmp_path: Path, transport: str
) -> None:
    """And nothing stays open."""
    kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(StartupError) as refused:
            async with make_rig(**{transport: address, "tls_directory": tmp_path}):
                pytest.fail("it started")
    said = f"HEP over {transport.upper()} (ingest.{transport}): cannot listen at {address}: "
    assert str(refused.value) == f"{said}Address already in use"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_an_error_of_ours_ends_the_process(transport: str) -> None:
    """A callback or connection that fails would otherwise be a line in a log."""
    supervisor, asked = Supervisor(), count()

    def broken_clock() -> int:
        # Once while it is built, then for each packet.
        if next(asked):
            raise RuntimeError("no clock")
        return 1

    ingest = Ingest(
        IngestSettings(udp=ANY, tcp=ANY, tls=(), http=()),
        MemoryBus(),
        CollectorRegistry(),
        supervisor,
        now_us=broken_clock,
    )
    async with ingest:
        rig = Rig(ingest, MemoryBus(), CollectorRegistry())
        await {"udp": send_udp, "tcp": send_tcp}[transport](rig, PACKET)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await supervisor.stopped()
    assert str(supervisor.failure) == "no clock"
