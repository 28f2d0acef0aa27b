"""Metrics of the exporter: what the traffic on the bus is."""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry

from hepscope_common.metrics import CounterFamily, GaugeFamily, PlainCollector
from hepscope_metrics_exporter.methods import STATUS_CLASSES, MethodLabels

TYPE_NAMES_AND_VERSIONS = 12
"""Series a node is expected to need at most: its types by its HEP version."""

Readings = Callable[[], Iterable[tuple[tuple[str, ...], float]]]


class ExporterMetrics:
    """Counters of packets and of SIP messages."""

    def __init__(
        self,
        registry: CollectorRegistry,
        methods: MethodLabels,
        *,
        max_nodes: int,
        lag: Readings,
    ) -> None:
        self.packets = CounterFamily(
            "hepscope_packets_total",
            "Packets on the bus by node, HEP protocol type and HEP version.",
            ("node", "type", "version"),
            max_series=max_nodes * TYPE_NAMES_AND_VERSIONS,
        )
        self.bytes = CounterFamily(
            "hepscope_packets_bytes_total", "HEP3 bytes on the bus by node.", ("node",),
            max_series=max_nodes,
        )  # fmt: skip
        self.requests = CounterFamily(
            "hepscope_sip_requests_total",
            "SIP requests by method, retransmissions and every capture point included.",
            ("method",),
            known=[(name,) for name in methods.values],
        )
        self.responses = CounterFamily(
            "hepscope_sip_responses_total",
            "SIP responses by method of the request (CSeq) and class of the status code.",
            ("method", "class"),
            known=[("INVITE", name) for name in STATUS_CLASSES],
        )
        self.malformed = CounterFamily(
            "hepscope_sip_malformed_total",
            "SIP packets (type 1) whose payload has no readable start line.",
        )
        self.undecodable = CounterFamily(
            "hepscope_exporter_undecodable_total",
            "Packets on the bus that could not be decoded; ingest should have refused them.",
        )
        gauges = [
            GaugeFamily(
                "hepscope_exporter_lag_records",
                "Records on the bus that the exporter has not counted yet.",
                lag,
                ("topic", "partition"),
            )
        ]
        counters = [
            self.packets,
            self.bytes,
            self.requests,
            self.responses,
            self.malformed,
            self.undecodable,
        ]
        self.collector = PlainCollector(registry, [*counters, *gauges])
