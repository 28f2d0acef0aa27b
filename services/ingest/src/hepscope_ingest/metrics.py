"""Metrics of ingest: what came, what was accepted, what was refused and why."""

from collections.abc import Callable, Iterable
from typing import Protocol

from prometheus_client import CollectorRegistry

from hepscope_common.metrics import CounterFamily, GaugeFamily, PlainCollector
from hepscope_ingest.node_metrics import node_gauges
from hepscope_ingest.nodes import NodeTable
from hepscope_ingest.refusal import REASONS

TRANSPORTS = ("udp", "tcp", "tls", "http", "ws")
VERSIONS = ("1", "2", "3")

Readings = Callable[[], Iterable[tuple[tuple[str, ...], float]]]


def _nothing() -> Iterable[tuple[tuple[str, ...], float]]:
    return ()


class SpoolReading(Protocol):
    """What is asked of a spool at scrape."""

    damaged: int
    errors: int

    @property
    def size_bytes(self) -> int:
        """Bytes of its files."""
        ...

    @property
    def limit_bytes(self) -> int:
        """Bytes that its files may have."""
        ...

    @property
    def records(self) -> int:
        """Records that the bus has not acknowledged."""
        ...

    def oldest_seconds(self) -> float:
        """Age of its oldest file."""
        ...


class IngestMetrics:
    """The counters of one ingest; plain additions, collected at scrape."""

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        kernel_drops: Readings = _nothing,
        receive_buffers: Readings = _nothing,
        connections: Readings = _nothing,
        peers: Readings = _nothing,
        refused_peers: Readings = _nothing,
        held: Readings = _nothing,
        certificate_expiry: Readings = _nothing,
        unacknowledged: Readings = _nothing,
        spool: SpoolReading | None = None,
    ) -> None:
        self.received = CounterFamily(
            "hepscope_ingest_received_total",
            "Packets that came in, whatever became of them.",
            ("transport",),
            known=[(name,) for name in TRANSPORTS],
        )
        self.accepted = CounterFamily(
            "hepscope_ingest_accepted_total",
            "Packets put on the bus, by HEP version.",
            ("version",),
            known=[(number,) for number in VERSIONS],
        )
        self.refused = CounterFamily(
            "hepscope_ingest_refused_total",
            "Packets and connections not taken, by reason.",
            ("reason",),
            known=[(reason,) for reason in REASONS],
        )
        self.discarded = CounterFamily(
            "hepscope_ingest_discarded_total",
            "SIP of discarded methods, by method and kind (ingest.rules.discard_count).",
            ("method", "kind"),
        )
        self.nodes = NodeTable()
        """The capture nodes, with what is counted of each."""
        self.quirks = CounterFamily(
            "hepscope_ingest_tolerated_total",
            "Accepted packets that deviate from the HEP specification in a known way.",
        )
        self.own_chunks = CounterFamily(
            "hepscope_ingest_foreign_annotations_total",
            "Chunks that only ingest may write, removed from packets that came with them.",
        )
        self.skipped_bytes = CounterFamily(
            "hepscope_ingest_tcp_skipped_bytes_total",
            "Bytes between packets of TCP and TLS streams and HTTP bodies that were no HEP.",
        )
        self.hellos = CounterFamily(
            "hepscope_ingest_hellos_total",
            "Opening packets of senders that ask for acknowledgements; received, but no data.",
        )
        self.resent = CounterFamily(
            "hepscope_ingest_resent_total",
            "Packets that a sender with acknowledgements sent again; each is stored once.",
        )
        self.dead_letters = CounterFamily(
            "hepscope_ingest_dead_letters_total",
            "Undecodable packets kept as dead letters; above a rate they are only counted.",
        )
        self.records = CounterFamily(
            "hepscope_ingest_records_total", "Records put on the bus; each holds many packets."
        )
        self.spooled = CounterFamily(
            "hepscope_ingest_spooled_total", "Records written to the disk while the bus was away."
        )
        self.spool_drained = CounterFamily(
            "hepscope_ingest_spool_drained_total", "Records of the disk that the bus took."
        )
        self.spool_damaged = CounterFamily(
            "hepscope_ingest_spool_damaged_total",
            "Places of spool files that held no sound record, such as an end torn by a crash.",
            read=lambda: spool.damaged if spool else 0,
        )
        self.spool_errors = CounterFamily(
            "hepscope_ingest_spool_errors_total",
            "Times that the disk refused to write, read or delete for the spool.",
            read=lambda: spool.errors if spool else 0,
        )
        self.node_reports = CounterFamily(
            "hepscope_ingest_node_reports_total",
            "Packets put on the bus in which ingest reports on its nodes; not in the accepted.",
        )
        self.stalls = CounterFamily(
            "hepscope_ingest_stalls_total",
            "Times that the bus was full and reading from the network stopped.",
        )
        gauges = [
            GaugeFamily(
                "hepscope_ingest_udp_kernel_drops",
                "Datagrams that the kernel dropped because the receive buffer was full.",
                kernel_drops,
                ("listen", "socket"),
            ),
            GaugeFamily(
                "hepscope_ingest_udp_receive_buffer_bytes",
                "Receive buffer that the kernel granted.",
                receive_buffers,
                ("listen", "socket"),
            ),
            GaugeFamily(
                "hepscope_ingest_held_packets",
                "Accepted packets not on the bus yet: in open records, or waiting for room.",
                held,
            ),
            GaugeFamily(
                "hepscope_ingest_unacknowledged_packets",
                "Packets of senders with acknowledgements that wait for the bus to confirm them.",
                unacknowledged,
            ),
            GaugeFamily(
                "hepscope_ingest_spool_bytes",
                "Bytes of the spool's files.",
                lambda: [((), spool.size_bytes)] if spool else [],
            ),
            GaugeFamily(
                "hepscope_ingest_spool_limit_bytes",
                "Bytes that the spool may take (ingest.spool_bytes); absent without a spool.",
                lambda: [((), spool.limit_bytes)] if spool else [],
            ),
            GaugeFamily(
                "hepscope_ingest_spool_records",
                "Records on disk that the bus has not acknowledged.",
                lambda: [((), spool.records)] if spool else [],
            ),
            GaugeFamily(
                "hepscope_ingest_spool_oldest_seconds",
                "Age of the oldest file of the spool; 0 when there is none.",
                lambda: [((), spool.oldest_seconds())] if spool else [],
            ),
            GaugeFamily(
                "hepscope_ingest_tcp_connections",
                "Open connections, TLS and HTTP included.",
                connections,
                ("listen",),
            ),
            GaugeFamily(
                "hepscope_ingest_tls_certificate_expiry_seconds",
                "When the certificate of the TLS addresses expires, Unix time.",
                certificate_expiry,
            ),
            GaugeFamily(
                "hepscope_ingest_peer_accepted_packets",
                "Packets accepted from a peer address; a bounded number of peers is told apart.",
                peers,
                ("peer",),
            ),
            GaugeFamily(
                "hepscope_ingest_peer_refused_packets",
                "Packets refused from a peer address that has had some accepted, by reason.",
                refused_peers,
                ("peer", "reason"),
            ),
        ]
        counters = [
            self.received,
            self.accepted,
            self.refused,
            self.discarded,
            self.quirks,
            self.own_chunks,
            self.skipped_bytes,
            self.hellos,
            self.resent,
            self.dead_letters,
            self.records,
            self.spooled,
            self.spool_drained,
            self.spool_damaged,
            self.spool_errors,
            self.node_reports,
            self.stalls,
        ]
        self.collector = PlainCollector(registry, [*counters, *gauges, *node_gauges(self.nodes)])
