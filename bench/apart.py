"""Each service in a process of its own, over Kafka: what a thousand messages a second cost it.

CPU is that of the process (of PostgreSQL and Kafka with their children) while the load runs, as a
share of one core per thousand messages a second; memory is resident, at the end of the load.
"""

import asyncio
import os
import socket
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx

from bench.ingest import send
from bench.over_kafka import Place, prefix_of
from bench.report import Row
from hep import HepPacket, encode3

RATE = 4_000
"""Messages a second: what two cores carry with the sender, the broker and the database on them."""

LOOKS = 15
"""Calls whose way to the API is timed."""

MEMORY_MB = {
    "ingest": 150.0, "storage-writer": 300.0, "metrics-exporter": 300.0, "query-api": 300.0
}  # fmt: skip
"""What a service may take, under load too."""

_CLOCK = os.sysconf("SC_CLK_TCK")

_INVITE = (
    "INVITE sip:b@10.1.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.1.0.1;branch=z9hG4bK1\r\n"
    "From: <sip:a@10.1.0.1>;tag=1\r\nTo: <sip:b@10.1.0.2>\r\nCall-ID: {}\r\n"
    "CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Part:
    """One process, perhaps with children, and what it is called."""

    name: str
    pid: int

    def cpu_seconds(self) -> float:
        """Return the CPU time of the process and its children so far."""
        return sum(_ticks(pid) for pid in _family(self.pid)) / _CLOCK

    def memory_bytes(self) -> int:
        """Return the resident set of the process alone."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024


async def measure(place: Place, around: list[Part], traffic: Path, seconds: float) -> list[Row]:
    """Return CPU and memory of every service, and of the broker and database ``around``."""
    dsn = place.dsn
    with _services(place) as (services, port, api):
        parts = [*services, *around]
        quiet = {part.name: part.memory_bytes() for part in parts}
        await _load(dsn, port, traffic, 2.0)
        rows = [_seen("quiet", await _latencies(port, api, LOOKS), 1.0)]
        before = {part.name: part.cpu_seconds() for part in parts}
        sent = await _load(dsn, port, traffic, seconds)
        spent = {part.name: part.cpu_seconds() - before[part.name] for part in parts}
        for part in parts:
            share = spent[part.name] / sent * 1000 * 100
            rows.append(Row(f"{part.name}: CPU per 1,000 messages/s", share, "% of a core"))
            for when, used in (
                ("at rest", quiet[part.name]), ("under load", part.memory_bytes())
            ):  # fmt: skip
                floor = MEMORY_MB.get(part.name)
                name = f"{part.name}: memory {when}"
                rows.append(Row(name, used / 1e6, "MB", floor, higher_is_better=False))
        loading = asyncio.create_task(_load(dsn, port, traffic, seconds))
        rows.append(_seen(f"at {RATE:,}/s", await _latencies(port, api, LOOKS), 5.0))
        await loading
        return rows


def _seen(when: str, seconds: list[float], floor: float) -> Row:
    note = f"median of {len(seconds)} calls, the slowest {max(seconds):.2f} s"
    name = f"datagram to visible call, {when}"
    return Row(name, statistics.median(seconds), "s", floor, higher_is_better=False, note=note)


async def _latencies(port: int, api: int, count: int) -> list[float]:
    """Return the seconds from each of some INVITEs to its call in an answer of the API."""
    found = []
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    address = f"http://127.0.0.1:{api}/api/v1/calls"
    with sender:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            for number in range(count):
                call_id = f"seen-{time.time_ns()}-{number}"
                packet = encode3(
                    HepPacket(
                        source=b"\x0a\1\0\1",
                        destination=b"\x0a\1\0\2",
                        source_port=5060,
                        destination_port=5060,
                        time_us=time.time_ns() // 1000,
                        payload=_INVITE.format(call_id).encode(),
                    )
                )
                start = time.perf_counter()
                sender.sendto(packet, ("127.0.0.1", port))
                async with asyncio.timeout(60):
                    while (await client.get(f"{address}/{call_id}")).status_code != 200:
                        await asyncio.sleep(0.02)
                found.append(time.perf_counter() - start)
    return found


async def _load(dsn: str, port: int, traffic: Path, seconds: float) -> int:
    """Send for some seconds and wait until everything is stored; returns how many."""
    connection = await asyncpg.connect(dsn)
    try:
        first = await connection.fetchval("select count(*) from hepscope.sip")
        sent = await send(traffic, port, RATE, seconds)
        async with asyncio.timeout(60):
            while await connection.fetchval("select count(*) from hepscope.sip") < first + sent:
                await asyncio.sleep(0.5)
    finally:
        await connection.close()
    return sent


@contextmanager
def _services(place: Place) -> Iterator[tuple[list[Part], int, int]]:
    """Start the four services; gives them, ingest's HEP port and the API's."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from support.daemon import Daemon  # noqa: PLC0415 - beside the tests, not installed
    from support.kafka import free_port  # noqa: PLC0415

    port, api = free_port(), free_port()
    settings = {
        "HEPSCOPE_BUS__BOOTSTRAP_SERVERS": place.bootstrap,
        "HEPSCOPE_BUS__TOPIC_PREFIX": prefix_of("apart"),
        "HEPSCOPE_STORE__DSN": place.dsn,
        "HEPSCOPE_INGEST__UDP": f"127.0.0.1:{port}",
        "HEPSCOPE_INGEST__TCP": f"127.0.0.1:{port}",
        "HEPSCOPE_INGEST__TLS": "",
        "HEPSCOPE_INGEST__HTTP": "",
        "HEPSCOPE_METRICS__LISTEN": "127.0.0.1:0",
        "HEPSCOPE_API__LISTEN": f"127.0.0.1:{api}",
    }
    with ExitStack() as stack:
        started = {
            name: stack.enter_context(Daemon(f"hepscope_{name.replace('-', '_')}", settings))
            for name in ("storage-writer", "metrics-exporter", "query-api", "ingest")
        }
        for service in started.values():
            service.wait_ready()
        parts = [Part(name, service.process.pid) for name, service in started.items()]
        yield parts, port, api


def _family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    parents = dict(_parents())
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def _parents() -> Iterator[tuple[int, int]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields:
                yield int(entry.name), int(fields[1])


def _ticks(pid: int) -> int:
    """Return user and system time, with that of children that ended."""
    fields = _stat(pid)
    return sum(int(fields[at]) for at in (11, 12, 13, 14)) if fields else 0


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat behind the name; none of a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
