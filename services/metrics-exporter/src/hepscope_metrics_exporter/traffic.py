"""What is counted of a bus record: its packets one by one, each by what it is.

The HEP frame is decoded once and a SIP payload parsed once. Counts that go by node and type are
summed up over a record before their labels are made.
"""

from collections.abc import Sequence

from hep import DecodeError, HepPacket, decode3, scan
from hep.media.dispatch import PARSERS
from hep.protocols import SIP, type_name
from hepscope_common.bus import Record
from hepscope_common.bus.topics import LOG
from hepscope_common.calls.folding import Event
from hepscope_common.names import Names
from hepscope_common.node_report import is_report
from hepscope_metrics_exporter.attempts import AttemptCounter
from hepscope_metrics_exporter.heplify_media import HeplifyMedia
from hepscope_metrics_exporter.heplify_messages import HeplifyMessages
from hepscope_metrics_exporter.heplify_targets import Peers, has_names, labels_of
from hepscope_metrics_exporter.log_levels import level_of
from hepscope_metrics_exporter.media import MediaCounter
from hepscope_metrics_exporter.nodes import NodeLabels
from hepscope_metrics_exporter.shard import Shard
from hepscope_metrics_exporter.sip import SipCounter
from hepscope_metrics_exporter.statistics import Statistics
from hepscope_metrics_exporter.traffic_families import TrafficFamilies

_TYPE_NAMES = [type_name(number) for number in range(256)]


class TrafficCounter:
    """Adds the packets of records to the metrics."""

    def __init__(
        self,
        families: TrafficFamilies,
        *,
        nodes: NodeLabels,
        names: Names,
        sip: SipCounter,
        attempts: AttemptCounter,
        media: MediaCounter,
        statistics: Statistics,
        heplify: tuple[HeplifyMessages, HeplifyMedia] | None,
    ) -> None:
        self._families = families
        self._nodes = nodes
        self._names = names
        self._sip = sip
        self._attempts = attempts
        self._media = media
        self._statistics = statistics
        self._heplify = heplify

    def rebuild(self, record: Record, shard: Shard) -> None:
        """Take in a record that was counted before, for the attempts and sessions in it."""
        for packet, _ in self._decode(record.value, counted=False):
            shard.arrived_us = max(shard.arrived_us, packet.received_at_us or packet.time_us)
            if packet.protocol_type == SIP:
                node = self._nodes.label(packet.node_name, packet.node_id)
                self._sip.take(packet, node, shard, counted=False)

    def count(self, record: Record, shard: Shard) -> None:
        """Count a record; what ingest reports of its nodes is no traffic."""
        found = self._decode(record.value, counted=True)
        is_log = record.topic == LOG
        if is_log:
            found = [one for one in found if not is_report(one[0])]
        self._count_packets(found)
        for packet, _ in found:
            node = self._nodes.label(packet.node_name, packet.node_id)
            protocol_type = packet.protocol_type
            if protocol_type == SIP:
                arrived_us = packet.received_at_us or packet.time_us
                if shard.silent_until_us:
                    shard.begin_to_count(arrived_us)
                shard.arrived_us = max(shard.arrived_us, arrived_us)
                events = self._sip.take(packet, node, shard, counted=True)
                if events:
                    self._attempts.count(events)
                continue
            if is_log:
                self._count_log(packet, node)
            elif protocol_type in PARSERS:
                self._count_reports(packet, node)
            if self._statistics.wants(protocol_type):
                self._statistics.take(protocol_type, packet.payload)

    def count_events(self, events: Sequence[Event]) -> None:
        """Count what happened to attempts as time passed."""
        self._attempts.count(events)

    def _decode(self, record: bytes, *, counted: bool) -> list[tuple[HepPacket, int]]:
        try:
            packets = scan(record)
        except DecodeError:
            self._families.undecodable.add((), counted)
            return []
        decoded: list[tuple[HepPacket, int]] = []
        for data in packets:
            try:
                decoded.append((decode3(data), len(data)))
            except DecodeError:
                self._families.undecodable.add((), counted)
        return decoded

    def _count_packets(self, found: Sequence[tuple[HepPacket, int]]) -> None:
        kinds: dict[tuple[bytes, int, int, int], list[int]] = {}
        for packet, size in found:
            kind = (packet.node_name, packet.node_id, packet.protocol_type, packet.version)
            sums = kinds.get(kind)
            if sums is None:
                kinds[kind] = [1, size, len(packet.payload)]
            else:
                sums[0] += 1
                sums[1] += size
                sums[2] += len(packet.payload)
        for (name, number, protocol_type, version), (count, size, payload) in kinds.items():
            node = self._nodes.label(name, number)
            self._families.packets.add((node, _TYPE_NAMES[protocol_type], str(version)), count)
            self._families.bytes.add((node,), size)
            if self._heplify is not None:
                self._heplify[0].packets(node, protocol_type, count, payload)

    def _count_log(self, packet: HepPacket, node: str) -> None:
        level = level_of(packet.payload)
        self._families.logs.add((level,))
        if self._heplify is not None:
            host = self._names.lookup(packet.source, packet.source_port, node)
            self._heplify[0].log(node, level, host)

    def _count_reports(self, packet: HepPacket, node: str) -> None:
        reports = self._media.reports_of_packet(packet, node)
        if reports and self._heplify is not None:
            lookup = self._names.lookup
            peers = Peers(
                lookup(packet.source, packet.source_port, node),
                lookup(packet.destination, packet.destination_port, node),
            )
            targets = labels_of(peers, has_names=has_names(self._names))
            self._heplify[1].report(reports, node, targets)
