"""RTCP packets as reports: RTCP captured as bytes, and agents that send it so under type 5."""

from hep.media import xr_metrics
from hep.media.report import Source, StreamReport, Way
from hep.rtcp import (
    ExtendedReport,
    Packet,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    Statistics,
    VoipMetrics,
    decode,
)


def reports_of_bytes(data: bytes) -> list[StreamReport]:
    """The reports of one compound. Raises MediaError as hep.rtcp.decode does."""
    return reports_of_packets(decode(data))


def reports_of_packets(packets: tuple[Packet, ...]) -> list[StreamReport]:
    """One report for what each SR's sender sent, one for each block of SR, RR and XR."""
    found: list[StreamReport] = []
    for packet in packets:
        if isinstance(packet, SenderReport):
            found.append(_sent(packet))
        if isinstance(packet, SenderReport | ReceiverReport):
            found.extend(_received(block, packet.ssrc) for block in packet.blocks)
        elif isinstance(packet, ExtendedReport):
            for block in packet.blocks:
                if isinstance(block, VoipMetrics):
                    found.append(xr_metrics.of_block(block, packet.ssrc))
                elif isinstance(block, Statistics):
                    found.append(xr_metrics.of_statistics(block, packet.ssrc))
    return found


def _sent(packet: SenderReport) -> StreamReport:
    return StreamReport(
        source=Source.RTCP,
        way=Way.SENT,
        ssrc=packet.ssrc,
        reporter_ssrc=packet.ssrc,
        packets_sent=packet.packets,
        octets_sent=packet.octets,
        ntp=packet.ntp or None,
        rtp_timestamp=packet.rtp_timestamp,
    )


def _received(block: ReportBlock, reporter_ssrc: int) -> StreamReport:
    return StreamReport(
        source=Source.RTCP,
        way=Way.RECEIVED,
        ssrc=block.ssrc,
        reporter_ssrc=reporter_ssrc,
        packets_lost=block.packets_lost,
        fraction_lost=block.fraction_lost / 256,
        jitter_units=float(block.jitter),
        highest_sequence=block.highest_sequence,
        lsr=block.lsr or None,
        dlsr=block.dlsr if block.lsr else None,
    )
