"""A whole installation on loopback: its parts, processes or containers, and proxies between them.

Everything is made fresh in a work folder: ``logs`` (kept), ``disk`` (the database's, a tmpfs where
one can be mounted), ``broker`` and a data folder for each service. Leaving it ends everything
that it started and removes all but the logs.
"""

import asyncio
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from chaos import database
from chaos.balance import Counts, kernel_drops, read_counters
from chaos.broker import Broker
from chaos.clock import Clock, NoClockError, find_library
from chaos.disk import NoDiskError, SmallDisk
from chaos.injector import Injector
from chaos.maker import Maker, Service
from chaos.numbers import LaneName
from chaos.parts import BROKER_LINKS, HEP_LINKS, HTTP_LINKS, SERVICES, Link, Part
from chaos.plan import CLOCK_KINDS, Fault, Kind, touches_broker
from chaos.proxy import Proxy
from chaos.runnable import Runnable
from chaos.services import Ports, settings_of
from chaos.target import Doors
from chaos.wiring import ADDRESSES, source_of, upstream_of
from support.service import Metrics

START_SECONDS = 240.0
"""For a machine that has other work to do; a quiet one needs 8."""

ASK_SECONDS = 3.0
PAUSE_SECONDS = 0.1

ChooseBroker = Callable[[Path, Mapping[Part, tuple[int, int]]], Broker]
"""Makes the broker, given a folder and the ports of each client's listener and proxy."""


class NotStartedError(RuntimeError):
    """The installation did not become ready; the message says which part."""


