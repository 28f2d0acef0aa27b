"""Live capture on the loopback: processor time of the whole process by frame, sending included.

Packets are sent by a process of its own, delivered to a server of its own, and captured with the
kernel's ring and filter. What the filter refuses is measured the same way. Needs CAP_NET_RAW; the
packets' heads are the loopback's, 28 bytes on 630 of SIP. On the loopback the sender of a datagram
pays for its way up to the other socket, too, which a card would not ask for; so datagrams go to a
device that takes them all, in a network of their own.

Memory is that of a process of its own that captures where nothing comes, with its ring of 20 MB.
"""

import asyncio
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bench import network, sender
from bench.ingest import send
from bench.report import Row
from hep import decode3
from hepscope_capture.clock import SystemClock
from hepscope_capture.delivery.plan import ServerPlan
from hepscope_capture.delivery.router import make_router
from hepscope_capture.frame_counts import FrameCounts
from hepscope_capture.live import allocator
from hepscope_capture.live.agent import Agent
from hepscope_capture.live.filter import FilterPlan, filter_of
from hepscope_capture.live.interface import Interface
from hepscope_capture.live.packet_socket import NotPermittedError, Options
from hepscope_capture.packets import Labels
from hepscope_capture.pipeline import Pipeline, Wanted
from hepscope_capture.senders.acks import Acks
from hepscope_capture.senders.target import Scheme, Target

RATE = 20_000
RTP = b"\x80\x08" + bytes(170)
SNAP_BYTES = 262_144

ROUNDS = 3
"""The best counts: what else runs on the machine only ever takes away."""

SINK = Path(__file__).with_name("hep_sink.py")


async def measure(messages: Sequence[bytes], seconds: float) -> list[Row]:
    """Return frames a second of one core, and the cost of what the filter refuses."""
    # As every live capture does.
    allocator.settle()
    try:
        Interface("lo", _options(1)).open()
    except NotPermittedError:
        print("no live capture: CAP_NET_RAW is needed")
        return []
    sip = [decode3(one).payload for one in messages]
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="hepscope-bench-") as folder:
        calls, media = Path(folder) / "sip", Path(folder) / "rtp"
        sender.write(calls, sip)
        sender.write(media, [RTP])
        rows = [await _best(calls, seconds, Scheme.TCP, "live capture, sending included")]
        if os.geteuid() == 0:
            by_udp = _best(calls, seconds, Scheme.UDP, "live capture, sending by UDP included")
            rows.append(await asyncio.to_thread(network.apart, lambda: asyncio.run(by_udp)))
        else:
            print("no live capture that sends by UDP: a network of its own needs root")
        frames, cpu, sent, _ = await _capture(media, seconds, Scheme.TCP, is_wanted=False)
        note = f"{sent:,} on the wire, {frames:,} came through the filter"
        rows.append(
            Row(
                "RTP beside it",
                cpu / sent * 1e9,
                "ns/packet",
                100,
                higher_is_better=False,
                note=note,
            )
        )
        rows.append(await _at_rest(Path(folder)))
    return rows


async def _best(file: Path, seconds: float, scheme: Scheme, name: str) -> Row:
    """Return what a frame costs that is sent on, in the best of some rounds."""
    found = [await _sending(file, seconds / ROUNDS, scheme, name) for _ in range(ROUNDS)]
    return max(found, key=lambda row: row.value)


async def _sending(file: Path, seconds: float, scheme: Scheme, name: str) -> Row:
    frames, cpu, sent, drops = await _capture(file, seconds, scheme, is_wanted=True)
    note = f"{sent:,} offered at {RATE:,}/s, {drops:,} dropped, {cpu / frames * 1e6:.1f} us each"
    return Row(name, frames / cpu, "frames/s/core", 200e3, note=note)


async def _at_rest(folder: Path) -> Row:
    """Return the memory of an agent that waits for packets."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hepscope_capture", "--interface", "lo", "--ports", "9",
        "--send", "udp://127.0.0.1:9", "--spool-dir", str(folder / "spool"), "--log-format", "text",
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        while b"capturing from" not in (line := await process.stderr.readline()):
            assert line, "it has ended"
        # What it does once after its start is not the rest.
        await asyncio.sleep(2.0)
        status = Path(f"/proc/{process.pid}/status").read_text()
    finally:
        process.terminate()
        await process.communicate()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return Row("capture agent at rest", int(resident.split()[1]) / 1024, "MiB", 60,
               higher_is_better=False)  # fmt: skip


async def _capture(
    file: Path, seconds: float, scheme: Scheme, *, is_wanted: bool
) -> tuple[int, float, int, int]:
    """Return the frames captured, the processor time, the packets sent and those dropped."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        # Beside the port, where there is nothing to capture.
        interface = Interface("lo", _options(port if is_wanted else port - 1 or 1))
        async with _server(scheme) as target:
            clock = SystemClock()
            acks = Acks.REQUIRE if scheme is Scheme.TCP else Acks.NEVER
            router = make_router([ServerPlan((target,), acks=acks)], clock)
            pipeline = Pipeline(Wanted(), FrameCounts())
            agent = Agent([interface], pipeline, Labels(2001), clock, deliver=router.put)
            interface.open()
            thread = threading.Thread(target=agent.run)
            thread.start()
            router.start()
            begun = time.process_time()
            sent = await send(file, port, RATE, seconds)
            await asyncio.sleep(0.3)
            agent.stop()
            await asyncio.to_thread(thread.join)
            await asyncio.to_thread(router.end, 30.0)
            spent = time.process_time() - begun
            counts = router.destinations[0].counts()
            assert counts.delivered == agent.counts.messages
            assert scheme is Scheme.UDP or counts.acknowledged == counts.delivered
    return interface.counts.frames, spent, sent, interface.drops


@asynccontextmanager
async def _server(scheme: Scheme) -> AsyncIterator[Target]:
    if scheme is Scheme.UDP:
        yield Target(scheme, network.SINK, 9060)
        return
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SINK), stdout=asyncio.subprocess.PIPE, env=dict(os.environ)
    )
    assert process.stdout is not None
    try:
        yield Target(scheme, "127.0.0.1", int(await process.stdout.readline()))
    finally:
        process.kill()
        await process.wait()


def _options(port: int) -> Options:
    plan = FilterPlan(ports=frozenset({port}), snap_bytes=SNAP_BYTES, rtcp=True, tunnels=True)
    return Options(filter_of(plan), 32)
