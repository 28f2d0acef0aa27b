"""``python -m hepscope_storage_writer``: the storage writer on its own."""

import sys
from collections.abc import AsyncIterator
from functools import partial

from hepscope_common.bus.kafka import KafkaBus
from hepscope_common.bus.settings import BusSettings
from hepscope_common.runtime import Component, StartupError
from hepscope_common.service import Around, ServiceSettings, run
from hepscope_common.store import tuning
from hepscope_common.store.settings import StoreSettings
from hepscope_common.tuning import Tuning
from hepscope_storage_writer.component import StorageWriter
from hepscope_storage_writer.loki.component import LokiSink
from hepscope_storage_writer.loki.settings import LokiSettings
from hepscope_storage_writer.maintain_metrics import MaintainerMetrics
from hepscope_storage_writer.maintain_settings import RetentionSettings
from hepscope_storage_writer.maintainer import Maintainer
from hepscope_storage_writer.measure_metrics import MeasurerMetrics
from hepscope_storage_writer.measurer import Measurer
from hepscope_storage_writer.media_joiner import MediaJoiner
from hepscope_storage_writer.media_joiner_metrics import JoinerMetrics
from hepscope_storage_writer.metrics import WriterMetrics
from hepscope_storage_writer.schema import Schema
from hepscope_storage_writer.settings import WriterSettings


class StorageWriterSettings(ServiceSettings):
    """Everything that this service reads."""

    bus: BusSettings = BusSettings()
    store: StoreSettings = StoreSettings()
    writer: WriterSettings = WriterSettings()
    retention: RetentionSettings = RetentionSettings()
    loki: LokiSettings = LokiSettings()


async def parts(around: Around[StorageWriterSettings]) -> AsyncIterator[Component]:
    """Yield what the service is made of."""
    settings, supervisor, registry = around.settings, around.supervisor, around.registry
    if settings.store.dsn is None:
        raise StartupError("setting store.dsn is missing (HEPSCOPE_STORE__DSN)")
    dsn = settings.store.dsn.get_secret_value()
    schema = Schema(dsn)
    around.checks["schema"] = schema.ready
    yield schema
    bus = KafkaBus(settings.bus, registry, supervisor)
    around.checks["bus"] = bus.ready
    yield bus
    maintainer = Maintainer(dsn, settings.retention, supervisor)
    MaintainerMetrics(registry, maintainer.counts)
    yield maintainer
    writer = StorageWriter(
        settings.writer.outlasting(settings.bus.retention_hours),
        bus=bus,
        dsn=dsn,
        metrics=WriterMetrics(registry),
        supervisor=supervisor,
    )
    around.checks["writer"] = writer.readiness
    yield writer
    measurer = Measurer(
        dsn, settings.writer, supervisor, backlog_bytes=lambda: writer.backlog_bytes
    )
    MeasurerMetrics(registry, measurer.counts)
    yield measurer
    joiner = MediaJoiner(
        dsn, settings.writer, supervisor, backlog_bytes=lambda: writer.backlog_bytes
    )
    JoinerMetrics(registry, joiner.counts)
    yield joiner
    if settings.loki.url:
        sink = LokiSink(
            settings.loki, bus=bus, registry=registry, supervisor=supervisor, drops=False
        )
        around.checks["loki"] = sink.readiness
        yield sink
    commit = settings.writer.synchronous_commit
    look = partial(tuning.look, dsn, is_ours=False, bus_keeps=True, commit=commit)
    yield Tuning(registry, [look])


def main() -> int:
    """Serve until a signal; returns the exit code."""
    return run("storage-writer", StorageWriterSettings, parts)


if __name__ == "__main__":
    sys.exit(main())