class Installation:
    """All parts, running; inert until entered."""

    def __init__(
        self,
        work: Path,
        *,
        disk_mib: int,
        choose_broker: ChooseBroker,
        maker: Maker,
        with_spool: bool = True,
    ) -> None:
        self.work = work
        self.logs = work / "logs"
        self.ports = ports = Ports()
        self.disk = SmallDisk(work / "disk", mib=disk_mib)
        self.has_disk = True
        self.is_balanced = True
        self.left_out: list[str] = []
        self.breaker = Injector(self)
        self.clocks: dict[Part, Clock] = {}
        """Of the services; none where there is no library for it."""
        self._maker = maker
        self._clock_library = self._find_clock_library()
        self._with_spool = with_spool
        self._choose_broker = choose_broker
        self._broker: Broker | None = None
        self.proxies = {
            link: Proxy(ports.links[link], upstream_of(link, ports), source=source_of(link))
            for link in Link
        }
        self.parts: dict[Part, Runnable] = {}
        self.services: dict[Part, Service] = {}
        self._stack = AsyncExitStack()
        self._client = httpx.AsyncClient(trust_env=False, timeout=ASK_SECONDS)

    @property
    def title(self) -> str:
        """What the run calls it when it begins."""
        return f"on loopback, {self._maker.title} with {self.broker.title}"

    @property
    def doors(self) -> Doors:
        """The first ingest's port for UDP, the proxies for the others."""
        links = self.ports.links
        return Doors(
            udp=self.ports.hep_udp[Part.INGEST],
            tcp=links[Link.TCP],
            hep=[links[link] for link in HEP_LINKS],
            http=[links[link] for link in HTTP_LINKS],
            udp_source=ADDRESSES[LaneName.UDP],
        )

    @property
    def dsn(self) -> str:
        """The address of the database without a proxy."""
        return database.dsn_at(self.ports.database)

    @property
    def broker(self) -> Broker:
        """The broker, to be asked directly."""
        assert self._broker is not None
        return self._broker

    async def __aenter__(self) -> Self:
        """Make and start everything. Raises what a part raises that cannot start."""
        async with AsyncExitStack() as opening:
            opening.callback(self._remove)
            opening.push_async_callback(self._client.aclose)
            self._make_folders()
            opening.callback(self.disk.unmount)
            await self._make_parts(opening)
            for proxy in self.proxies.values():
                await opening.enter_async_context(proxy)
            await self._start()
            self._stack = opening.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End everything."""
        await self._stack.aclose()

    def possible(self, plan: Sequence[Fault]) -> list[Fault]:
        """Return the faults that can be done here; the others are noted in ``left_out``."""
        missing = set[Kind]()
        if not self.clocks:
            missing.update(CLOCK_KINDS)
        if not self.has_disk:
            missing.add(Kind.DISK)
            if any(fault.kind is Kind.DISK for fault in plan):
                self.left_out.append("disk-full: only root can mount a small disk")
        faults = [fault for fault in plan if fault.kind not in missing]
        if Part.BROKER in self.parts:
            return faults
        self.left_out.append(f"the broker and the ways to it: {self.broker.title}")
        return [fault for fault in faults if not touches_broker(fault)]

    async def unready(self) -> list[str]:
        """Return what is not ready, each with what it says about itself."""
        asked = await asyncio.gather(*(self.ask_ready(part) for part in SERVICES))
        found = [reason for reason in asked if reason is not None]
        if not await database.is_answering(self.dsn):
            found.append("database: does not answer")
        if not await asyncio.to_thread(self.broker.is_answering):
            found.append("broker: does not answer")
        return found

    async def ask_ready(self, part: Part) -> str | None:
        """Return why a service is not ready, None when it is."""
        try:
            answer = await self._client.get(f"http://127.0.0.1:{self.ports.ops[part]}/readyz")
        except httpx.HTTPError as error:
            return f"{part}: {type(error).__name__}"
        return None if answer.status_code == 200 else f"{part}: {answer.text}"

    async def count(self, lane: LaneName) -> Counts | None:
        """Return what became of a plain lane's packets; None while ingest does not answer."""
        try:
            answer = await self._client.get(
                f"http://127.0.0.1:{self.ports.ops[Part.INGEST]}/metrics"
            )
            metrics = Metrics(answer.raise_for_status().text)
        except httpx.HTTPError:
            return None
        accepted, refused = read_counters(metrics, ADDRESSES[lane])
        port = self.ports.hep_udp[Part.INGEST]
        dropped = kernel_drops(port) if lane is LaneName.UDP else 0
        return Counts(self.services[Part.INGEST].starts, accepted, refused, dropped)

    async def wait_ready(self, seconds: float) -> None:
        """Return once everything is ready. Raises NotStartedError."""
        deadline = asyncio.get_running_loop().time() + seconds
        while unready := await self.unready():
            if asyncio.get_running_loop().time() > deadline:
                raise NotStartedError("; ".join(unready))
            await asyncio.sleep(PAUSE_SECONDS)

    def _find_clock_library(self) -> Path | None:
        if self._maker.no_clocks:
            self.left_out.append(self._maker.no_clocks)
            return None
        try:
            return find_library()
        except NoClockError as error:
            self.left_out.append(f"clock: {error}")
            return None

    def _make_folders(self) -> None:
        # The database's account passes through; nobody else can list it.
        self.work.chmod(0o711)
        for folder in (self.logs, self.work / "disk", self.work / "broker", self.work / "pg"):
            folder.mkdir()
        (self.work / "disk").chmod(0o711)
        (self.work / "pg").chmod(0o711)
        try:
            self.disk.mount()
        except NoDiskError:
            self.has_disk = False

    async def _make_parts(self, opening: AsyncExitStack) -> None:
        ports, log = self.ports, self.logs
        await asyncio.to_thread(self._maker.prepare)
        self.parts[Part.DATABASE] = kept = await asyncio.to_thread(
            self._maker.database,
            self.work / "disk" / "server",
            self.work / "pg",
            ports.database,
            log / "database.log",
        )
        opening.push_async_callback(kept.close)
        own = {
            part: (ports.listeners[part], ports.links[link]) for part, link in BROKER_LINKS.items()
        }
        self._broker = broker = await asyncio.to_thread(
            self._choose_broker, self.work / "broker", own
        )
        opening.push_async_callback(broker.close, log / "broker.log")
        if isinstance(broker, Runnable):
            self.parts[Part.BROKER] = broker
            opening.push_async_callback(broker.kill)
        for part in SERVICES:
            data = self.work / part
            data.mkdir()
            place = self._maker.data_folder(data)
            environ = settings_of(part, ports, broker, place, with_spool=self._with_spool)
            if self._clock_library is not None:
                self.clocks[part] = Clock(self._clock_library, data / "clock")
                environ |= self.clocks[part].environment()
            service = self._maker.service(part, environ, log / f"{part}.log")
            self.parts[part] = self.services[part] = service
            # Their data are thrown away: nothing is worth a drain.
            opening.push_async_callback(service.close)

    async def _start(self) -> None:
        await self.parts[Part.DATABASE].start()
        await self.broker.open()
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while not await database.is_answering(database.dsn_at(self.ports.database, "postgres")):
            if asyncio.get_running_loop().time() > deadline:
                raise NotStartedError(f"database: see {self.logs}")
            await asyncio.sleep(PAUSE_SECONDS)
        await database.prepare_schema(self.ports.database)
        for service in self.services.values():
            await service.start()
        await self.wait_ready(START_SECONDS)

    def _remove(self) -> None:
        for folder in self._data_folders():
            shutil.rmtree(folder, ignore_errors=True)

    def _data_folders(self) -> Iterator[Path]:
        yield from (path for path in self.work.iterdir() if path.is_dir() and path != self.logs)
