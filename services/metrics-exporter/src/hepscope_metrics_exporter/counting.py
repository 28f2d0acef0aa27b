"""Counting: everything between the packets of a record and the metrics, put together."""

from prometheus_client import CollectorRegistry

from hepscope_common.metrics import Family
from hepscope_common.names import Names
from hepscope_metrics_exporter.attempts import AttemptCounter
from hepscope_metrics_exporter.countries import Countries
from hepscope_metrics_exporter.heplify_families import HeplifyFamilies
from hepscope_metrics_exporter.heplify_media import HeplifyMedia
from hepscope_metrics_exporter.heplify_messages import HeplifyMessages
from hepscope_metrics_exporter.media import MediaCounter
from hepscope_metrics_exporter.media_families import MediaFamilies
from hepscope_metrics_exporter.methods import MethodLabels
from hepscope_metrics_exporter.metrics import ExporterMetrics, Readings, own_families
from hepscope_metrics_exporter.nodes import NodeLabels
from hepscope_metrics_exporter.sdp_memory import SdpMemory
from hepscope_metrics_exporter.settings import MetricsSettings
from hepscope_metrics_exporter.shard import Shard
from hepscope_metrics_exporter.sip import SipCounter
from hepscope_metrics_exporter.statistics import Statistics
from hepscope_metrics_exporter.traffic import TrafficCounter
from hepscope_metrics_exporter.traffic_families import TrafficFamilies


class Counting:
    """The counters of one exporter, and the shards' maker."""

    def __init__(self, settings: MetricsSettings, names: Names, partitions: int) -> None:
        self._settings = settings
        self._partitions = partitions
        methods = MethodLabels(settings.methods)
        self.memory = SdpMemory(settings.sdp_bytes)
        traffic = TrafficFamilies(
            methods, max_nodes=settings.max_nodes, max_names=settings.max_names
        )
        streams = MediaFamilies(max_streams=settings.max_streams)
        media = MediaCounter(streams, self.memory)
        statistics = Statistics(settings.statistics, expire_seconds=settings.gauge_seconds)
        heplify = None
        compatible: list[Family] = []
        if settings.heplify:
            families = HeplifyFamilies(
                max_nodes=settings.max_nodes,
                max_names=settings.max_names,
                expire_seconds=settings.gauge_seconds,
            )
            compatible = families.families
            every_copy = settings.heplify_every_copy
            messages = HeplifyMessages(families, names, methods, every_copy=every_copy)
            heplify = (messages, HeplifyMedia(families))
        self.countries = Countries(settings.geoip_file)
        attempts = AttemptCounter(
            names,
            None if heplify is None else heplify[0],
            self.countries,
            max_nodes=settings.max_nodes,
            max_names=settings.max_names,
        )
        sip = SipCounter(traffic, methods, names, memory=self.memory, media=media, heplify=heplify)
        self.traffic = TrafficCounter(
            traffic,
            nodes=NodeLabels(settings.max_nodes),
            names=names,
            sip=sip,
            attempts=attempts,
            media=media,
            statistics=statistics,
            heplify=heplify,
        )
        self._families = [
            *traffic.families, *attempts.families, *streams.families, *statistics.families,
            *compatible,
        ]  # fmt: skip

    def expose(self, registry: CollectorRegistry, readings: Readings) -> ExporterMetrics:
        """Put the metrics on a registry."""
        return ExporterMetrics(registry, [*own_families(readings), *self._families])

    def make_shard(self, silent_until_us: int) -> Shard:
        """Return an empty shard; all of them together keep within the bounds of the settings."""
        settings = self._settings
        return Shard(
            max_attempts=max(settings.max_attempts // self._partitions, 100),
            max_sessions=max(settings.max_sessions // self._partitions, 100),
            late_us=int(settings.late_seconds * 1e6),
            silent_until_us=silent_until_us,
        )
