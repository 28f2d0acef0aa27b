"""A real ``hepscope run`` in a process of its own, for measurements from outside."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

FREE = "127.0.0.1:0"
_PLACES = re.compile(
    rb"udp 127\.0\.0\.1:(?P<hep>\d+).*?localhost:(?P<api>\d+)/docs.*?localhost:(?P<metrics>\d+)/m",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Running:
    """Ports and process id of a running hepscope."""

    pid: int
    hep: int
    api: int
    metrics: int

    async def metric(self, client: httpx.AsyncClient, name: str) -> float:
        """Return the sum of all series of a metric."""
        text = (await client.get(f"http://127.0.0.1:{self.metrics}/metrics")).text
        rows = re.findall(rf"^{name}(?:\{{[^}}]*\}})? (\S+)$", text, re.MULTILINE)
        return sum(float(value) for value in rows)

    def memory_bytes(self) -> int:
        """Return the resident set of the process, PostgreSQL not included."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024


@asynccontextmanager
async def running(data_dir: Path) -> AsyncIterator[Running]:
    """Start hepscope on free ports and end it in good order."""
    environ = os.environ | {
        "HEPSCOPE_INGEST__UDP": FREE,
        "HEPSCOPE_INGEST__TCP": FREE,
        "HEPSCOPE_INGEST__TLS": FREE,
        "HEPSCOPE_INGEST__HTTP": FREE,
        "HEPSCOPE_API__LISTEN": FREE,
        "HEPSCOPE_METRICS__LISTEN": FREE,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hepscope_standalone", "run", "--data-dir", str(data_dir),
        stderr=asyncio.subprocess.PIPE, env=environ,
    )  # fmt: skip
    assert process.stderr is not None
    seen = b""
    async with asyncio.timeout(60):
        while (found := _PLACES.search(seen)) is None:
            line = await process.stderr.readline()
            if not line:
                raise RuntimeError(f"hepscope did not start: {seen.decode()}")
            seen += line
    reading = asyncio.create_task(process.stderr.read())
    try:
        ports = {name: int(value) for name, value in found.groupdict().items()}
        yield Running(pid=process.pid, **ports)
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()
        await reading
