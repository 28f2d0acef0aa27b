"""Every service in one process, each started once the one before it is ready.

What reads is there before what writes, so that the first packet accepted already has somewhere
to go. At the end the order turns round: listeners close first, then everything accepted is
stored, and the database stops last.
"""

import time
from collections.abc import AsyncIterator

from prometheus_client import CollectorRegistry
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from hepscope_common.bus import MemoryBus
from hepscope_common.http import HttpServer
from hepscope_common.names import Names
from hepscope_common.ops import Readiness, make_ops_app
from hepscope_common.runtime import Component, StartupError, Supervisor
from hepscope_common.store import positions
from hepscope_common.store.connection import Access, connect
from hepscope_common.tuning import Tuning
from hepscope_ingest.component import Ingest
from hepscope_metrics_exporter.component import GROUP as EXPORTER_GROUP
from hepscope_metrics_exporter.component import Exporter
from hepscope_migrations import MigrationError, upgrade
from hepscope_query_api.component import QueryApi
from hepscope_standalone.addresses import check_addresses
from hepscope_standalone.banner import Places, banner
from hepscope_standalone.bus_identity import bus_id_of, start_offsets
from hepscope_standalone.database import Database, make_database
from hepscope_standalone.settings import StandaloneSettings
from hepscope_standalone.tuning import looks
from hepscope_storage_writer.component import GROUP as WRITER_GROUP
from hepscope_storage_writer.component import StorageWriter
from hepscope_storage_writer.loki.component import LokiSink
from hepscope_storage_writer.maintain_metrics import MaintainerMetrics
from hepscope_storage_writer.maintainer import Maintainer
from hepscope_storage_writer.measure_metrics import MeasurerMetrics
from hepscope_storage_writer.measurer import Measurer
from hepscope_storage_writer.media_joiner import MediaJoiner
from hepscope_storage_writer.media_joiner_metrics import JoinerMetrics
from hepscope_storage_writer.metrics import WriterMetrics


class Standalone:
    """The parts of one process."""

    def __init__(self, settings: StandaloneSettings, supervisor: Supervisor) -> None:
        self._settings = settings
        self._supervisor = supervisor
        self._started = time.monotonic()
        self._places: Places | None = None
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

    def banner(self) -> str:
        """Return what to print once everything runs."""
        assert self._places is not None
        return banner(self._places)

    async def components(self) -> AsyncIterator[Component]:
        """Yield each part, to be entered before the next is asked for; raises StartupError."""
        settings, supervisor, registry = self._settings, self._supervisor, self.registry
        database = make_database(settings)
        check_addresses(settings, database.data_dir)
        yield database
        supervisor.start(database.wait_failed(), name=database.name)
        bus = await self._make_bus(database)
        writer = StorageWriter(
            settings.writer,
            bus=bus,
            dsn=database.dsn,
            metrics=WriterMetrics(registry),
            supervisor=supervisor,
        )
        maintainer = Maintainer(database.dsn, settings.retention, supervisor)
        MaintainerMetrics(registry, maintainer.counts)
        yield maintainer
        yield writer
        measurer = Measurer(
            database.dsn, settings.writer, supervisor, backlog_bytes=lambda: writer.backlog_bytes
        )
        MeasurerMetrics(registry, measurer.counts)
        yield measurer
        joiner = MediaJoiner(
            database.dsn, settings.writer, supervisor, backlog_bytes=lambda: writer.backlog_bytes
        )
        JoinerMetrics(registry, joiner.counts)
        yield joiner
        names = Names(settings.names.kept_in(database.data_dir), supervisor)
        yield names
        exporter = Exporter(settings.metrics, bus, registry, supervisor, names)
        yield exporter
        sink = self._make_sink(bus)
        if sink is not None:
            yield sink
        kept = settings.ingest.kept_in(database.data_dir)
        ingest = Ingest(kept, bus, registry, supervisor)
        checks: dict[str, Readiness] = {
            "writer": writer.readiness,
            "exporter": exporter.ready,
            "ingest": ingest.ready,
        }
        if sink is not None:
            checks["loki"] = sink.readiness
        api = QueryApi(settings.api, database.dsn, registry, supervisor, checks=checks, names=names)
        yield api
        ops = make_ops_app(registry, checks)
        servers = [
            HttpServer("metrics", ops, listen, supervisor) for listen in settings.metrics.listen
        ]
        for server in servers:
            yield server
        yield ingest
        yield Tuning(registry, looks(settings, database, ingest))
        self._places = self._found(database, ingest, api, servers)

    def _make_sink(self, bus: MemoryBus) -> LokiSink | None:
        """Return what pushes to Loki, if that is set; it must never hold the bus up."""
        settings = self._settings.loki
        if not settings.url:
            return None
        return LokiSink(
            settings, bus=bus, registry=self.registry, supervisor=self._supervisor, drops=True
        )

    async def _make_bus(self, database: Database) -> MemoryBus:
        """Return the bus, its logs at the offsets that the database wants next."""
        try:
            await upgrade(database.dsn)
        except MigrationError as error:
            raise StartupError(str(error)) from error
        bus_id = bus_id_of(database.data_dir)
        connection = await connect(database.dsn, Access.WRITER, application_name="hepscope start")
        try:
            stored = await positions.read(connection, bus_id)
        finally:
            await connection.close()
        return MemoryBus(
            bus_id=bus_id,
            partitions=self._settings.bus.partitions,
            max_bytes=self._settings.bus.memory_bytes,
            groups=[WRITER_GROUP, EXPORTER_GROUP],
            start_offsets=start_offsets(stored, self._settings.bus.partitions),
        )

    def _found(
        self, database: Database, ingest: Ingest, api: QueryApi, servers: list[HttpServer]
    ) -> Places:
        settings = self._settings
        return Places(
            udp=[one.address for one in ingest.udp],
            tcp=[one.address for one in ingest.tcp],
            tls=[one.address for one in ingest.tls],
            http=[one.address for one in ingest.http],
            pages=[server.url for server in api.servers],
            metrics=[server.url for server in servers],
            exposed=[
                listen
                for listen in (*settings.api.listen, *settings.metrics.listen)
                if not listen.is_loopback
            ],
            unserved=_unserved(settings),
            database=f"PostgreSQL {database.version}, {database.kind}",
            data_dir=str(database.data_dir),
            seconds=time.monotonic() - self._started,
        )


def _unserved(settings: StandaloneSettings) -> list[str]:
    """The settings that are accepted for later releases and do nothing in this one."""
    later = {
        "bus.bootstrap_servers": settings.bus.bootstrap_servers,
        "api.admin_password": settings.api.admin_password,
    }
    return [name for name, value in later.items() if value]
