"""From reports on streams to metrics: what a report says, and what the E-model makes of it."""

from typing import Final

from hep import HepPacket
from hep.media import codecs, dispatch
from hep.media.codecs import CodecFigures
from hep.media.emodel import Scale
from hep.media.errors import MediaError
from hep.media.quality import estimate
from hep.media.report import StreamReport
from hep.sip import SipMessage
from hepscope_metrics_exporter.media_families import MediaFamilies
from hepscope_metrics_exporter.sdp_memory import SdpMemory

UNKNOWN: Final = "unknown"
SAID, ESTIMATED = "said", "estimated"


class MediaCounter:
    """Adds reports to the metrics; codecs come from the report, else from the call's SDP."""

    def __init__(self, families: MediaFamilies, memory: SdpMemory) -> None:
        self._families = families
        self._memory = memory

    def reports_of_packet(self, packet: HepPacket, node: str) -> list[StreamReport]:
        """Count a packet that is not SIP; returns the reports in it."""
        try:
            found = dispatch.reports(packet.protocol_type, packet.payload, packet.extra)
        except MediaError as error:
            self._families.errors.add((error.reason.value,))
            return []
        call_id = packet.correlation_id.decode("utf-8", "replace") if found else ""
        for report in found:
            self._count(report, node, report.call_id or call_id)
        return found

    def reports_of_sip(self, message: SipMessage, node: str) -> list[StreamReport]:
        """Count what a SIP message carries; returns the reports in it."""
        try:
            found = dispatch.sip_reports(message)
        except MediaError as error:
            self._families.errors.add((error.reason.value,))
            return []
        for report in found:
            self._count(report, node, report.call_id or message.call_id)
        return found

    def _count(self, report: StreamReport, node: str, call_id: str) -> None:
        families = self._families
        figures = self._codec_of(report, call_id)
        way = UNKNOWN if report.way is None else report.way.value
        stream = (node, way, UNKNOWN if figures is None else figures.name)
        families.reports.add((node, report.source.value))
        loss = report.loss
        if loss is not None:
            families.loss.observe(stream, loss)
        jitter_ms = report.jitter_at(None if figures is None else figures.clock_hz)
        if jitter_ms is not None:
            families.jitter.observe(stream, jitter_ms / 1000)
        if report.round_trip_ms is not None:
            families.round_trip.observe(stream, report.round_trip_ms / 1000)
        self._rate(report, figures, stream)

    def _rate(
        self, report: StreamReport, figures: CodecFigures | None, stream: tuple[str, ...]
    ) -> None:
        """Observe MOS and R once each: what the source says goes before what we estimate."""
        families = self._families
        mos = report.mos_cq if report.mos_cq is not None else report.mos_lq
        rating = report.r_cq if report.r_cq is not None else report.r_lq
        if mos is not None:
            families.mos.observe((*stream, SAID), mos)
        if rating is not None:
            scale = Scale.NARROWBAND if figures is None else figures.scale
            families.r.observe((*stream, SAID, scale.value), rating)
        if mos is not None and rating is not None:
            return
        found = estimate(report, figures)
        if found is None:
            return
        if mos is None:
            families.mos.observe((*stream, ESTIMATED), found.mos)
        if rating is None:
            families.r.observe((*stream, ESTIMATED, found.scale.value), found.r)

    def _codec_of(self, report: StreamReport, call_id: str) -> CodecFigures | None:
        figures = codecs.find(report.codec, report.payload_type)
        if figures is None and call_id:
            figures = self._memory.find(call_id, report.payload_type)
        return figures
