"""Metrics of the capture nodes, read from their table at scrape."""

from hepscope_common.metrics import GaugeFamily
from hepscope_ingest.nodes import NodeTable


def node_gauges(nodes: NodeTable) -> list[GaugeFamily]:
    """Return the families over a table; only nodes that had a packet accepted have a row."""
    return [
        GaugeFamily(
            "hepscope_ingest_node_accepted_packets",
            "Packets accepted from a capture node, by its name or number.",
            nodes.accepted,
            ("node",),
        ),
        GaugeFamily(
            "hepscope_ingest_node_refused_packets",
            "Packets refused from a capture node by reason; `other`: none of its was accepted.",
            nodes.refused,
            ("node", "reason"),
        ),
        GaugeFamily(
            "hepscope_ingest_node_last_seen_seconds",
            "When the last packet of a capture node was accepted, Unix time.",
            nodes.last_seen,
            ("node",),
        ),
        GaugeFamily(
            "hepscope_ingest_node_clock_skew_seconds",
            "Capture time minus arrival, smoothed: ahead when positive; delays make it negative.",
            nodes.skew,
            ("node",),
        ),
        GaugeFamily(
            "hepscope_ingest_node_tolerated_packets",
            "Accepted packets of a capture node that deviate from the HEP specification.",
            nodes.quirks,
            ("node",),
        ),
    ]
