"""The delivery that the settings ask for: with a disk spool, or without."""

from hepscope_common.bus import Producer
from hepscope_common.clock import Clock
from hepscope_common.runtime import Supervisor
from hepscope_ingest.delivery import DirectDelivery
from hepscope_ingest.delivery_spooled import SpooledDelivery
from hepscope_ingest.metrics import IngestMetrics
from hepscope_ingest.settings import IngestSettings
from hepscope_ingest.spool import Spool


def make_spool(settings: IngestSettings, now_us: Clock) -> Spool | None:
    """Return the spool, not opened yet; None where it is turned off."""
    if settings.spool_dir is None:
        return None
    return Spool(
        settings.spool_dir,
        max_bytes=settings.spool_bytes,
        sync=settings.spool_sync,
        now_us=now_us,
    )


def make_delivery(
    settings: IngestSettings,
    producer: Producer,
    metrics: IngestMetrics,
    supervisor: Supervisor,
    spool: Spool | None,
) -> DirectDelivery | SpooledDelivery:
    """Return the way of records to the bus, not entered yet."""
    if spool is None:
        return DirectDelivery(producer, metrics, supervisor)
    return SpooledDelivery(
        producer,
        metrics,
        supervisor,
        spool,
        patience_seconds=settings.spool_after_ms / 1000,
    )
