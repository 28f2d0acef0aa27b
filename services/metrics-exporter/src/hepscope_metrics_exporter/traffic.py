"""What is counted of a bus record: the packets, and of SIP its first line and CSeq.

The whole message is not parsed: counting needs two lines of it, and the exporter must keep up
with what several writers store.
"""

import re

from hep import DecodeError, decode3, scan
from hep.protocols import SIP, type_name
from hepscope_metrics_exporter.methods import MethodLabels, status_class
from hepscope_metrics_exporter.metrics import ExporterMetrics

NODE_CHARS = 64
"""Of a node's name as a label: a name may have 64 kB, and there may be hundreds of nodes."""

_TYPE_NAMES = [type_name(number) for number in range(256)]

_FIRST_LINE = re.compile(
    rb"[\r\n]*(?:SIP/\d\.\d[ \t]+(\d{3,9})(?!\d)|([^\s:]{1,64})[ \t]+\S[^\r\n]*?SIP/\d)",
    re.IGNORECASE,
)
"""Start of a response (1: code) or of a request (2: method), RFC 3261 section 7."""

_CSEQ = re.compile(rb"\nCSeq[ \t]*:\s*\d+\s+([^\s;,]{1,64})", re.IGNORECASE)
"""The method that a response answers, RFC 3261 section 20.16; it has no compact form."""


class TrafficCounter:
    """Adds the packets of records to the metrics."""

    def __init__(self, metrics: ExporterMetrics, methods: MethodLabels) -> None:
        self._metrics = metrics
        self._methods = methods

    def count(self, record: bytes) -> None:
        """Count the packets of one record."""
        try:
            packets = scan(record)
        except DecodeError:
            self._metrics.undecodable.add()
            return
        for data in packets:
            try:
                packet = decode3(data)
            except DecodeError:
                self._metrics.undecodable.add()
                continue
            name = packet.node_name[: 4 * NODE_CHARS].decode("utf-8", "replace")
            node = name[:NODE_CHARS] or str(packet.node_id)
            self._metrics.packets.add(
                (node, _TYPE_NAMES[packet.protocol_type], str(packet.version))
            )
            self._metrics.bytes.add((node,), len(data))
            if packet.protocol_type == SIP:
                self._count_sip(packet.payload)

    def _count_sip(self, payload: bytes) -> None:
        first = _FIRST_LINE.match(payload)
        if first is None:
            self._metrics.malformed.add()
        elif first[2] is not None:
            self._metrics.requests.add((self._methods.label(first[2].decode("latin-1")),))
        else:
            cseq = _CSEQ.search(payload)
            method = self._methods.label(cseq[1].decode("latin-1") if cseq else "")
            self._metrics.responses.add((method, status_class(int(first[1]))))
