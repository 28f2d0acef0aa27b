"""One SIP message, parsed whole and once: what it counts as, and the attempt it belongs to."""

from collections.abc import Sequence
from typing import Final

from hep import HepPacket
from hep.media.report import StreamReport
from hep.sip import SipMessage, parse
from hepscope_common.calls.envelope import Envelope
from hepscope_common.calls.folding import Event
from hepscope_common.calls.message_facts import has_sdp
from hepscope_common.calls.signal import is_followed, signal_of
from hepscope_common.names import Names
from hepscope_metrics_exporter.causes import cause_of
from hepscope_metrics_exporter.heplify_media import HeplifyMedia
from hepscope_metrics_exporter.heplify_messages import HeplifyMessages
from hepscope_metrics_exporter.heplify_targets import NOBODY, Peers, Targets
from hepscope_metrics_exporter.media import MediaCounter
from hepscope_metrics_exporter.methods import MethodLabels, status_class
from hepscope_metrics_exporter.scanners import Scanners
from hepscope_metrics_exporter.sdp_memory import SdpMemory
from hepscope_metrics_exporter.shard import Shard
from hepscope_metrics_exporter.traffic_families import TrafficFamilies

NONE: Sequence[Event] = ()
NO_REPORTS: Sequence[StreamReport] = ()
PLAIN: Final = frozenset({"", "application/sdp"})
"""Types of bodies without reports."""

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
        peers = NOBODY
        if self._names.entries:
            lookup = self._names.lookup
            peers = Peers(
                lookup(packet.source, packet.source_port, node),
                lookup(packet.destination, packet.destination_port, node),
            )
        targets: Targets = ()
        if self._heplify is not None:
            targets = self._heplify[0].note(message, peers, shard.arrived_us)
        if message.content_type and has_sdp(message):
            self._memory.note(message)
        if counted:
            self._count(message, node, peers, targets)
        if not (message.method or message.status) or not is_followed(message):
            return NONE
        signal = signal_of(message, _envelope(packet, node))
        feed = shard.folding.feed
        events = feed(signal)
        events += feed(signal, node)
        return events

    def _count(self, message: SipMessage, node: str, peers: Peers, targets: Targets) -> None:
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
        cause, reports = None, NO_REPORTS
        # Most messages have neither a header that is not routine nor a body beside SDP.
        if message.other_lines or message.content_type not in PLAIN:
            cause = cause_of(message)
            if cause is not None:
                families.causes.add((kind[-1], cause))
            reports = self._media.reports_of_sip(message, node)
        if self._heplify is not None:
            messages, media = self._heplify
            messages.count(message, targets, node, cause)
            if reports:
                media.report(reports, node, targets)
                media.x_rtp_stat(message, source or "")


def _envelope(packet: HepPacket, node: str) -> Envelope:
    return Envelope(
        packet.time_us or packet.received_at_us,
        packet.received_at_us,
        packet.source,
        packet.source_port,
        packet.destination,
        packet.destination_port,
        "",
        node,
    )
