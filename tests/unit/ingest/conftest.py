"""An ingest on a memory bus, listening on free ports, and what it put there."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import pytest
from prometheus_client import CollectorRegistry

from hep import HepPacket, decode3, scan
from hepscope_common.bus import TOPICS, MemoryBus
from hepscope_common.runtime import Supervisor
from hepscope_common.settings import Listen
from hepscope_ingest.component import Ingest
from hepscope_ingest.settings import IngestSettings

PATIENCE_SECONDS = 60.0
"""How long something may take that is expected to happen: the machine may have a lot to do."""

ANY = (Listen(host="127.0.0.1", port=0),)
BY_DEFAULT = {"udp": ANY, "tcp": ANY, "tls": (), "http": (), "reports": {"every_seconds": 0}}


@dataclass
class Rig:
    """An ingest and its surroundings."""

    ingest: Ingest
    bus: MemoryBus
    registry: CollectorRegistry

    @property
    def udp(self) -> tuple[str, int]:
        """Where it listens for datagrams."""
        return self.ingest.udp[0].address.host, self.ingest.udp[0].address.port

    @property
    def tcp(self) -> tuple[str, int]:
        """Where it listens for connections."""
        return self.ingest.tcp[0].address.host, self.ingest.tcp[0].address.port

    @property
    def tls(self) -> tuple[str, int]:
        """Where it listens for TLS connections."""
        return self.ingest.tls[0].address.host, self.ingest.tls[0].address.port

    @property
    def http(self) -> str:
        """Where it listens for HTTP and WebSocket, as host and port."""
        return str(self.ingest.http[0].address)

    def count(self, name: str, **labels: str) -> float:
        """Return the value of a metric now."""
        value = self.registry.get_sample_value(f"hepscope_ingest_{name}", labels)
        assert value is not None, name
        return value

    def on_bus(self) -> list[HepPacket]:
        """Return every packet that lies on the bus, partition by partition."""
        found = []
        for log in self.bus.logs.values():
            if log.where.topic in TOPICS:
                for record in log.read(log.start, 1 << 30):
                    found += [decode3(data) for data in scan(record.value)]
        return found

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let the loop turn until something is so."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():
                await asyncio.sleep(0.001)


MakeRig = Callable[..., AbstractAsyncContextManager[Rig]]


@pytest.fixture
def make_rig() -> MakeRig:
    """Make an ingest with settings of the test's own."""

    @asynccontextmanager
    async def make(*, max_bytes: int = 1 << 26, **settings: object) -> AsyncIterator[Rig]:
        registry, supervisor = CollectorRegistry(), Supervisor()
        bus = MemoryBus(groups=["writer"], max_bytes=max_bytes)
        values = IngestSettings.model_validate({**BY_DEFAULT, **settings})
        ingest = Ingest(values, bus, registry, supervisor)
        async with ingest:
            yield Rig(ingest, bus, registry)
        assert supervisor.failure is None

    return make


@pytest.fixture
async def rig(make_rig: MakeRig) -> AsyncIterator[Rig]:
    """An ingest with default settings."""
    async with make_rig() as made:
        yield made
