"""Settings of the ``hepscope`` command: the sections of every service in one process."""

from pathlib import Path

from hepscope_common.bus.settings import BusSettings
from hepscope_common.settings import LogSettings, Settings
from hepscope_common.store.settings import StoreSettings
from hepscope_ingest.settings import IngestSettings
from hepscope_metrics_exporter.settings import MetricsSettings
from hepscope_query_api.settings import ApiSettings
from hepscope_storage_writer.maintain_settings import RetentionSettings
from hepscope_storage_writer.settings import WriterSettings


class StandaloneSettings(Settings):
    """Everything that can be set."""

    data_dir: Path | None = None
    """Where the embedded PostgreSQL and everything else that is kept lies. Default: as root
    /var/lib/hepscope, else ~/.local/share/hepscope."""

    ingest: IngestSettings = IngestSettings()
    bus: BusSettings = BusSettings()
    writer: WriterSettings = WriterSettings()
    store: StoreSettings = StoreSettings()
    retention: RetentionSettings = RetentionSettings()
    api: ApiSettings = ApiSettings()
    metrics: MetricsSettings = MetricsSettings()
    log: LogSettings = LogSettings()
