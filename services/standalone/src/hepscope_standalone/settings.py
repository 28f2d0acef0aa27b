"""Settings of the ``hepscope`` command: the sections of every service in one process."""

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator

from hepscope_common.bus.settings import BusSettings
from hepscope_common.names import NamesSettings
from hepscope_common.service import OpsSettings
from hepscope_common.settings import LogSettings, Settings
from hepscope_common.store.settings import StoreSettings
from hepscope_ingest.settings import IngestSettings
from hepscope_metrics_exporter.settings import MetricsSettings
from hepscope_query_api.settings import ApiSettings
from hepscope_storage_writer.loki.settings import LokiSettings
from hepscope_storage_writer.maintain_settings import RetentionSettings
from hepscope_storage_writer.settings import WriterSettings


def parse_directory(value: object) -> object:
    """Return the path of a text, ``~`` expanded; None of an empty one, which is not "here"."""
    if not isinstance(value, str):
        return value
    return Path(value).expanduser() if value else None


class StandaloneSettings(Settings):
    """Everything that can be set."""

    data_dir: Annotated[Path | None, BeforeValidator(parse_directory)] = None
    """Where the embedded PostgreSQL and everything else that is kept lies. Default: as root
    /var/lib/hepscope, else ~/.local/share/hepscope."""

    ingest: IngestSettings = IngestSettings()
    bus: BusSettings = BusSettings()
    writer: WriterSettings = WriterSettings()
    store: StoreSettings = StoreSettings()
    retention: RetentionSettings = RetentionSettings()
    loki: LokiSettings = LokiSettings()
    api: ApiSettings = ApiSettings()
    metrics: MetricsSettings = MetricsSettings()
    names: NamesSettings = NamesSettings()
    log: LogSettings = LogSettings()
    ops: OpsSettings = OpsSettings()
