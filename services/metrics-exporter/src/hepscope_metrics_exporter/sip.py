"""One SIP message, parsed whole and once: what it counts as, and the attempt it belongs to."""

from collections.abc import Sequence

from hep import HepPacket
from hep.sip import SipMessage, parse
from hepscope_common.calls.envelope import Envelope
from hepscope_common.calls.folding import Event
from hepscope_common.calls.message_facts import has_sdp
from hepscope_common.calls.signal import FOLLOWED, signal_of
from hepscope_common.names import Names
from hepscope_metrics_exporter.causes import cause_of
from hepscope_metrics_exporter.heplify_media import HeplifyMedia
from hepscope_metrics_exporter.heplify_messages import HeplifyMessages
from hepscope_metrics_exporter.heplify_targets import Peers
from hepscope_metrics_exporter.media import MediaCounter
from hepscope_metrics_exporter.methods import MethodLabels, status_class
from hepscope_metrics_exporter.scanners import Scanners
from hepscope_metrics_exporter.sdp_memory import SdpMemory
from hepscope_metrics_exporter.shard import Shard
from hepscope_metrics_exporter.traffic_families import TrafficFamilies

NONE: Sequence[Event] = ()

Labels = tuple[str, ...]


class SipCounter:
    """Adds messages to the metrics and to the attempts of a shard."""

    def __init__(
        self,
        families: TrafficFamilies,
        methods: MethodLabels,
        names: Names,
        *,
        memory: SdpMemory,
        media: MediaCounter,
        heplify: tuple[HeplifyMessages, HeplifyMedia] | None,
    ) -> None:
        self._families = families
        self._methods = methods
        self._names = names
        self._memory = memory
        self._media = media
        self._heplify = heplify
        self._scanners = Scanners()

    def take(self, packet: HepPacket, node: str, shard: Shard, *, counted: bool) -> Sequence[Event]:
        """Take in a message; returns what happened to attempts, nothing while not counted."""
        message = parse(packet.payload)
        envelope = Envelope(
            packet.time_us or packet.received_at_us,
            packet.received_at_us,
            packet.source,
            packet.source_port,
            packet.destination,
            packet.destination_port,
            "",
            node,
        )
        lookup = self._names.lookup
        peers = Peers(
            lookup(packet.source, packet.source_port, node),
            lookup(packet.destination, packet.destination_port, node),
        )
        targets: tuple[tuple[str, str], ...] = ()
        if self._heplify is not None:
            targets = self._heplify[0].note(message, peers, shard.arrived_us)
        if has_sdp(message):
            self._memory.note(message)
        if counted:
            self._count(message, node, peers, targets)
        return self._follow(message, envelope, shard) if message.method or message.status else NONE

    def _follow(self, message: SipMessage, envelope: Envelope, shard: Shard) -> Sequence[Event]:
        if (message.method or message.cseq_method) not in FOLLOWED:
            return NONE
        signal = signal_of(message, envelope)
        feed = shard.folding.feed
        events = feed(signal)
        events += feed(signal, envelope.node)
        return events

    def _count(
        self, message: SipMessage, node: str, peers: Peers, targets: tuple[tuple[str, str], ...]
    ) -> None:
        families = self._families
        for fault in message.faults:
            families.faults.add((fault.value,))
        if message.method:
            kind: Labels = (self._methods.label(message.method),)
            families.requests.add(kind)
            by_target = families.target_requests
            scanner = self._scanners.find(message.user_agent)
            if scanner is not None:
                families.scanners.add((scanner,))
        elif message.status:
            kind = (self._methods.label(message.cseq_method), status_class(message.status))
            families.responses.add(kind)
            by_target = families.target_responses
        else:
            families.malformed.add()
            return
        source, destination = peers
        if source is not None:
            by_target.add((source, "src", *kind))
        if destination is not None:
            by_target.add((destination, "dst", *kind))
        cause = cause_of(message) if message.other_lines else None
        if cause is not None:
            families.causes.add((kind[-1], cause))
        reports = self._media.reports_of_sip(message, node)
        if self._heplify is not None:
            messages, media = self._heplify
            messages.count(message, targets, node, cause)
            if reports:
                media.report(reports, node, targets)
                media.x_rtp_stat(message, source or "")
