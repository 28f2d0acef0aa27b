"""The metrics of what passes on the bus, packet by packet, whatever it belongs to."""

from hep.sip import Fault
from hepscope_common.metrics import CounterFamily, Family
from hepscope_metrics_exporter.log_levels import LEVELS
from hepscope_metrics_exporter.methods import STATUS_CLASSES, MethodLabels

TYPES_AND_VERSIONS = 12
"""Series a node is expected to need at most: its types by its HEP version."""

METHODS_AND_CLASSES = 24
"""Series a named address is expected to need in each direction."""


class TrafficFamilies:
    """Counters of packets, SIP messages and log lines."""

    def __init__(self, methods: MethodLabels, *, max_nodes: int, max_names: int) -> None:
        self.packets = CounterFamily(
            "hepscope_packets_total",
            "Packets on the bus by node, HEP protocol type and HEP version.",
            ("node", "type", "version"),
            max_series=max_nodes * TYPES_AND_VERSIONS,
        )
        self.bytes = CounterFamily(
            "hepscope_packets_bytes_total", "HEP3 bytes on the bus by node.", ("node",),
            max_series=max_nodes + 1,
        )  # fmt: skip
        self.requests = CounterFamily(
            "hepscope_sip_requests_total",
            "SIP requests by method, retransmissions and every capture point included.",
            ("method",),
            known=[(name,) for name in methods.values],
            clause="RFC 3261 7.1",
        )
        self.responses = CounterFamily(
            "hepscope_sip_responses_total",
            "SIP responses by method of the request (CSeq) and class of the status code.",
            ("method", "class"),
            known=[("INVITE", name) for name in STATUS_CLASSES],
            clause="RFC 3261 7.2",
        )
        self.target_requests = CounterFamily(
            "hepscope_target_sip_requests_total",
            "SIP requests from (src) or to (dst) a named address, by method.",
            ("target", "direction", "method"),
            max_series=max_names * METHODS_AND_CLASSES,
            clause="RFC 3261 7.1",
        )
        self.target_responses = CounterFamily(
            "hepscope_target_sip_responses_total",
            "SIP responses from (src) or to (dst) a named address, by method and class.",
            ("target", "direction", "method", "class"),
            max_series=max_names * METHODS_AND_CLASSES,
            clause="RFC 3261 7.2",
        )
        self.malformed = CounterFamily(
            "hepscope_sip_malformed_total",
            "SIP packets (type 1) whose payload has no readable start line.",
            clause="RFC 3261 7",
        )
        self.faults = CounterFamily(
            "hepscope_sip_faults_total",
            "Departures from the standard found in SIP messages, which count all the same.",
            ("fault",),
            known=[(fault.value,) for fault in Fault],
            clause="RFC 3261 7, 20",
        )
        self.causes = CounterFamily(
            "hepscope_sip_release_causes_total",
            "Messages whose Reason header gives a Q.850 cause, by method (status class of a"
            " response).",
            ("method", "cause"),
            clause="RFC 3326",
        )
        self.scanners = CounterFamily(
            "hepscope_sip_scanner_messages_total",
            "SIP requests of programs that probe servers, by the program.",
            ("scanner",),
        )
        self.logs = CounterFamily(
            "hepscope_log_lines_total",
            "Log lines (types 86-89, 96, 100, 101) by level.",
            ("level",),
            known=[(level,) for level in LEVELS],
            clause="RFC 5424 6.2.1",
        )
        self.undecodable = CounterFamily(
            "hepscope_exporter_undecodable_total",
            "Packets on the bus that could not be decoded; ingest should have refused them.",
        )

    @property
    def families(self) -> list[Family]:
        """Everything that is exposed."""
        return [
            self.packets, self.bytes, self.requests, self.responses, self.target_requests,
            self.target_responses, self.malformed, self.faults, self.causes, self.scanners,
            self.logs, self.undecodable,
        ]  # fmt: skip
