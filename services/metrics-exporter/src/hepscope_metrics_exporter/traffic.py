"""What is counted of a bus record: the packets, and of SIP its first line and CSeq.

The whole message is not parsed: counting needs two lines of it, and the exporter must keep up
with what several writers store. Usual spellings are found by plain searches, all others by the
patterns, which decide. A record is summed up before its labels are made.
"""

import re

from hep import DecodeError, HepPacket, decode3, scan
from hep.protocols import SIP, type_name
from hepscope_common.bus.topics import LOG, SIGNALLING
from hepscope_common.node_report import is_report
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


_RESPONSE = b"SIP/2.0 "
_REQUEST_END = b" SIP/2.0"
_USUAL_CSEQ = b"\nCSeq: "


class TrafficCounter:
    """Adds the packets of records to the metrics."""

    def __init__(self, metrics: ExporterMetrics, methods: MethodLabels) -> None:
        self._metrics = metrics
        self._methods = methods
        self._labels = {name.encode(): name for name in methods.values}

    def count(self, record: bytes, topic: str = SIGNALLING) -> None:
        """Count the packets of one record; what ingest reports of its nodes is no traffic."""
        try:
            packets = scan(record)
        except DecodeError:
            self._metrics.undecodable.add()
            return
        decoded: list[tuple[HepPacket, int]] = []
        for data in packets:
            try:
                decoded.append((decode3(data), len(data)))
            except DecodeError:
                self._metrics.undecodable.add()
        if topic == LOG:
            decoded = [one for one in decoded if not is_report(one[0])]
        kinds: dict[tuple[bytes, int, int, int], list[int]] = {}
        for packet, size in decoded:
            kind = (packet.node_name, packet.node_id, packet.protocol_type, packet.version)
            sizes = kinds.get(kind)
            if sizes is None:
                kinds[kind] = [size]
            else:
                sizes.append(size)
        for packet, _ in decoded:
            if packet.protocol_type == SIP:
                self._count_sip(packet.payload)
        for (name, number, protocol_type, version), sizes in kinds.items():
            node = name[: 4 * NODE_CHARS].decode("utf-8", "replace")[:NODE_CHARS] or str(number)
            labels = (node, _TYPE_NAMES[protocol_type], str(version))
            self._metrics.packets.add(labels, len(sizes))
            self._metrics.bytes.add((node,), sum(sizes))

    def _count_sip(self, payload: bytes) -> None:
        end = payload.find(b"\r\n")
        if payload[max(end - 8, 0) : end] == _REQUEST_END:
            label = self._labels.get(payload[: payload.find(b" ")])
            if label is not None:
                self._metrics.requests.add((label,))
                return
        elif payload.startswith(_RESPONSE) and payload[11:12] == b" ":
            label = self._usual_cseq(payload)
            if label is not None and payload[8:11].isdigit():
                self._metrics.responses.add((label, status_class(int(payload[8:11]))))
                return
        self._count_unusual(payload)

    def _usual_cseq(self, payload: bytes) -> str | None:
        """Return the label of the first CSeq's method, None unless it is spelled as usual."""
        at = payload.find(_USUAL_CSEQ)
        if at < 0:
            return None
        number, _, method = payload[at + len(_USUAL_CSEQ) : payload.find(b"\r", at)].partition(b" ")
        return self._labels.get(method) if number.isdigit() else None

    def _count_unusual(self, payload: bytes) -> None:
        first = _FIRST_LINE.match(payload)
        if first is None:
            self._metrics.malformed.add()
        elif first[2] is not None:
            self._metrics.requests.add((self._methods.label(first[2].decode("latin-1")),))
        else:
            cseq = _CSEQ.search(payload)
            method = self._methods.label(cseq[1].decode("latin-1") if cseq else "")
            self._metrics.responses.add((method, status_class(int(first[1]))))
