"""The metrics page: every metric of every service, read from the collectors themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from hepscope_capture.live.crew_metrics import crew_families
from hepscope_capture.live.metrics import CaptureMetrics
from hepscope_capture.live.snapshot import Together
from hepscope_common.bus import kafka_metrics
from hepscope_common.bus.kafka_consumer import KafkaConsumer
from hepscope_common.bus.kafka_producer import KafkaProducer
from hepscope_common.metrics import Family
from hepscope_common.names import Names, NamesSettings
from hepscope_common.tuning.metrics import TuningMetrics
from hepscope_ingest.metrics import IngestMetrics
from hepscope_metrics_exporter.counting import Counting
from hepscope_metrics_exporter.metrics import Readings
from hepscope_metrics_exporter.settings import MetricsSettings
from hepscope_query_api.metrics import ApiMetrics
from hepscope_storage_writer.loki.metrics import LokiMetrics
from hepscope_storage_writer.maintain_counts import MaintainerCounts
from hepscope_storage_writer.maintain_metrics import MaintainerMetrics
from hepscope_storage_writer.measure_metrics import MeasurerCounts, MeasurerMetrics
from hepscope_storage_writer.media_joiner_metrics import JoinerCounts, JoinerMetrics
from hepscope_storage_writer.metrics import WriterMetrics

_HEAD = """\
# Metrics

`hepscope run` exposes all but those of the capture and of the bus on Kafka at
http://127.0.0.1:9096/metrics; a service on its own exposes its section and that of the bus at its
ops address. Label values come from closed sets or bounded tables; what does not fit is counted
under `other`. HTTP requests are measured as `hepscope_api_http_*` (requests, duration, sizes, by
route template, method and status class). The last column names what defines a quantity: see [KPIs
explained](../kpis-explained.md), and [from heplify-server](../from-heplify-server.md) for
`heplify_*` and `horaclifix_*`.

This page is generated (`make docs`).
"""


_COLUMNS = "| metric | type | labels | meaning | defined in |"


@dataclass(frozen=True, slots=True)
class _NoEnds:
    """A bus on Kafka that nobody uses yet."""

    producing: KafkaProducer | None = None
    consumers: Sequence[KafkaConsumer] = ()


def metrics_page() -> str:
    """Return the page as Markdown."""
    registry = CollectorRegistry()
    counting = Counting(MetricsSettings(), Names(NamesSettings()), partitions=1)
    exporter = counting.expose(registry, Readings())
    maintainer = MaintainerMetrics(registry, MaintainerCounts())
    measurer = MeasurerMetrics(registry, MeasurerCounts())
    joiner = JoinerMetrics(registry, JoinerCounts())
    tuning = TuningMetrics(registry, []).collector.families
    crew = crew_families(Together(0))
    sections: list[tuple[str, Sequence[Family]]] = [
        ("capture, live", [*CaptureMetrics(registry).collector.families, *crew]),
        ("ingest", IngestMetrics(registry).collector.families),
        ("storage-writer", WriterMetrics(registry).collector.families),
        ("storage-writer: maintainer", maintainer.collector.families),
        ("storage-writer: measurer", measurer.collector.families),
        ("storage-writer: media joiner", joiner.collector.families),
        ("storage-writer: Loki", LokiMetrics(registry).collector.families),
        ("metrics-exporter", exporter.collector.families),
        ("query-api", ApiMetrics(registry).collector.families),
        ("Machine and database, of ingest, storage-writer and everything in one", tuning),
        ("The bus on Kafka", kafka_metrics.export(registry, _NoEnds()).families),
    ]
    lines = [_HEAD]
    for title, families in sections:
        lines += [f"\n## {title}\n", _COLUMNS, "|---|---|---|---|---|"]
        lines += [_row(family) for family in families]
    return "\n".join(lines) + "\n"


def _row(family: Family) -> str:
    labels = ", ".join(f"`{label}`" for label in family.labels) or "none"
    name = f"`{family.name}`"
    return f"| {name} | {family.kind} | {labels} | {family.help} | {family.clause} |"
